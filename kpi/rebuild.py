"""The tallies made anew from the stored calls and spans, and held against those that were kept as it happened.

Equal is what they must be; a difference is told, row by row, and mended. All of it is one transaction, which keeps
other writers waiting: the recorder goes on taking in and writes when it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from sqlalchemy import MetaData, Table, false, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable, DropTable

from kpi import reading, rows, schema
from kpi.batch import Span
from kpi.schema import SpanKind
from kpi.summing import Sums, add_tallies, delete_tallies, sums_of, sums_of_spans
from kpi.tally import EMPTY, Tally, TallyKey, gather, subtract

AT_ONCE = 1_000
KEPT_IN_MEMORY = 20_000  #: rows, before they are written to the table beside
SHOWN = 20
Progress = Callable[[int, int], None]
_spans = schema.agent_spans.c
_SPAN_ORDER = (_spans.started_at, _spans.pbx, _spans.agent, _spans.queue)


class Difference(msgspec.Struct, frozen=True):
    """A row that was not what the calls say: ``added`` is what had to be added to it."""

    key: TallyKey
    was: Tally
    added: Tally


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """How much was read, how many rows the tallies have, and how many of them were different: the first are named."""

    calls: int
    spans: int
    rows: int
    different: int
    differences: tuple[Difference, ...] = ()


async def rebuild_tallies(
    connection: AsyncConnection, *, mend: bool = True, progress: Progress | None = None
) -> Rebuilt:
    """Make all tallies anew; with ``mend`` put them right where they differ. ``progress`` is told done and all."""
    await _keep_others_waiting(connection)
    beside = await _make_table_beside(connection)
    await _add_removed(connection, beside)
    heap = _Heap(connection, beside)
    steps = _Steps(await _count(connection), progress or (lambda _done, _all: None))
    calls = await _read_calls(connection, heap, steps)
    spans = await _read_spans(connection, heap, steps)
    await heap.write()
    was = await _rows_only_in(connection, schema.tallies, beside)
    should_be = await _rows_only_in(connection, beside, schema.tallies)
    wrong = sorted(_different(was, should_be), key=str)
    if mend and wrong:
        await delete_tallies(connection, wrong)
        await add_tallies(connection, {key: should_be[key] for key in wrong if key in should_be})
    kept = (await connection.execute(select(func.count()).select_from(beside))).scalar_one()
    await connection.execute(DropTable(beside))
    differences = (_difference(key, was.get(key, EMPTY), should_be.get(key, EMPTY)) for key in wrong[:SHOWN])
    return Rebuilt(calls=calls, spans=spans, rows=kept, different=len(wrong), differences=tuple(differences))


def _different(was: Sums, should_be: Sums) -> Iterator[TallyKey]:
    return (key for key in was.keys() | should_be.keys() if was.get(key, EMPTY) != should_be.get(key, EMPTY))


def _difference(key: TallyKey, was: Tally, should_be: Tally) -> Difference:
    return Difference(key, was, subtract(should_be, was))


class _Heap:
    """What has been added up and is not written yet."""

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self._connection, self._table = connection, table
        self._sums: Sums = {}

    async def add(self, *sums: Sums) -> None:
        self._sums = gather(pair for some in (self._sums, *sums) for pair in some.items())
        if len(self._sums) >= KEPT_IN_MEMORY:
            await self.write()

    async def write(self) -> None:
        await add_tallies(self._connection, self._sums, self._table)
        self._sums = {}


class _Steps:
    def __init__(self, whole: int, progress: Progress) -> None:
        self._done, self._whole, self._progress = 0, whole, progress

    def made(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._whole)


async def _keep_others_waiting(connection: AsyncConnection) -> None:
    """Every writer of tallies claims its PBX's mark first, see ``kpi.writing``; SQLite has one writer at a time."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE journal_marks IN EXCLUSIVE MODE"))
    else:
        await connection.execute(update(schema.journal_marks).where(false()).values(pbx=""))


async def _make_table_beside(connection: AsyncConnection) -> Table:
    """A table like that of the tallies, seen by this connection only."""
    beside = schema.tallies.to_metadata(MetaData(), name="tallies_made_anew")
    beside.dialect_options["postgresql"]["partition_by"] = None
    made = str(CreateTable(beside).compile(dialect=connection.dialect))
    await connection.exec_driver_sql(made.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1))
    return beside


async def _add_removed(connection: AsyncConnection, beside: Table) -> None:
    """What calls have added that were removed because of their age."""
    names = [column.name for column in beside.columns]
    share = select(*(schema.removed_tallies.c[name] for name in names))
    await connection.execute(beside.insert().from_select(names, share))


async def _count(connection: AsyncConnection) -> int:
    counts = [
        select(func.count()).select_from(schema.calls),
        select(func.count()).where(_spans.kind == SpanKind.STATE),
    ]
    return sum([(await connection.execute(one)).scalar_one() for one in counts])


async def _read_calls(connection: AsyncConnection, heap: _Heap, steps: _Steps) -> int:
    read, after = 0, ("", "")
    while told := await reading.fetch_told_after(connection, after, AT_ONCE):
        await heap.add(*sums_of(told))
        last = told[-1][0]
        after, read = (last.pbx, last.call_id), read + len(told)
        steps.made(len(told))
    return read


async def _read_spans(connection: AsyncConnection, heap: _Heap, steps: _Steps) -> int:
    wanted = select(schema.agent_spans).where(_spans.kind == SpanKind.STATE).order_by(*_SPAN_ORDER).limit(AT_ONCE)
    read, page = 0, wanted
    while found := [Span(**row) for row in (await connection.execute(page)).mappings()]:
        await heap.add(sums_of_spans(found))
        last, read = found[-1], read + len(found)
        place = (last.started_at, last.pbx, last.agent, last.queue)
        page = wanted.where(tuple_(*_SPAN_ORDER) > tuple_(*place, types=[one.type for one in _SPAN_ORDER]))
        steps.made(len(found))
    return read


async def _rows_only_in(connection: AsyncConnection, one: Table, other: Table) -> dict[TallyKey, Tally]:
    names = [column.name for column in schema.tallies.columns]
    only = select(*(one.c[name] for name in names)).except_(select(*(other.c[name] for name in names)))
    found = (await connection.execute(only)).mappings()
    return {rows.tally_key_from(row): rows.tally_from(row) for row in found}
