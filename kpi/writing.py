"""The statements that write, within a transaction that the store has begun.

The first one is the claim: it locks the PBX's row, so two writers of one PBX come one after the other, and it makes
SQLite take its write lock before anything is read, because there a reader that turns writer is refused, not queued.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Call
from kpi import blanking, filled_spans, ledger, reading, removed, rows, schema
from kpi.batch import Batch, Mark, NumberedOddity, Span, Stored
from kpi.columns import cut_key
from kpi.gaps import Gap
from kpi.many_rows import UPSERT, execute_many, inserting, upserting
from kpi.schema import CallSource
from kpi.summing import Sums, Told, move_span_tallies, move_tallies
from kpi.tally import gather

E164 = Callable[[str], str | None]


async def store_batch(connection: AsyncConnection, batch: Batch, e164: E164) -> Stored:
    await _claim(connection, batch)
    gaps = await ledger.store_turns(connection, batch.turns)
    calls = await _store_calls(connection, batch, e164)
    oddities = await _store_oddities(connection, batch.oddities)
    wrapped_up = await _store_spans(connection, list(_latest(batch.spans)))
    await _move_marks(connection, batch.marks)
    await ledger.note_alive(connection, batch.alive)
    tallies = gather((*calls.tallies.items(), *wrapped_up.items()))
    return msgspec.structs.replace(calls, tallies=tallies, oddities=oddities, gaps=tuple(gaps))


async def _claim(connection: AsyncConnection, batch: Batch) -> None:
    parts: tuple[Iterable[Any], ...] = (batch.calls, batch.spans, batch.marks, batch.turns, batch.alive)
    pbxs = {part.pbx for part in chain(*parts)} | {found.oddity.origin.pbx for found in batch.oddities}
    marks = schema.journal_marks
    statement = UPSERT[connection.dialect.name](marks)
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
    gone = await removed.fetch_removed(connection, latest.keys() - known.keys())
    written = {
        key: call
        for key, call in latest.items()
        if (key not in known and key not in gone)
        or (key in known and _supersedes((call, source), (known[key], told_by[key])))
    }
    replaced = {key: known[key] for key in (*written, *parts) if key in known}
    erased = await blanking.fetch_erased(connection, replaced)
    written |= {key: blanking.without_customer(written[key]) for key in erased if key in written}
    await delete_calls(connection, replaced)
    await _insert_calls(connection, list(written.values()), source, e164, erased)
    old = [(call, told_by[key]) for key, call in replaced.items()]
    tallies = await move_tallies(connection, [(call, source) for call in written.values()], old)
    return Stored(calls=len(written), tallies=tallies)


def _supersedes(new: Told, old: Told) -> bool:
    """A version that is trusted more takes the place of the other; of two alike, the one that knows more.

    A call that is completed once more was completed from what it was: the logs know of one more gap.
    """
    if new[1] is CallSource.COMPLETED:
        return True
    ranks = [list(CallSource).index(source) for _, source in (new, old)]
    return ranks[0] > ranks[1] or (ranks[0] == ranks[1] and _knows_more(new[0], old[0]))


def _knows_more(new: Call, old: Call) -> bool:
    """A version that ended later knows more; a call that is still open knows less than one that has ended."""
    if new.ended_at is None or old.ended_at is None:
        return old.ended_at is None
    return new.ended_at >= old.ended_at


async def delete_calls(connection: AsyncConnection, keys: Iterable[reading.CallKey]) -> None:
    """Delete these calls with their parts; the tallies stay as they are."""
    gone = list(keys)
    for table in (*rows.PARTS, schema.calls):
        for some in reading.among(table, gone):
            await connection.execute(delete(table).where(some))


async def _insert_calls(
    connection: AsyncConnection,
    calls: Sequence[Call],
    source: CallSource,
    e164: E164,
    erased: Mapping[reading.CallKey, str],
) -> None:
    values = [rows.call_row(call, erased.get(rows.call_key(call)) or _customer(call, e164), source) for call in calls]
    await execute_many(connection, inserting, schema.calls, values)
    for table in rows.PARTS:
        await execute_many(connection, inserting, table, rows.part_rows(table, calls))


def _customer(call: Call, e164: E164) -> str | None:
    number = call.customer.number if call.customer else None
    return e164(number) if number else None


async def _store_oddities(connection: AsyncConnection, oddities: Iterable[NumberedOddity]) -> Counter[tuple[str, str]]:
    """How many were new, by PBX and kind."""
    new: Counter[tuple[str, str]] = Counter()
    table = schema.oddities
    statement = UPSERT[connection.dialect.name](table).on_conflict_do_nothing().returning(table.c.pbx, table.c.kind)
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


async def _store_spans(connection: AsyncConnection, spans: Sequence[Span]) -> Sums:
    """What they changed of the sums for all time."""
    spans = await filled_spans.as_filled(connection, spans)
    if not spans:
        return {}
    spans = [*await _shortened(connection, spans), *spans]
    sums = await move_span_tallies(connection, spans)
    await execute_many(connection, upserting, schema.agent_spans, [msgspec.structs.asdict(span) for span in spans])
    return sums


async def _shortened(connection: AsyncConnection, spans: Sequence[Span]) -> list[Span]:
    """The spans that were cut later than they ended: what was read again after a crash tells when the next began.

    Otherwise an agent would be two things at a time.
    """
    begun: dict[tuple[str, ...], list[datetime]] = {}
    for span in spans:
        begun.setdefault(rows.span_slot(span), []).append(span.started_at)
    table, first = schema.agent_spans.c, min(span.started_at for span in spans)
    cut = select(schema.agent_spans).where(table.ended_at > first, table.cut)
    found = [Span(**row) for row in (await connection.execute(cut)).mappings()]
    shorter: list[Span] = []
    for span in found:
        within = [at for at in begun.get(rows.span_slot(span), []) if span.started_at < at < (span.ended_at or at)]
        if within:
            shorter.append(msgspec.structs.replace(span, ended_at=min(within)))
    return shorter


async def fill_days(connection: AsyncConnection, gap: Gap, unheard: filled_spans.Unheard) -> Stored:
    """Have these agents' spans tell the time of a gap: see ``kpi.filled_days``."""
    await _claim(connection, Batch(marks=(Mark(pbx=gap.pbx),)))
    return Stored(tallies=await filled_spans.fill_days(connection, gap, unheard))


async def cut_open_spans(connection: AsyncConnection, pbx: str) -> int:
    """End the spans that a crash left open at the last time known, and mark them; how many there were."""
    spans, marks = schema.agent_spans, schema.journal_marks
    open_ones = select(spans).where(spans.c.pbx == pbx, spans.c.ended_at.is_(None))
    await _claim(connection, Batch(marks=(Mark(pbx=pbx),)))
    cut: list[Span] = []
    left_open = [Span(**row) for row in (await connection.execute(open_ones)).mappings()]
    known_until = (await connection.execute(select(marks.c.seen_at).where(marks.c.pbx == pbx))).scalar()
    for span in left_open:
        ended_at = max(span.started_at, known_until or span.started_at)
        cut.append(msgspec.structs.replace(span, ended_at=ended_at, cut=True))
    await _store_spans(connection, cut)
    return len(cut)
