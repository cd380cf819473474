"""What an agent's spans add to the tallies: his time, and the wrap-up of his conversations.

**Time is cut at the borders of the quarters**, in UTC: a pause from 08:50 to 10:10 is 10 minutes of the first hour, 60
of the second and 10 of the third, whoever's midnight or change of the clock lies in between. What he does is one thing
at a time (``AgentState``), so idle, ringing, talking, wrap-up and pause are together the time he was there. It is in
the row of no queue and no direction, for an agent waits for all of his queues at once.

**A wrap-up is an item too**, and as such belongs to the conversation that it follows: it counts whole in that row. The
histogram of handle times has the conversation at its length (from the call); the wrap-up moves it on by its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from cti.model import AgentState
from kpi.batch import Span
from kpi.columns import cut_key, cut_text
from kpi.schema import NAME_CHARS, TEXT_CHARS, SpanKind, TallySpan
from kpi.tally import EMPTY, QUARTER, Tally, TallyKey, gather, quarter_of, second_of

_MILLISECOND = timedelta(milliseconds=1)
_TIMES = {
    AgentState.IDLE: "idle_ms",
    AgentState.RINGING: "ringing_ms",
    AgentState.TALKING: "talking_ms",
    AgentState.WRAP_UP: "wrapping_ms",
}


def span_tallies(span: Span, until: datetime | None = None) -> dict[TallyKey, Tally]:
    """What one span adds, by row; nothing while it lasts, unless it is to be taken as lasting ``until``.

    Log-ins and pauses in a queue add nothing: an agent is in several queues at once, and his time would count for each.
    Raises NaiveInstantError.
    """
    ended_at = span.ended_at or until
    if span.kind is not SpanKind.STATE or ended_at is None:
        return {}
    return gather((*_time(span, ended_at), *_wrap_up(span)))


def cut_at_quarters(since: datetime, until: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """The quarters from ``since`` to ``until``, each with how much of it is theirs.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> for quarter, part in cut_at_quarters(noon + timedelta(minutes=10), noon + timedelta(minutes=31)):
    ...     print(f"{quarter:%H:%M} {part}")
    12:00 0:05:00
    12:15 0:15:00
    12:30 0:01:00
    """
    quarter = quarter_of(since)
    while quarter < until and since < until:
        yield quarter, min(until, quarter + QUARTER) - max(since, quarter)
        quarter += QUARTER


def _time(span: Span, ended_at: datetime) -> Iterator[tuple[TallyKey, Tally]]:
    for quarter, part in cut_at_quarters(span.started_at, ended_at):
        yield _row(span, quarter), _doing(span, part // _MILLISECOND)


def _doing(span: Span, ms: int) -> Tally:
    if span.state is AgentState.PAUSED:
        return Tally(pauses={pause_reason(span.reason): ms}) if ms else EMPTY
    field = _TIMES.get(span.state) if span.state is not None else None
    return msgspec.structs.replace(EMPTY, **{field: ms}) if field is not None else EMPTY


def pause_reason(reason: str | None) -> str:
    """The reason as the rows hold it: ``''`` when none was given."""
    return cut_key(cut_text(reason or "", TEXT_CHARS), NAME_CHARS)


def _wrap_up(span: Span) -> Iterator[tuple[TallyKey, Tally]]:
    if span.state is not AgentState.WRAP_UP or span.ended_at is None:
        return
    length = max(timedelta(), span.ended_at - span.started_at)
    wrapped = Tally(wrap_ups=1, wrap_up_ms=length // _MILLISECOND, wrap_up_times={second_of(length): 1})
    if span.talk_at is None or span.talk_s is None:
        yield _row(span, quarter_of(span.started_at)), wrapped
        return
    key = _row(span, quarter_of(span.talk_at))._replace(queue=span.talk_queue or "", direction=span.talk_direction)
    yield key, wrapped
    talked = timedelta(seconds=span.talk_s)
    before, after = second_of(talked), second_of(talked + length)
    if before != after:
        yield key, Tally(handle_times={before: -1, after: 1})


def _row(span: Span, quarter: datetime) -> TallyKey:
    return TallyKey(TallySpan.QUARTER, quarter, span.pbx, "", span.agent, None)
