"""The tables of the book."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.schema import customer_choices, customer_numbers, customers, metadata
from tests.crm_bridge.scene import START


def test_what_a_call_is_looked_up_by_is_indexed() -> None:
    indexed = {next(iter(index.columns)).name for index in customer_numbers.indexes}
    assert {"match_key", "tail", "customer_id"} <= indexed


def test_the_book_points_to_no_table_of_another_part() -> None:
    pointed_to = {key.column.table.name for table in metadata.tables.values() for key in table.foreign_keys}
    assert pointed_to == {"customers"}


async def test_all_that_belongs_to_a_customer_goes_with_him(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(customers).values(id=1, identity_key="id:1", name="A", updated_at=START))
        number = {"customer_id": 1, "position": 0, "written": "1", "match_key": "+391"}
        await connection.execute(insert(customer_numbers).values(number))
        choice = {"match_key": "+391", "customer_id": 1, "chosen_by": "x", "chosen_at": START}
        await connection.execute(insert(customer_choices).values(choice))
        await connection.execute(delete(customers))
        for table in (customer_numbers, customer_choices):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
