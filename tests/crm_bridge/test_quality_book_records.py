"""The customer book as a list to be looked through, on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.contact import SourceError
from crm_bridge.quality.book_records import BATCH, BookRecords
from crm_bridge.quality.look import Look
from crm_bridge.quality.task import TaskKind
from crm_bridge.schema import customers
from tests.crm_bridge.imported import fill
from tests.crm_bridge.scene import START

ROWS = """id,name,company,mobile,phone,email,Città
A1,Anna Rossi,,335 1234567,02 21000100,,Roma
B7,Rossi Anna,Acme,335 1234567,,anna@example.com,Roma
C9,Nobody,,,,,
"""


@pytest.fixture
async def filled(any_engine: AsyncEngine, tmp_path: Path) -> AsyncEngine:
    await fill(any_engine, tmp_path, ROWS)
    return any_engine


async def test_each_customer_with_what_is_looked_at(filled: AsyncEngine) -> None:
    [batch] = [batch async for batch in BookRecords(filled).batches()]
    assert [place for place, _ in batch] == [1, 2, 3]
    anna, twin, nobody = (entry for _, entry in batch)
    assert (anna.record, anna.whole, anna.own_number, anna.town) == ("1", "1", "A1", "Roma")
    assert {number.key for number in anna.numbers} == {"+393351234567", "+390221000100"}
    assert (twin.company, twin.email) == ("Acme", "anna@example.com")
    assert (nobody.numbers, nobody.town) == ((), None)
    assert dict(await BookRecords(filled).fetch([3, 1, 99])) == {1: anna, 3: nobody}


async def test_a_part_names_its_whole(filled: AsyncEngine) -> None:
    async with filled.begin() as connection:
        await connection.execute(update(customers).where(customers.c.id == 2).values(merged_into=1))
    found = await BookRecords(filled).fetch([2])
    assert (found[2].record, found[2].whole) == ("2", "1")


async def test_a_book_of_several_batches_is_read_whole(filled: AsyncEngine) -> None:
    rows = [{"identity_key": f"x{n}", "name": f"N {n}", "updated_at": START} for n in range(BATCH + 10)]
    async with filled.begin() as connection:
        await connection.execute(insert(customers), rows)
    records = BookRecords(filled)
    places = [place async for batch in records.batches() for place, _ in batch]
    assert len(places) == len(set(places)) == BATCH + 13
    assert len(await records.fetch(places)) == BATCH + 13


async def test_the_suggestion_is_the_command(filled: AsyncEngine) -> None:
    report = await Look(BookRecords(filled), "IT").report()
    (twin,) = report.of(TaskKind.DUPLICATE)
    assert twin.suggestion == "offhook customers merge id:1 id:2"
    assert twin.why == "name 100, same mobile, same town: 0.97"


async def test_a_book_that_cannot_be_read_says_so(filled: AsyncEngine) -> None:
    async with filled.begin() as connection:
        await connection.execute(text("DROP TABLE customer_numbers"))
    with pytest.raises(SourceError, match="cannot be read"):
        await Look(BookRecords(filled), "IT").report()
