"""What is read from a PBX's own logs: lines of queue_log, rows of CEL and of CDR, FreeSWITCH's records of legs, and all
of them that tell one call.

Instants are aware UTC. ``offset`` is the byte of a file where the line begins, or the row's number in its table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from cti.model import AgentChanged, Call


class QueueLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of queue_log. ``data`` are five texts or more; ``exact`` is False where ``at`` was cut to its second."""

    at: datetime
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...] = ("",) * 5
    exact: bool = False
    offset: int = 0


class CelRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One channel event; ``extra`` as words, whatever version wrote them."""

    at: datetime
    event: str
    name: str
    number: str
    exten: str
    channel: str
    app: str
    app_data: str
    uniqueid: str
    linkedid: str
    peer: str = ""
    user_event: str = ""
    extra: Mapping[str, str] = {}
    offset: int = 0


class CdrRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call detail record. ``linkedid`` is ``""`` where the PBX did not write it.

    ``noted_at`` is its place in the order of its source: a file has it when the call is over, a table is read by the
    calls' beginnings.
    """

    noted_at: datetime
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    number: str
    name: str
    dialled: str
    channel: str
    dst_channel: str
    app: str
    app_data: str
    disposition: str
    uniqueid: str
    linkedid: str = ""
    did: str = ""
    offset: int = 0


class Peer(msgspec.Struct, frozen=True, gc=False):
    """The other leg that FreeSWITCH connected one with, as far as that one's record knows it."""

    uuid: str
    number: str = ""
    channel: str = ""


class Profile(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One stretch of a leg's way through FreeSWITCH. Instants are microseconds since 1970, 0 for what was not."""

    destination: str = ""
    context: str = ""
    number: str = ""
    name: str = ""
    created_us: int = 0
    progress_us: int = 0
    answered_us: int = 0
    bridged_us: int = 0
    transferred_us: int = 0  #: when the stretch ended, other than by the leg's end
    peers: tuple[Peer, ...] = ()


class Step(msgspec.Struct, frozen=True, gc=False):
    """An application of the dialplan that was run for a leg, and when, in microseconds since 1970."""

    app: str
    data: str
    at_us: int


class CdrLeg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """FreeSWITCH's record of one leg, from any of its CDR modules; ``kind`` says which.

    ``variables`` are those that tell of the call, decoded. ``profiles`` are the stretches of its way, oldest first;
    ``exact`` is False where they were made out of whole seconds. ``holds`` begin and end in microseconds since 1970.
    """

    noted_at: datetime
    began_us: int
    ended_us: int
    kind: str
    uuid: str
    variables: Mapping[str, str]
    profiles: tuple[Profile, ...]
    steps: tuple[Step, ...] = ()
    holds: tuple[tuple[int, int], ...] = ()
    exact: bool = True
    offset: int = 0


Line = QueueLine | CelRow | CdrRow | CdrLeg


class LoggedCall(msgspec.Struct, frozen=True, kw_only=True):
    """All that was written of one call, each source in the order it was written; any of them may be empty."""

    queue_log: tuple[QueueLine, ...] = ()
    cel: tuple[CelRow, ...] = ()
    cdr: tuple[CdrRow, ...] = ()
    legs: tuple[CdrLeg, ...] = ()


class Teller(Protocol):
    """Who knows what a PBX's names and words mean. It is brought from outside: ``cti.pbx`` holds one for each kind."""

    def tell(self, logged: LoggedCall) -> list[Call]:
        """The calls, told as live ones are."""

    def member(self, line: QueueLine) -> list[AgentChanged]:
        """What a line about a queue's member changes."""

    def learn(self, names: Mapping[str, str]) -> None:
        """Whose extension stands behind a member's name or interface, as the PBX's events have shown."""

    def is_phone(self, channel: str) -> bool:
        """Whether an agent is at this channel's end, not the public."""


class BadLineError(ValueError):
    """A line that cannot be used; its text says why, in words that hold nothing of the line."""
