"""What one kind of PBX says and wants to hear: the part of the link that differs between Asterisk and FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from cti.errors import OffhookError
from cti.signals import Signal


class Action(msgspec.Struct, frozen=True):
    """Something to ask of the PBX: a name and its fields in order; a field may come twice. It has no id yet."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()


class Frame(Protocol):
    """One message from the PBX. ``offset`` is its first byte in the stream of its connection, ``raw`` its bytes."""

    @property
    def name(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def raw(self) -> bytes: ...
    def get(self, header: bytes, /) -> str | None: ...
    def items(self) -> Iterator[tuple[str, str]]: ...


class Wire(Protocol):
    """Frames out of bytes.

    ``banner`` is the greeting, None until the peer gave one. ``error`` is set as soon as the stream is past reading,
    even by a ``feed`` that still returned the frames before the fault. ``answering`` is set by the link while an action
    waits: then events that answer an action are given though their name is not wanted. ``everything`` set gives all.
    """

    answering: bool
    everything: bool

    @property
    def banner(self) -> str | None: ...
    @property
    def error(self) -> OffhookError | None: ...
    @property
    def events_read(self) -> int: ...
    @property
    def events_dropped(self) -> int: ...
    @property
    def buffered_bytes(self) -> int: ...
    def feed(self, data: bytes, /) -> Sequence[Frame]: ...
    def resume(self, offset: int, *, at_border: bool = True) -> None:
        """Begin past the greeting, at byte ``offset`` of a recorded stream; a frame begins there if ``at_border``."""


class Dialect(Protocol):
    """The conversation with one kind of PBX, and the meaning of its events. No I/O, no clock."""

    @property
    def kind(self) -> str: ...
    @property
    def answers_in_order(self) -> bool:
        """Whether answers have no ids: then a question that nobody waits for any more still takes its own."""

    @property
    def wanted(self) -> frozenset[str]:
        """Names of the events that ``normalise`` reads; the wire drops all others."""

    def normalise(self, frame: Frame, at: datetime, session: str) -> Iterable[Signal]:
        """What an event means; ``at`` is when it was read, ``session`` names the connection."""

    def wire(self, max_frame_bytes: int) -> Wire:
        """A new wire, for a new connection."""

    def encode(self, action: Action, action_id: str) -> bytes:
        """The bytes to send. Raises OffhookError when a value would break out of its field."""

    def login_action(self, username: str, secret: str) -> Action: ...
    def subscribe_actions(self) -> tuple[Action, ...]:
        """What to ask for after the log-in so that events come."""

    def keepalive_action(self) -> Action: ...
    def logoff_action(self) -> Action: ...
    def snapshot_actions(self) -> Iterable[Action]:
        """What to ask for the state of everything as it is now; each when the one before was answered."""

    def answers(self, frame: Frame) -> str | None:
        """The id of the action that ``frame`` answers, None if none; "" for the oldest open one (a PBX without ids)."""

    def refusal(self, response: Frame) -> str | None:
        """Why the PBX refused the action, in its own words; None if it did not."""

    def ends_answer(self, response: Frame, frame: Frame) -> bool:
        """Whether ``frame`` is the last one of the answer that began with ``response`` (which may be the same one)."""
