"""Customers made one and parted again, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.book import CustomerBook
from crm_bridge.consent import Channel, Consent, Decision
from crm_bridge.consent_book import store_consents
from crm_bridge.contact import Contact
from crm_bridge.headers import ImportKind
from crm_bridge.merging import MAX_PARTS, MergeError, fetch_merges, store_merge, undo_merge, wholes
from crm_bridge.number import parse_number
from crm_bridge.schema import customer_merges, customers, metadata
from tests.crm_bridge.imported import fill
from tests.crm_bridge.scene import HOSTILE, START

ROWS = f"""id,name,phone,mobile,email,city
A,Anna Rossi,02 21000100,335 1234567,,Roma
B,Rossi Anna,02 21000100,335 7654321,anna@example.com,Milano
C,{HOSTILE.replace(",", "").replace('"', "")},,340 1112223,,
"""
BY = "Dana (104)"


@pytest.fixture
async def book(any_engine: AsyncEngine, tmp_path: Path) -> CustomerBook:
    await fill(any_engine, tmp_path, ROWS)
    return CustomerBook(any_engine)


def engine_of(book: CustomerBook) -> AsyncEngine:
    return book._engine


async def merge(book: CustomerBook, kept: int, gone: int) -> int:
    return (await store_merge(engine_of(book), kept, gone, BY, START)).merge_id


async def get(book: CustomerBook, customer_id: int) -> Contact:
    found = await book.get(str(customer_id))
    assert found is not None
    return found


async def all_rows(book: CustomerBook) -> dict[str, list[Any]]:
    """Every row of every table but the merges."""
    async with engine_of(book).connect() as connection:
        return {
            table.name: sorted(map(str, (await connection.execute(select(table))).all()))
            for table in metadata.sorted_tables
            if table is not customer_merges
        }


async def test_either_number_finds_the_whole(book: CustomerBook) -> None:
    await merge(book, 1, 2)
    for number in ("+393351234567", "+393357654321", "+390221000100"):
        [anna] = await book.find(parse_number(number, "IT"))
        assert (anna.contact_id, anna.name, anna.email) == ("1", "Anna Rossi", "anna@example.com")
    assert [one.contact_id for one in await book.search("rossi", 5)] == ["1"]
    assert (await get(book, 2)).contact_id == "1"
    assert await book.count() == 2


async def test_orders_incidents_and_consents_are_the_wholes(book: CustomerBook, tmp_path: Path) -> None:
    engine = engine_of(book)
    await fill(engine, tmp_path, "order,customer id,title\nO1,B,Boiler\n", ImportKind.ORDERS)
    await fill(engine, tmp_path, "ticket,customer id,title\nT1,B,Leak\n", ImportKind.INCIDENTS)
    no = Consent(channel=Channel.PHONE, decision=Decision.REFUSED, source="letter")
    async with engine.begin() as connection:
        await store_consents(connection, {2: [no]}, BY, START)
    await merge(book, 1, 2)
    anna = await get(book, 1)
    assert [one.reference for one in anna.orders] == ["O1"]
    assert [one.reference for one in anna.incidents] == ["T1"]
    assert anna.no_calls == (no,)


async def test_undoing_gives_back_exactly_what_was(book: CustomerBook) -> None:
    before, first, second = await all_rows(book), await get(book, 1), await get(book, 2)
    merge_id = await merge(book, 1, 2)
    assert await all_rows(book) != before
    undone = await undo_merge(engine_of(book), merge_id, "Kim (105)", START)
    assert (undone.merged_by, undone.undone_by, undone.undone_at) == (BY, "Kim (105)", START)
    assert await all_rows(book) == before
    assert (await get(book, 1), await get(book, 2)) == (first, second)


async def test_a_later_import_changes_the_part_and_makes_no_ghost(book: CustomerBook, tmp_path: Path) -> None:
    merge_id = await merge(book, 1, 2)
    await fill(engine_of(book), tmp_path, "id,name,mobile,email\nB,Rossi Anna,335 9999999,new@example.com\n")
    anna = await get(book, 1)
    assert (anna.name, anna.email) == ("Anna Rossi", "new@example.com")
    assert "+393359999999" in {number.key for number in anna.numbers}
    assert await book.count() == 2
    await fill(engine_of(book), tmp_path, "order,customer id\nO9,B\n", ImportKind.ORDERS)
    assert [one.reference for one in (await get(book, 1)).orders] == ["O9"]
    await undo_merge(engine_of(book), merge_id, BY, START)
    assert [one.reference for one in (await get(book, 2)).orders] == ["O9"]
    assert (await get(book, 1)).email is None


async def test_a_whole_becomes_a_part_and_any_merge_can_be_undone_first(book: CustomerBook) -> None:
    inner = await merge(book, 1, 2)
    outer = await merge(book, 3, 1)
    assert {(await get(book, one)).contact_id for one in (1, 2, 3)} == {"3"}
    await undo_merge(engine_of(book), inner, BY, START)
    assert [(await get(book, one)).contact_id for one in (1, 2, 3)] == ["3", "2", "3"]
    await undo_merge(engine_of(book), outer, BY, START)
    assert [(await get(book, one)).contact_id for one in (1, 2, 3)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("kept", "gone", "why"), [(1, 1, "same"), (1, 99, "no customer id:99"), (3, 2, "already a part")]
)
async def test_what_cannot_be_made_one_is_refused_with_its_reason(
    book: CustomerBook, kept: int, gone: int, why: str
) -> None:
    await merge(book, 1, 2)
    before = await all_rows(book)
    with pytest.raises(MergeError, match=why) as caught:
        await merge(book, kept, gone)
    assert caught.value.ref == "merge-impossible"
    assert await all_rows(book) == before


async def test_a_merge_is_undone_once(book: CustomerBook) -> None:
    merge_id = await merge(book, 1, 2)
    await undo_merge(engine_of(book), merge_id, BY, START)
    for wrong in (merge_id, 999):
        with pytest.raises(MergeError, match="no merge"):
            await undo_merge(engine_of(book), wrong, BY, START)


async def test_the_list_tells_who_and_when(book: CustomerBook) -> None:
    first, second = await merge(book, 1, 2), await merge(book, 1, 3)
    await undo_merge(engine_of(book), first, BY, START)
    assert [one.merge_id for one in await fetch_merges(engine_of(book), 10)] == [second]
    told = await fetch_merges(engine_of(book), 10, undone=True)
    assert [(one.merge_id, one.undone_by) for one in told] == [(second, None), (first, BY)]
    assert (told[1].kept_name, told[1].gone_name, told[1].merged_at) == ("Anna Rossi", "Rossi Anna", START)
    assert len(await fetch_merges(engine_of(book), 1, undone=True)) == 1


async def test_two_who_merge_the_same_at_once_do_not_both(book: CustomerBook) -> None:
    asked = [merge(book, 1, 2), merge(book, 2, 1), merge(book, 3, 2)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told].count(int) >= 1
    assert all(isinstance(one, int | MergeError) for one in told)
    async with engine_of(book).connect() as connection:
        rows = (await connection.execute(select(customers.c.id, customers.c.merged_into))).all()
    parts = {row.id: row.merged_into for row in rows}
    assert all(whole is None or parts[whole] is None for whole in parts.values())


async def test_one_customer_has_not_endlessly_many_parts(book: CustomerBook) -> None:
    async with engine_of(book).begin() as connection:
        more = [{"identity_key": f"x{n}", "name": "x", "updated_at": START} for n in range(MAX_PARTS)]
        made = await connection.execute(insert(customers).returning(customers.c.id), more)
        ids = [row.id for row in made]
    with pytest.raises(MergeError, match="more than"):
        for one in ids:
            await merge(book, 1, one)
    assert (await get(book, 1)).contact_id == "1"


async def test_all_of_him_goes_when_the_kept_record_goes(book: CustomerBook) -> None:
    await merge(book, 1, 2)
    async with engine_of(book).begin() as connection:
        await connection.execute(delete(customers).where(customers.c.id == 1))
        for table in (customers, customer_merges):
            left = (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            assert left == (1 if table is customers else 0)


PAIRS = st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), max_size=12)


@given(PAIRS)
@settings(deadline=None)
def test_whatever_is_merged_each_record_leads_to_one_that_stands_by_itself(pairs: list[tuple[int, int]]) -> None:
    parts: dict[int, int] = {}
    for gone, kept in pairs:
        now = wholes(parts, range(1, 9))
        if gone != kept and now[gone] is None and now[kept] is None:
            parts[gone] = kept
    found = wholes(parts, range(1, 9))
    assert all(whole is None or found[whole] is None for whole in found.values())
    assert {one for one, whole in found.items() if whole is not None} == set(parts)
