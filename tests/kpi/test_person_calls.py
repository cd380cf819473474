"""A person's calls are found wherever the number stands, and nobody else's."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from kpi import schema
from kpi.batch import Batch, NumberedOddity
from kpi.person_calls import HOLD_A_PERSON, HOLD_NO_PERSON, fetch_calls_of, fetch_oddities_of
from kpi.schema import CallSource
from kpi.store import Store
from tests.kpi.people import ADA, ADAS, BOBS, TO_THE_HOUSE, odd


async def test_his_calls_are_found_in_every_direction_and_form(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([*ADAS, *BOBS, TO_THE_HOUSE])
    async with engine.connect() as connection:
        found = await fetch_calls_of(connection, ADA)
    assert [one.call for one in found] == list(ADAS)
    assert [one.customer_e164 for one in found] == ["+390255501234", None, None, "+390255509999"]
    assert {one.source for one in found} == {CallSource.LIVE}


async def test_oddities_that_name_him_are_found(store: Store, engine: AsyncEngine) -> None:
    told = [odd("a leg of 02 5550 1234", 1), odd("a leg of 0255501235", 2), odd("<0255501234>", 3)]
    await store.store(Batch(oddities=tuple(NumberedOddity(one) for one in told)))
    async with engine.connect() as connection:
        found = await fetch_oddities_of(connection, ADA)
    assert [one.oddity for one in found] == [told[0], told[2]]


def test_each_table_is_known_to_hold_a_person_or_not() -> None:
    assert {*HOLD_A_PERSON, *HOLD_NO_PERSON} == set(schema.metadata.tables.values())
    assert not HOLD_A_PERSON.keys() & HOLD_NO_PERSON.keys()
