"""A call as bars on a time line: its legs, waits, rings and talks, as shares of its whole length."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from cti.model import Call, Talk

WIDTH = 1_000  #: of the drawing, in its own units
SHORTEST = 3.0  #: a bar that is drawn at all is at least so wide


class Bar(NamedTuple):
    """One thing that lasted. ``x`` and ``width`` are in units of the drawing; ``kind`` is a class of its style."""

    label: str
    kind: str
    told: str
    x: float
    width: float
    seconds: float | None


class TimeLine(NamedTuple):
    """``ticks`` are places with the seconds since the call began."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, float], ...]
    seconds: float


def time_line(call: Call, now: datetime) -> TimeLine:
    """The call's bars in the order of their beginning, legs first. What lasts still ends ``now``."""
    begin, end = _borders(call, now)
    length_s = max((end - begin).total_seconds(), 0.001)

    def place(label: str, kind: str, told: str, since: datetime, until: datetime | None) -> Bar:
        x = (since - begin).total_seconds() / length_s * WIDTH
        right = ((until or end) - begin).total_seconds() / length_s * WIDTH
        seconds = None if until is None else (until - since).total_seconds()
        return Bar(label, kind, told, min(x, WIDTH - SHORTEST), max(right - x, SHORTEST), seconds)

    bars = tuple(place(*one) for one in (*_legs(call), *_story(call)))
    return TimeLine(bars, tuple(_ticks(length_s)), length_s)


_Told = tuple[str, str, str, datetime, datetime | None]


def _legs(call: Call) -> Iterator[_Told]:
    for leg in sorted(call.legs, key=lambda leg: leg.started_at):
        cause = "" if leg.cause is None else f", cause {leg.cause}"
        by = ", hung up" if leg.hung_up else ""
        yield leg.number or leg.channel, "leg", f"{leg.role} leg {leg.channel}{by}{cause}", leg.started_at, leg.ended_at


def _story(call: Call) -> list[_Told]:
    told: list[_Told] = [
        (f"waits in {stay.queue}", "stay", str(stay.outcome or "waiting"), stay.joined_at, stay.left_at)
        for stay in call.stays
    ]
    told += [(f"{ring.agent} rings", "ring", str(ring.result), ring.started_at, ring.ended_at) for ring in call.rings]
    told += [(f"{talk.agent} talks", "talk", _of_talk(talk), talk.started_at, talk.ended_at) for talk in call.talks]
    told += [
        (f"{one.by} hands on", "transfer", f"{one.kind} to {one.to or '?'}", one.consulted_at or one.at, one.at)
        for one in call.transfers
    ]
    return sorted(told, key=lambda one: one[3])


def _of_talk(talk: Talk) -> str:
    parts = [f"on hold {talk.hold_s:.0f} s"] if talk.hold_s else []
    parts += [f"the queue says {talk.queue_talk_s} s"] if talk.queue_talk_s is not None else []
    return ", ".join(parts)


def _borders(call: Call, now: datetime) -> tuple[datetime, datetime]:
    begins = [call.offered_at, *(leg.started_at for leg in call.legs)]
    ends = [call.ended_at or now, *(leg.ended_at for leg in call.legs if leg.ended_at is not None)]
    return min(begins), max(ends)


def _ticks(length_s: float) -> Iterator[tuple[float, float]]:
    """Five to ten ticks at round seconds."""
    step_s = next((one for one in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600) if length_s / one <= 10), 7200)
    for n in range(int(length_s / step_s) + 1):
        yield n * step_s / length_s * WIDTH, n * step_s
