"""The customer book as a list whose quality is looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.contact import SourceError
from crm_bridge.quality.entry import TOWNS, Entry, EntryNumber, town_of
from crm_bridge.quality.look import Batch
from crm_bridge.schema import customer_fields, customer_numbers, customers
from cti.errors import driver_words

#: customers that are read at once
BATCH: Final = 2_000
#: ids in one question: SQLite takes no more than some thousand
MOST_IDS: Final = 500
_COLUMNS: Final = tuple(customers.c[name] for name in ("id", "merged_into", "external_id", "name", "company", "email"))


class BookRecords:
    """All customers of the book, parts of merged ones included."""

    def __init__(self, engine: AsyncEngine, name: str = "book") -> None:
        self.name = name
        self._engine = engine

    async def batches(self) -> AsyncIterator[Batch]:
        """All customers by id. Raises SourceError ``book-unreachable``."""
        last = 0
        while True:
            batch = await self._read(customers.c.id > last)
            if not batch:
                return
            yield batch
            last = batch[-1][0]

    async def fetch(self, places: Sequence[int]) -> Mapping[int, Entry]:
        """The customers with these ids. Raises SourceError ``book-unreachable``."""
        found: dict[int, Entry] = {}
        for start in range(0, len(places), MOST_IDS):
            found |= dict(await self._read(customers.c.id.in_(places[start : start + MOST_IDS])))
        return found

    def merge_words(self, one: Entry, other: Entry) -> str:
        """The command that makes them one."""
        return f"offhook customers merge id:{one.whole} id:{other.whole}"

    async def _read(self, chosen: ColumnElement[bool]) -> Batch:
        try:
            async with self._engine.connect() as connection:
                asked = select(*_COLUMNS).where(chosen).order_by(customers.c.id).limit(BATCH)
                rows = (await connection.execute(asked)).all()
                if not rows:
                    return []
                about = [row.id for row in rows]
                numbers = await _numbers_of(connection, about)
                towns = await _towns_of(connection, about)
        except (SQLAlchemyError, OSError) as error:
            why = driver_words(error)
            hint = "check that the database runs and that offhook may open it"
            raise SourceError("book-unreachable", "the customer book cannot be read", why, hint) from error
        return [(row.id, _entry(row, numbers.get(row.id, ()), towns.get(row.id))) for row in rows]


async def _numbers_of(connection: AsyncConnection, ids: Sequence[int]) -> Mapping[int, list[EntryNumber]]:
    column = customer_numbers.c
    found: defaultdict[int, list[EntryNumber]] = defaultdict(list)
    asked = select(column.customer_id, column.written, column.match_key).where(_among(column.customer_id, ids))
    for row in await connection.execute(asked.order_by(column.customer_id, column.position)):
        found[row.customer_id].append(EntryNumber(row.written, row.match_key))
    return found


async def _towns_of(connection: AsyncConnection, ids: Sequence[int]) -> Mapping[int, str]:
    column = customer_fields.c
    called = func.lower(column.name).in_([*TOWNS, "città", "località", "población"])
    asked = select(column.customer_id, column.name, column.value).where(_among(column.customer_id, ids), called)
    rows = (await connection.execute(asked)).all()
    return {row.customer_id: town for row in rows if (town := town_of([(row.name, row.value)]))}


def _among(column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """One of these, which are in order: a range where they are many, for then they follow one another."""
    return column.in_(ids) if len(ids) <= MOST_IDS else column.between(ids[0], ids[-1])


def _entry(row: Any, numbers: Sequence[EntryNumber], town: str | None) -> Entry:
    return Entry(
        record=str(row.id),
        whole=str(row.merged_into or row.id),
        name=row.name,
        own_number=row.external_id,
        company=row.company,
        email=row.email,
        town=town,
        numbers=tuple(numbers),
    )
