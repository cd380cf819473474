"""The statements that move the tallies, within a transaction that the store has begun.

A row is always the sum of what the stored calls and spans add to it: what replaces something takes it away first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Call
from kpi import reading, rows, schema
from kpi.agent_time import span_tallies
from kpi.batch import Span
from kpi.columns import cut_key
from kpi.levels import coarser
from kpi.schema import CallSource, TallySpan
from kpi.tally import EMPTY, Tally, TallyKey, add, did_items, did_of, ever, gather, items_of, negative, of_agent, plain

UPSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
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
        items = list(gather(chain.from_iterable(map(items_of, calls))).items())
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


async def move_span_tallies(connection: AsyncConnection, spans: Sequence[Span]) -> Sums:
    """Move the rows by the difference between these spans and those they are about to replace; that for all time."""
    old = await fetch_same_spans(connection, spans)
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
    before = await reading.fetch_tally_rows(connection, differences, table)
    after = {key: add(before[key], tally) if key in before else tally for key, tally in differences.items()}
    filled = [rows.tally_row(key, tally) for key, tally in after.items() if tally != EMPTY]
    await upsert(connection, table, filled)
    await delete_tallies(connection, [key for key, tally in after.items() if tally == EMPTY], table)


async def delete_tallies(connection: AsyncConnection, keys: Sequence[TallyKey], table: Table = schema.tallies) -> None:
    if not keys:
        return
    columns = [table.c[name] for name in TallyKey._fields]
    row = delete(table).where(*(column == bindparam(f"of_{column.name}") for column in columns))
    values = [{f"of_{name}": value for name, value in key._asdict().items()} for key in keys]
    await connection.execute(row, values)


async def upsert(connection: AsyncConnection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    if not values:
        return
    keys = [column.name for column in table.primary_key]
    statement = UPSERT[connection.dialect.name](table)
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), list(values))


def difference(new: Sums, old: Sums) -> Sums:
    """What has to be added to ``old`` to make ``new``."""
    return gather((*new.items(), *((key, negative(tally)) for key, tally in old.items()))) if old else new


def _with_coarser(sums: Sums) -> Sums:
    return sums | coarser(sums)


def _storable(pairs: Iterable[tuple[TallyKey, Tally]]) -> Sums:
    return gather((rows.storable_key(key), tally) for key, tally in pairs)
