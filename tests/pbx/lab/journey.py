"""What the far side saw of one call, and how a told call is held against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.pbx.lab.line import Line

Seconds = Callable[[datetime | None], float | None]


@dataclass
class Spoke:
    """One agent's conversation with the other party: while his line was up, unless said otherwise."""

    line: Line
    agent: str
    since: datetime | None = None
    until: datetime | None = None

    def span(self) -> tuple[datetime | None, datetime | None]:
        return self.since or self.line.answered_at, self.until or self.line.ended_at


@dataclass
class Handed:
    """One transfer."""

    kind: str
    by: str
    to: str | None
    at: datetime | None
    slot: str | None = None


@dataclass
class Journey:
    """The truth of one call: ``line`` is the caller's; ``queue`` the first one he waited in."""

    line: Line
    outcome: str
    ended_by: str
    direction: str = "inbound"
    dialled: str | None = None
    queue: str | None = None
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    rung: Sequence[str] = ()
    talks: Sequence[Spoke] = ()
    transfers: Sequence[Handed] = ()
    stays: Sequence[tuple[str, str]] = ()
    hold_s: float = 0.0
    caller: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def row(self, seconds: Seconds) -> dict[str, Any]:
        """Return the call as ``truth.json`` has it; ``talks`` and ``stays`` are said besides."""
        line = self.line
        ended_at = self.ended_at or line.ended_at
        return {
            "id": "c1",
            "direction": self.direction,
            "caller": self.caller or line.shown,
            "caller_name": line.name,
            "dialled": self.dialled or line.dialled,
            "queue": self.queue,
            "outcome": self.outcome,
            "offered_at": seconds(line.invited_at),
            "queued_at": seconds(self.queued_at or (line.answered_at if self.queue else None)),
            "answered_at": seconds(self.answered_at or (self.talks[0].span()[0] if self.talks else None)),
            "ended_at": seconds(ended_at),
            "agents_rung": list(self.rung),
            "answered_by": list(dict.fromkeys(talk.agent for talk in self.talks)),
            "transfers": [
                {"kind": one.kind, "by": one.by, "to": one.to, "at": seconds(one.at), "slot": one.slot}
                for one in self.transfers
            ],
            "hold_s": round(self.hold_s, 3),
            "ended_by": self.ended_by,
            "talks": [
                {"agent": talk.agent, "since": seconds(talk.span()[0]), "until": seconds(talk.span()[1])}
                for talk in self.talks
            ],
            "stays": [list(stay) for stay in self.stays],
            **self.extra,
        }  # fmt: skip
