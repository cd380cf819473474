"""The statements that move the tallies, within a transaction that the store has begun.

A row is always the sum of what the stored calls and spans add to it: what replaces something takes it away first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Insert, Table, bindparam, delete, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Call
from kpi import reading, rows, schema
from kpi.agent_time import span_tallies
from kpi.batch import Span
from kpi.columns import cut_key
from kpi.items import did_items, did_of, tallies_of
from kpi.levels import coarser
from kpi.many_rows import UPSERT, execute_many
from kpi.schema import CallSource, TallySpan
from kpi.tally import (
    Tally,
    TallyKey,
    ever,
    gather,
    negative,
    of_agent,
    plain,
    takes_away,
)

SUMMED_IN = {
    CallSource.LIVE: TallySpan.EVER,
    CallSource.COMPLETED: TallySpan.EVER,
    CallSource.FILLED: TallySpan.FILLED,
}
Told = tuple[Call, CallSource]
Sums = dict[TallyKey, Tally]
_SPANS_AT_ONCE = 1_000


def sums_of(told: Iterable[Told]) -> tuple[Sums, Sums]:
    """What these calls add: by quarter and coarser, and for all time.

    Imported calls are in no sum for all time: a counter that rises by years of history in a minute tells nothing.
    """
    alike: dict[tuple[str, TallySpan | None], list[Call]] = {}
    for call, source in told:
        alike.setdefault((did_of(call), SUMMED_IN.get(source)), []).append(call)
    quarters: list[tuple[TallyKey, Tally]] = []
    for_ever: list[tuple[TallyKey, Tally]] = []
    for (_, span), calls in alike.items():
        items = list(tallies_of(*calls).items())
        quarters += items
        quarters += did_items(calls[0], items)
        if span is not None:
            for_ever += [(ever(key, span), tally) for key, tally in items]
        if span is TallySpan.EVER:
            for_ever += [(of_agent(key), plain(tally)) for key, tally in items if key.agent]
    return _with_coarser(_storable(quarters)), _storable(for_ever)


def sums_of_spans(spans: Iterable[Span]) -> Sums:
    """What these spans add: by quarter and coarser; wrap-ups for all time too. Imported history knows of no wrap-up."""
    quarters = [pair for span in spans for pair in span_tallies(span).items()]
    return _with_coarser(_storable((*quarters, *_wrap_ups(quarters))))


def _wrap_ups(quarters: Iterable[tuple[TallyKey, Tally]]) -> Iterator[tuple[TallyKey, Tally]]:
    for key, tally in quarters:
        if tally.wrap_ups:
            wrapped = Tally(wrap_ups=tally.wrap_ups, wrap_up_ms=tally.wrap_up_ms, wrap_up_times=tally.wrap_up_times)
            yield ever(key), wrapped
            yield of_agent(key), plain(wrapped)


async def move_tallies(connection: AsyncConnection, written: Iterable[Told], replaced: Iterable[Told]) -> Sums:
    """Move the rows by the difference between the calls written and those they replace; the difference for all time."""
    (quarters, for_ever), (old_quarters, old_for_ever) = sums_of(written), sums_of(replaced)
    sums = difference(for_ever, old_for_ever)
    await add_tallies(connection, difference(quarters, old_quarters) | sums)
    return sums


async def move_span_tallies(connection: AsyncConnection, spans: Sequence[Span], gone: Iterable[Span] = ()) -> Sums:
    """Move the rows by the difference between these spans and those they are about to replace; that for all time.

    ``gone`` are stored ones that go without another in their place.
    """
    old = [*await fetch_same_spans(connection, spans), *gone]
    sums = difference(sums_of_spans(spans), sums_of_spans(old))
    await add_tallies(connection, sums)
    return {key: tally for key, tally in sums.items() if key.span in (TallySpan.EVER, TallySpan.AGENT)}


async def fetch_same_spans(connection: AsyncConnection, spans: Iterable[Span]) -> list[Span]:
    """The stored states of these agents that began at the same instants."""
    by_agent: dict[tuple[str, str], list[datetime]] = {}
    for one in spans:
        if one.kind is schema.SpanKind.STATE:
            whose = cut_key(one.pbx, schema.NAME_CHARS), cut_key(one.agent, schema.NAME_CHARS)
            by_agent.setdefault(whose, []).append(one.started_at)
    table, found = schema.agent_spans.c, list[Span]()
    for (pbx, agent), instants in by_agent.items():
        for some in reading.chunks(instants, _SPANS_AT_ONCE):
            same = table.pbx == pbx, table.agent == agent, table.kind == schema.SpanKind.STATE
            wanted = select(schema.agent_spans).where(*same, table.started_at.in_(some))
            found += [Span(**row) for row in (await connection.execute(wanted)).mappings()]
    return found


async def add_tallies(
    connection: AsyncConnection, differences: Mapping[TallyKey, Tally], table: Table = schema.tallies
) -> None:
    """Add to the rows; one that falls to nothing goes."""
    packed = await reading.fetch_packed(connection, differences, table)
    values = [rows.added_row(key, tally, packed.get(key, ())) for key, tally in differences.items()]
    await execute_many(connection, _adding, table, values)
    lessened = [key._asdict() for key, tally in differences.items() if takes_away(tally)]
    await execute_many(connection, _deleting_nothing, table, lessened)


async def delete_tallies(connection: AsyncConnection, keys: Sequence[TallyKey], table: Table = schema.tallies) -> None:
    await execute_many(connection, _deleting, table, [key._asdict() for key in keys])


def _adding(table: Table, database: str) -> Insert:
    statement = UPSERT[database](table)
    new: dict[str, Any] = {name: table.c[name] + statement.excluded[name] for name in rows.ADDED}
    new |= {name: statement.excluded[name] for name in rows.PACKED}
    adding: Insert = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)
    return adding


def _deleting(table: Table, _: str) -> Delete:
    return delete(table).where(*(table.c[name] == bindparam(name) for name in TallyKey._fields))


def _deleting_nothing(table: Table, database: str) -> Delete:
    zeros = (table.c[name] == literal_column("0") for name in rows.ADDED)
    return _deleting(table, database).where(*zeros, *(table.c[name].is_(None) for name in rows.PACKED))


def difference(new: Sums, old: Sums) -> Sums:
    """What has to be added to ``old`` to make ``new``."""
    return gather((*new.items(), *((key, negative(tally)) for key, tally in old.items()))) if old else new


def _with_coarser(sums: Sums) -> Sums:
    return sums | coarser(sums)


def _storable(pairs: Iterable[tuple[TallyKey, Tally]]) -> Sums:
    return gather((rows.storable_key(key), tally) for key, tally in pairs)
