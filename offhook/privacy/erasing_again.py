"""``offhook person erase --again``: whoever was erased and is back, from a backup of the database or an old list.

Of a number that somebody else has too, who goes on calling by it, only what was there at the erasure is erased again,
and only the customers who were meant then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.person_rows import HeldRows, Row, customers_in
from crm_bridge.schema import metadata as book_tables
from kpi import schema
from offhook.privacy.erasing import Erased, erase, erase_stored
from offhook.privacy.erasures import Erasure, ErasureLog, Step
from offhook.privacy.kept import Kept, fetch_kept, find_number, reading
from offhook.settings import Settings

_WRITTEN_AT = ("created_at", "updated_at", "chosen_at")


class Mark(NamedTuple):
    """What the log says of a number: when it was asked for last, whether it was shared, digests of who was meant."""

    at: datetime
    shared: bool
    who: frozenset[str]


def marks_of(erasures: Iterable[Erasure]) -> dict[str, Mark]:
    """By the number's digest."""
    marks: dict[str, Mark] = {}
    for one in erasures:
        before = marks.get(one.digest, Mark(one.at, False, frozenset()))
        at = before.at if one.step is Step.AGAIN else one.at
        marks[one.digest] = Mark(at, before.shared or one.shared, before.who.union(one.who))
    return marks


async def erase_again(
    settings: Settings, folder: Path, engine: AsyncEngine, told: Callable[[str], None]
) -> list[Erased]:
    """Erase again whoever is back; ``told`` hears of those who share their number with others now and were left.

    Raises:
        OffhookError: as ``erase`` does.
    """
    log = ErasureLog(folder)
    marks, done = marks_of(log.read()), list[Erased]()
    for key in sorted(await _fetch_numbers(engine)) if marks else ():
        mark = marks.get(log.digest(key))
        if mark is None:
            continue
        kept = await fetch_kept(settings, folder, engine, find_number(key, settings.crm))
        if mark.shared:
            done += await _erase_of_before(log, engine, _of_before(kept, mark, log))
        elif len(kept.customers) > 1:
            told(f"{key}: {len(kept.customers)} customers have this number; erase it by itself, with --customer")
        else:
            done.append(await erase(settings, folder, engine, kept))
    return done


async def _fetch_numbers(engine: AsyncEngine) -> set[str]:
    """All public numbers by which somebody is found in the store."""
    columns = [table.c.match_key for table in book_tables.sorted_tables if "match_key" in table.c]
    found: set[str] = set()
    async with reading(engine) as connection:
        for column in (*columns, schema.calls.c.customer_e164):
            known = await connection.execute(select(column).where(column.startswith("+")).distinct())
            found |= set(known.scalars())
    return found


def _of_before(kept: Kept, mark: Mark, log: ErasureLog) -> Kept:
    """The customers who were meant, and what else was there then; the journal is not in a backup of the database."""
    meant = frozenset(row["id"] for row in kept.customers if log.digest(row["identity_key"]) in mark.who)
    own: dict[str, list[Row]] = {}
    for name, rows in kept.rows.own.items():
        back = [row for row in rows if _is_back(name, row, meant, mark.at)]
        own |= {name: back} if back else {}
    return msgspec.structs.replace(
        kept,
        meant=meant,
        rows=HeldRows(own, {}),
        calls=[one for one in kept.calls if one.call.offered_at < mark.at],
        oddities=[one for one in kept.oddities if one.oddity.at < mark.at],
        journal={},
    )


def _is_back(table: str, row: Row, meant: frozenset[int], at: datetime) -> bool:
    if whose := customers_in(table, row):
        return not meant.isdisjoint(whose)
    return any(row[name] < at for name in _WRITTEN_AT if name in row)


async def _erase_of_before(log: ErasureLog, engine: AsyncEngine, kept: Kept) -> list[Erased]:
    if kept.is_empty:
        return []
    counts = await erase_stored(engine, kept)
    log.note(datetime.now(UTC), kept.number.key, Step.AGAIN, counts, shared=True)
    return [Erased(number=kept.number.key, counts=counts)]
