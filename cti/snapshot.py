"""A snapshot: all that a PBX says of its present, in the house's words."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cti.model import LegRole
from cti.signals import Signal


class LegNow(msgspec.Struct, frozen=True, kw_only=True):
    """A leg that exists. ``was_dialled`` is True when the PBX called this phone; ``queue`` when a queue holds it.

    ``room`` is True when its ``bridge`` is a conference; ``held`` whether he holds the other party, None where the PBX
    does not say.
    """

    leg: str
    group: str | None
    channel: str
    role: LegRole
    number: str | None
    name: str | None
    dialled: str | None
    started_at: datetime
    up: bool
    ringing: bool
    was_dialled: bool
    bridge: str | None
    queue: str | None
    room: bool = False
    held: bool | None = None


class WaitNow(msgspec.Struct, frozen=True, kw_only=True):
    leg: str
    queue: str
    joined_at: datetime
    position: int | None


class MemberNow(msgspec.Struct, frozen=True, kw_only=True):
    queue: str
    agent: str
    name: str | None
    interface: str | None
    paused: bool
    reason: str | None
    wrap_up_s: float = 0.0


class AgentNow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as a whole, at PBXs where he does not log in to each queue."""

    agent: str
    name: str | None
    here: bool
    on_break: bool


class SnapshotTaken(Signal, frozen=True, kw_only=True):
    """The whole present. A PBX tells legs and queues one after the other, so each has the instant it was true at.

    ``served`` are legs with a queue whose wait in it ends by an event that is on its way, or has ended so.
    """

    legs_at: datetime
    legs: tuple[LegNow, ...]
    queues_at: datetime
    waits: tuple[WaitNow, ...]
    members: tuple[MemberNow, ...]
    agents: tuple[AgentNow, ...] = ()
    served: tuple[tuple[str, str], ...] = ()
