"""All that is kept of a customer is found by his number, and goes without anybody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge import schema
from crm_bridge.person_rows import (
    HOLD_NO_PERSON,
    HeldRows,
    begin_writing,
    customers_in,
    erase_rows,
    fetch_customers_of,
    fetch_keys_of,
    fetch_rows_of,
    is_looked_through,
)
from cti.written_number import WrittenNumber
from tests.crm_bridge.scene import START

ADA = WrittenNumber("+390255501234", ["00390255501234", "0255501234"])


def customer(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"id": number, "identity_key": f"id:{number}", "name": name, "updated_at": START} | fields


def number_row(customer_id: int, key: str, position: int = 0) -> dict[str, Any]:
    return {"customer_id": customer_id, "position": position, "written": key, "match_key": key, "tail": key[-8:]}


BOOK: Mapping[Table, list[dict[str, Any]]] = {
    schema.customers: [
        customer(1, "Ada Bianchi", email="ada@example.org"),
        customer(2, "Bob Verdi", notes="his sister is at 02 5550 1234"),
    ],
    schema.customer_numbers: [
        number_row(1, ADA.key),
        number_row(1, "+393351112223", 1),
        number_row(2, "+393359990000"),
    ],
    schema.customer_fields: [{"customer_id": 1, "name": "shoe size", "value": "39"}],
    schema.customer_orders: [
        {"customer_id": 1, "reference": "A-1", "is_open": True},
        {"customer_id": 2, "reference": "B-1", "is_open": True, "title": "deliver to 0255501234"},
    ],
    schema.customer_incidents: [{"customer_id": 1, "reference": "I-1", "is_open": False}],
    schema.customer_choices: [
        {"match_key": ADA.key, "customer_id": 2, "chosen_by": "101", "chosen_at": START},
        {"match_key": "+393359990000", "customer_id": 2, "chosen_by": "101", "chosen_at": START},
    ],
}


@pytest.fixture
async def book(engine: AsyncEngine) -> AsyncEngine:
    async with engine.begin() as connection:
        for table, rows in BOOK.items():
            for row in rows:
                await connection.execute(insert(table).values(row))
    return engine


async def held_of(connection: AsyncConnection, ids: set[int]) -> HeldRows:
    return await fetch_rows_of(connection, ADA, ids, ())


async def everything(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return repr([(await connection.execute(select(table))).all() for table in schema.metadata.sorted_tables])


async def test_the_customers_with_a_number_are_found_with_their_other_numbers(book: AsyncEngine) -> None:
    async with book.connect() as connection:
        found = await fetch_customers_of(connection, ADA)
        assert [row["name"] for row in found] == ["Ada Bianchi"]
        assert await fetch_keys_of(connection, [1]) == {ADA.key, "+393351112223"}


async def test_all_that_is_hers_is_found_and_what_names_her(book: AsyncEngine) -> None:
    async with book.connect() as connection:
        held = await held_of(connection, {1})
    assert {table: len(rows) for table, rows in held.own.items()} == {
        "customers": 1,
        "customer_numbers": 2,
        "customer_fields": 1,
        "customer_orders": 1,
        "customer_incidents": 1,
        "customer_choices": 1,
    }
    assert {table: len(rows) for table, rows in held.naming.items()} == {"customers": 1, "customer_orders": 1}


async def test_erased_nothing_of_her_is_left_and_others_stay(book: AsyncEngine) -> None:
    async with book.begin() as connection:
        await begin_writing(connection)
        done = await erase_rows(connection, await held_of(connection, {1}), ADA)
    assert done["customers"] == 2
    kept = await everything(book)
    assert "Ada" not in kept
    assert "ada@example.org" not in kept
    assert not ADA.holds(kept)
    assert "Bob Verdi" in kept
    assert "his sister is at 00 0000 0000" in kept
    assert "deliver to 0000000000" in kept
    assert "+393359990000" in kept
    async with book.connect() as connection:
        left = await held_of(connection, {1})
    assert left == HeldRows({}, {})


async def test_who_shares_the_number_keeps_it(book: AsyncEngine) -> None:
    async with book.begin() as connection:
        await connection.execute(insert(schema.customer_numbers).values(number_row(2, ADA.key, 1)))
        await erase_rows(connection, await held_of(connection, {1}), ADA)
    async with book.connect() as connection:
        assert [row["name"] for row in await fetch_customers_of(connection, ADA)] == ["Bob Verdi"]


async def test_who_was_merged_with_her_goes_with_her(book: AsyncEngine) -> None:
    merge = {"merged_by": "admin", "merged_at": START}
    async with book.begin() as connection:
        await connection.execute(insert(schema.customers).values(customer(3, "Ada Bianchi-Neri")))
        await connection.execute(insert(schema.customer_merges).values(merge | {"kept_id": 3, "gone_id": 1}))
        undone = {"kept_id": 2, "gone_id": 1, "undone_at": START, "undone_by": "admin"}
        await connection.execute(insert(schema.customer_merges).values(merge | undone))
        assert [row["id"] for row in await fetch_customers_of(connection, ADA)] == [1, 3]
        await erase_rows(connection, await held_of(connection, {1, 3}), ADA)
    assert "Ada" not in await everything(book)


async def test_rows_of_his_calls_are_his(book: AsyncEngine) -> None:
    by_call = [table for table in schema.metadata.sorted_tables if {"pbx", "call_id", "note"} <= set(table.c.keys())]
    [notes] = by_call
    row = {"pbx": "hq", "call_id": "1.1", "agent": "101", "note": "he was angry", "updated_at": START}
    async with book.begin() as connection:
        await connection.execute(insert(notes).values(row))
        await connection.execute(insert(notes).values(row | {"call_id": "2.1", "note": "call back 02 5550 1234"}))
        held = await fetch_rows_of(connection, ADA, (), [("hq", "1.1")])
        assert [one["call_id"] for one in held.own[notes.name]] == ["1.1"]
        await erase_rows(connection, held, ADA)
        assert [one.note for one in await connection.execute(select(notes))] == ["call back 00 0000 0000"]


@pytest.mark.parametrize(
    ("table", "row", "ids"),
    [
        ("customers", {"id": 3, "merged_into": None}, {3}),
        ("customer_merges", {"id": 9, "kept_id": 3, "gone_id": 4}, {3, 4}),
        ("customer_choices", {"match_key": "+39", "customer_id": None}, set()),
        ("outbox", {"id": 3}, set()),
    ],
)
def test_it_is_known_whom_a_row_is_about(table: str, row: dict[str, Any], ids: set[int]) -> None:
    assert customers_in(table, row) == ids


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_each_table_is_looked_through_or_holds_nobody(table: Table) -> None:
    """A new table: give it ``customer_id``, ``match_key`` or ``pbx`` and ``call_id``; or say why nobody is in it."""
    assert is_looked_through(table) != (table.name in HOLD_NO_PERSON)
