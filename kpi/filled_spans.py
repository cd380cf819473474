"""The statements that fill agents' days in a gap, and that keep them so when what was heard live ends later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Delete, Select, Table, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import AgentChanged, AgentState, LegRole
from kpi import reading, rows, schema
from kpi.batch import Span
from kpi.columns import cut_key, cut_text
from kpi.completing import SNAPSHOT
from kpi.filled_days import CLOCKS, KNOWN_STILL, OnPhone, refilled
from kpi.gaps import Gap
from kpi.ledger import CALL_AT_MOST
from kpi.many_rows import execute_many, upserting
from kpi.summing import Sums, move_span_tallies

AGENTS_AT_ONCE = 50
_AT_ONCE = 1_000
_spans = schema.agent_spans.c


class Unheard(NamedTuple):
    """What is known of a gap, of some agents: their names, log-ins and pauses by the log, phones by the calls."""

    agents: tuple[str, ...]
    changes: tuple[AgentChanged, ...]
    on_phone: tuple[OnPhone, ...]


async def fetch_unheard(connection: AsyncConnection, gap: Gap, changes: Iterable[AgentChanged]) -> list[Unheard]:
    """All agents of whom anything is known about the time of a gap that is over, some at once."""
    changes_of: dict[str, list[AgentChanged]] = {}
    phones_of: dict[str, list[OnPhone]] = {}
    for change in map(_storable, changes):
        changes_of.setdefault(change.agent.agent, []).append(change)
    for phone in await _fetch_on_phone(connection, gap):
        phones_of.setdefault(phone.agent, []).append(phone)
    there = await connection.execute(select(_spans.agent).where(*_touching(gap)).distinct())
    agents = sorted({*changes_of, *phones_of, *there.scalars()})
    return [
        Unheard(
            tuple(some),
            tuple(change for agent in some for change in changes_of.get(agent, ())),
            tuple(phone for agent in some for phone in phones_of.get(agent, ())),
        )
        for some in reading.chunks(agents, AGENTS_AT_ONCE)
    ]


async def fill_days(connection: AsyncConnection, gap: Gap, unheard: Unheard) -> Sums:
    """Have these agents' spans tell the time of the gap; what that changed of the sums for all time.

    What they should be is found in a thread: a night's gap of a large site is much.
    """
    wanted = select(schema.agent_spans).where(*_touching(gap), _spans.agent.in_(unheard.agents))
    spans = [Span(**row) for row in (await connection.execute(wanted)).mappings()]
    done = await asyncio.to_thread(refilled, gap, spans, unheard.changes, unheard.on_phone)
    sums = await move_span_tallies(connection, done.come, done.gone)
    keys = [{column.name: getattr(span, column.name) for column in _KEY} for span in done.gone]
    await execute_many(connection, _deleting, schema.agent_spans, keys)
    await execute_many(connection, upserting, schema.agent_spans, [msgspec.structs.asdict(one) for one in done.come])
    return sums


def _touching(gap: Gap) -> tuple[ColumnElement[bool], ...]:
    """The conditions for spans of its time, and a moment round it."""
    lasting = or_(_spans.ended_at.is_(None), _spans.ended_at >= gap.began_at - KNOWN_STILL)
    return _spans.pbx == gap.pbx, _spans.started_at <= (gap.ended_at or gap.began_at) + SNAPSHOT, lasting


async def as_filled(connection: AsyncConnection, spans: Sequence[Span]) -> list[Span]:
    """Spans that come live, as they are to be written where the filling of a gap knows better when they began.

    One whose end the filling knows too is left out: it is in the store.
    """
    filled: dict[tuple[object, ...], Span] = {}
    for some in reading.chunks(sorted({span.started_at for span in spans}), _AT_ONCE):
        wanted = select(schema.agent_spans).where(_spans.heard_at.in_(some)).order_by(_spans.started_at)
        for row in (await connection.execute(wanted)).mappings():
            span = Span(**row)
            filled[*rows.span_slot(span), span.heard_at] = span  # of several parts it is the last one that goes on
    written: list[Span] = []
    for span in spans:
        part = filled.get((*rows.span_slot(span), span.started_at)) if span.heard_at is None else None
        if part is None:
            written.append(span)
        elif span.ended_at is not None and (part.ended_at is None or part.cut):
            ended_at = max(span.ended_at, part.started_at)
            known = {"started_at": part.started_at, "heard_at": part.heard_at, "source": part.source}
            written.append(msgspec.structs.replace(span, ended_at=ended_at, **known))
    return written


async def _fetch_on_phone(connection: AsyncConnection, gap: Gap) -> list[OnPhone]:
    """When agents' phones rang and were up, of the stored calls that were there during the gap."""
    legs = schema.legs.c
    columns = legs.n, legs.number, legs.started_at, legs.rang_at, legs.answered_at, legs.ended_at
    phones = _parts(gap, schema.legs, *columns).where(legs.role == LegRole.AGENT, legs.number.is_not(None))
    on_phone: list[OnPhone] = []
    for n, number, started_at, rang_at, answered_at, ended_at in await connection.execute(phones):
        talks_from = started_at if n == 0 and rang_at is None else answered_at
        if talks_from is not None:
            on_phone.append(OnPhone(number, talks_from, ended_at, AgentState.TALKING))
        if rang_at is not None:
            on_phone.append(OnPhone(number, rang_at, answered_at or ended_at, AgentState.RINGING))
    for table, state in ((schema.rings, AgentState.RINGING), (schema.talks, AgentState.TALKING)):
        times = _parts(gap, table, table.c.agent, table.c.started_at, table.c.ended_at)
        on_phone += [OnPhone(agent, begin, end, state) for agent, begin, end in await connection.execute(times)]
    return on_phone


def _parts(gap: Gap, table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    """These columns of the parts of calls that were there during the gap."""
    calls, part = schema.calls.c, table.c
    begin, end = gap.began_at, gap.ended_at or gap.began_at
    offered = calls.offered_at > begin - CALL_AT_MOST, calls.offered_at <= end
    there = calls.pbx == gap.pbx, *offered, calls.ended_at >= begin - CLOCKS
    same = (part.pbx == calls.pbx) & (part.call_id == calls.call_id)
    return select(*columns).select_from(schema.calls.join(table, same)).where(*there)


def _storable(change: AgentChanged) -> AgentChanged:
    """With names as the rows have them."""
    agent = msgspec.structs.replace(change.agent, agent=cut_key(change.agent.agent, schema.NAME_CHARS))
    queue = None if change.queue is None else cut_key(change.queue, schema.NAME_CHARS)
    reason = None if change.reason is None else cut_text(change.reason, schema.TEXT_CHARS)
    return msgspec.structs.replace(change, agent=agent, queue=queue, reason=reason)


_KEY = tuple(schema.agent_spans.primary_key)


def _deleting(table: Table, _: str) -> Delete:
    return delete(table).where(*(column == bindparam(column.name) for column in table.primary_key))
