"""The statements that write, within a transaction that the store has begun.

The first one is the claim: it locks the PBX's row, so two writers of one PBX come one after the other, and it makes
SQLite take its write lock before anything is read, because there a reader that turns writer is refused, not queued.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import Table, bindparam, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Call
from kpi import ledger, reading, rows, schema
from kpi.batch import Batch, Mark, NumberedOddity, Span, Stored
from kpi.columns import cut_key
from kpi.schema import CallSource, TallySpan
from kpi.tally import EMPTY, Tally, TallyKey, add, ever, gather, negative, tallies_of

E164 = Callable[[str], str | None]

_UPSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_IDS_AT_ONCE = 1_000
_SUMMED_IN = {
    CallSource.LIVE: TallySpan.EVER,
    CallSource.COMPLETED: TallySpan.EVER,
    CallSource.FILLED: TallySpan.FILLED,
}
Told = tuple[Call, CallSource]


async def store_batch(connection: AsyncConnection, batch: Batch, e164: E164) -> Stored:
    await _claim(connection, batch)
    gaps = await ledger.store_turns(connection, batch.turns)
    calls = await _store_calls(connection, batch, e164)
    oddities = await _store_oddities(connection, batch.oddities)
    await _upsert(connection, schema.agent_spans, [msgspec.structs.asdict(span) for span in _latest(batch.spans)])
    await _move_marks(connection, batch.marks)
    await ledger.note_alive(connection, batch.alive)
    return msgspec.structs.replace(calls, oddities=oddities, gaps=tuple(gaps))


async def _claim(connection: AsyncConnection, batch: Batch) -> None:
    parts: tuple[Iterable[Any], ...] = (batch.calls, batch.spans, batch.marks, batch.turns, batch.alive)
    pbxs = {part.pbx for part in chain(*parts)} | {found.oddity.origin.pbx for found in batch.oddities}
    marks = schema.journal_marks
    statement = _UPSERT[connection.dialect.name](marks)
    statement = statement.on_conflict_do_update(index_elements=["pbx"], set_={"pbx": statement.excluded.pbx})
    for pbx in sorted(pbxs):
        await connection.execute(statement, {"pbx": pbx})


async def _store_calls(connection: AsyncConnection, batch: Batch, e164: E164) -> Stored:
    latest: dict[reading.CallKey, Call] = {}
    source = batch.source
    for call in batch.calls:
        key = rows.call_key(call)
        if key not in latest or _knows_more(call, latest[key]):
            latest[key] = call
    parts = {(pbx, cut_key(one, schema.ID_CHARS)) for pbx, _ in latest for one in batch.parts}
    known = await reading.fetch_calls_by_key(connection, latest.keys() | parts)
    told_by = await reading.fetch_sources(connection, known)
    written = {
        key: call
        for key, call in latest.items()
        if key not in known or _supersedes((call, source), (known[key], told_by[key]))
    }
    replaced = {key: known[key] for key in (*written, *parts) if key in known}
    await _delete_calls(connection, replaced)
    await _insert_calls(connection, list(written.values()), source, e164)
    old = [(call, told_by[key]) for key, call in replaced.items()]
    tallies = await _move_tallies(connection, [(call, source) for call in written.values()], old)
    return Stored(calls=len(written), tallies=tallies)


def _supersedes(new: Told, old: Told) -> bool:
    """A version that is trusted more takes the place of the other; of two alike, the one that knows more."""
    ranks = [list(CallSource).index(source) for _, source in (new, old)]
    return ranks[0] > ranks[1] or (ranks[0] == ranks[1] and _knows_more(new[0], old[0]))


def _knows_more(new: Call, old: Call) -> bool:
    """A version that ended later knows more; a call that is still open knows less than one that has ended."""
    if new.ended_at is None or old.ended_at is None:
        return old.ended_at is None
    return new.ended_at >= old.ended_at


async def _delete_calls(connection: AsyncConnection, keys: Iterable[reading.CallKey]) -> None:
    by_pbx: dict[str, list[str]] = {}
    for pbx, call_id in keys:
        by_pbx.setdefault(pbx, []).append(call_id)
    for pbx, ids in by_pbx.items():
        for some in reading.chunks(ids, _IDS_AT_ONCE):
            for table in (*rows.PARTS, schema.calls):
                await connection.execute(delete(table).where(table.c.pbx == pbx, table.c.call_id.in_(some)))


async def _insert_calls(connection: AsyncConnection, calls: Sequence[Call], source: CallSource, e164: E164) -> None:
    if not calls:
        return
    values = [rows.call_row(call, _customer(call, e164), source) for call in calls]
    await connection.execute(insert(schema.calls), values)
    for table in rows.PARTS:
        parts = rows.part_rows(table, calls)
        if parts:
            await connection.execute(insert(table), parts)


def _customer(call: Call, e164: E164) -> str | None:
    number = call.customer.number if call.customer else None
    return e164(number) if number else None


async def _move_tallies(
    connection: AsyncConnection, written: Iterable[Told], replaced: Iterable[Told]
) -> dict[TallyKey, Tally]:
    """Move the rows by the difference between the calls written and those they replace; the difference for all time.

    Imported calls are in no sum for all time: a counter that rises by years of history in a minute tells nothing.
    """
    changes = [(call, source, False) for call, source in written] + [(call, source, True) for call, source in replaced]
    quarters: list[tuple[TallyKey, Tally]] = []
    for_ever: list[tuple[TallyKey, Tally]] = []
    for call, source, taken in changes:
        pairs = [(rows.storable_key(key), negative(one) if taken else one) for key, one in tallies_of(call).items()]
        quarters += pairs
        if (span := _SUMMED_IN.get(source)) is not None:
            for_ever += [(ever(key, span), tally) for key, tally in pairs]
    sums = gather(for_ever)
    await _add_tallies(connection, gather(quarters) | sums)
    return sums


async def _add_tallies(connection: AsyncConnection, differences: Mapping[TallyKey, Tally]) -> None:
    before = await reading.fetch_tally_rows(connection, differences)
    after = {key: add(before[key], tally) if key in before else tally for key, tally in differences.items()}
    filled = [rows.tally_row(key, tally) for key, tally in after.items() if tally != EMPTY]
    await _upsert(connection, schema.tallies, filled)
    emptied = [key for key, tally in after.items() if tally == EMPTY]
    if emptied:
        columns = [schema.tallies.c[name] for name in TallyKey._fields]
        row = delete(schema.tallies).where(*(column == bindparam(f"of_{column.name}") for column in columns))
        values = [{f"of_{name}": value for name, value in key._asdict().items()} for key in emptied]
        await connection.execute(row, values)


async def _store_oddities(connection: AsyncConnection, oddities: Iterable[NumberedOddity]) -> Counter[tuple[str, str]]:
    """How many were new, by PBX and kind."""
    new: Counter[tuple[str, str]] = Counter()
    table = schema.oddities
    statement = _UPSERT[connection.dialect.name](table).on_conflict_do_nothing().returning(table.c.pbx, table.c.kind)
    for found in oddities:
        for pbx, kind in await connection.execute(statement, _oddity_row(found)):
            new[pbx, kind] += 1
    return new


def _oddity_row(found: NumberedOddity) -> dict[str, Any]:
    oddity, origin = found.oddity, found.oddity.origin
    return {
        "pbx": origin.pbx,
        "session": origin.session,
        "byte_offset": origin.offset,
        "n": found.n,
        "event": origin.event,
        "kind": oddity.kind,
        "detail": oddity.detail,
        "at": oddity.at,
    }


def _latest(spans: Iterable[Span]) -> Iterable[Span]:
    return {span.key: span for span in spans}.values()


async def _move_marks(connection: AsyncConnection, marks: Iterable[Mark]) -> None:
    for mark in {mark.pbx: mark for mark in marks}.values():
        row = update(schema.journal_marks).where(schema.journal_marks.c.pbx == mark.pbx)
        await connection.execute(row.values(msgspec.structs.asdict(mark)))


async def _upsert(connection: AsyncConnection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    if not values:
        return
    keys = [column.name for column in table.primary_key]
    statement = _UPSERT[connection.dialect.name](table)
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), list(values))


async def cut_open_spans(connection: AsyncConnection, pbx: str) -> int:
    """End the spans that a crash left open at the last time known, and mark them; how many there were."""
    spans, marks = schema.agent_spans, schema.journal_marks
    seen_at = select(marks.c.seen_at).where(marks.c.pbx == pbx).scalar_subquery()
    ended_at = case((seen_at > spans.c.started_at, seen_at), else_=spans.c.started_at)
    open_ones = update(spans).where(spans.c.pbx == pbx, spans.c.ended_at.is_(None))
    return (await connection.execute(open_ones.values(ended_at=ended_at, cut=True))).rowcount
