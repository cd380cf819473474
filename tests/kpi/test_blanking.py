"""A person taken out of the calls: nothing of him is left, and no figure moves but those that told him again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.model import Direction, Party
from kpi import schema
from kpi.batch import Batch, NumberedOddity
from kpi.blanking import ERASED, begin_writing, blank_customers, blank_oddities, blank_person
from kpi.person_calls import fetch_calls_of, fetch_oddities_of
from kpi.question import ReportQuestion
from kpi.reading import CallFilter
from kpi.store import Store
from tests.kpi.calls import NINE
from tests.kpi.people import ADA, ADAS, BOBS, TO_THE_HOUSE, leg, odd
from tests.kpi.stored import all_tallies

MEASURES = ("calls_handled", "repeat_callers")


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.begin() as connection:
        await begin_writing(connection)
        yield connection


async def erase_ada(engine: AsyncEngine) -> int:
    async with writing(engine) as connection:
        return await blank_person(connection, await fetch_calls_of(connection, ADA), ADA)


async def everything(engine: AsyncEngine) -> str:
    tables = (schema.calls, schema.legs, schema.transfers, schema.oddities)
    async with engine.connect() as connection:
        return repr([(await connection.execute(select(table))).all() for table in tables])


async def test_nothing_of_him_is_left_and_others_stay(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([*ADAS, *BOBS])
    assert await erase_ada(engine) == 4
    kept = await everything(engine)
    assert "Ada" not in kept
    assert "5550" + "1234" not in kept
    assert "02 5550 1234" not in kept
    assert [await store.fetch_call("milan", one.call_id) for one in BOBS] == list(BOBS)
    handed = await store.fetch_call("milan", "a4")
    assert handed is not None
    assert handed.caller == Party("+390255509999", "Bob Verdi")
    assert handed.transfers[0].to is None


async def test_behind_a_prefix_it_goes_from_his_calls(store: Store, engine: AsyncEngine) -> None:
    own = leg("90255501234", "Local/90255501234@out-1")
    await store.store_calls([msgspec.structs.replace(ADAS[0], legs=(*ADAS[0].legs, own))])
    await erase_ada(engine)
    kept = await store.fetch_call("milan", "a1")
    assert kept is not None
    assert (kept.legs[1].number, kept.legs[1].channel) == (None, "Local/00000000000@out-1")


async def test_done_again_it_finds_nothing(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls(ADAS)
    assert await erase_ada(engine) == 4
    assert await erase_ada(engine) == 0


async def test_the_house_keeps_its_own_number(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([TO_THE_HOUSE])
    assert await erase_ada(engine) == 0
    assert await store.fetch_call("milan", "c1") == TO_THE_HOUSE


async def test_no_sum_moves_and_the_calls_still_add_up_to_them(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([*ADAS, *BOBS])
    before = await all_tallies(engine)
    await erase_ada(engine)
    assert await all_tallies(engine) == before
    assert (await store.rebuild_tallies(mend=False)).different == 0


async def test_two_of_his_calls_are_no_longer_of_one_caller(store: Store, engine: AsyncEngine) -> None:
    again = [msgspec.structs.replace(ADAS[0], call_id=str(n), offered_at=NINE + timedelta(hours=n)) for n in range(3)]
    await store.store_calls(again)
    question = ReportQuestion(since=NINE, until=NINE + timedelta(days=1), measures=("repeat_callers", "repeat_rate"))
    assert (await store.fetch_report(question)).total.numbers[0] == 2
    await erase_ada(engine)
    assert (await store.fetch_report(question)).total.numbers == (0, 0.0)
    async with engine.connect() as connection:
        tokens = (await connection.execute(select(schema.calls.c.customer_e164))).scalars().all()
    assert len(set(tokens)) == 3
    assert all(token.startswith(ERASED) for token in tokens)


async def test_the_same_call_told_again_does_not_bring_him_back(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls(ADAS)
    await erase_ada(engine)
    await store.store_calls(ADAS)
    assert "Ada" not in await everything(engine)


async def test_oddities_lose_the_number_only(store: Store, engine: AsyncEngine) -> None:
    await store.store(Batch(oddities=(NumberedOddity(odd("a leg of 0255501234 without a root", 1)),)))
    async with writing(engine) as connection:
        await blank_oddities(connection, await fetch_oddities_of(connection, ADA), ADA)
    [(_, kept)] = await store.fetch_oddity_kinds()
    assert kept.detail == "a leg of 0000000000 without a root"


async def test_customers_go_and_the_house_stays(store: Store, engine: AsyncEngine) -> None:
    inside = msgspec.structs.replace(
        ADAS[0], call_id="i1", direction=Direction.INTERNAL, caller=Party("101", "Agent One"), dialled="102", legs=()
    )
    await store.store_calls([*ADAS, *BOBS, inside])
    before = await all_tallies(engine)
    async with writing(engine) as connection:
        found = await fetch_calls_of(connection, ADA)
        assert await blank_customers(connection, found) == 4
    calls = {call.call_id: call for call in await store.fetch_calls(CallFilter())}
    assert calls["a1"].caller == calls["a2"].caller == calls["a4"].caller == Party(None, None)
    assert calls["a1"].dialled == ADAS[0].dialled
    assert calls["a3"].caller == Party("101", "Agent One")
    assert calls["a3"].dialled is None
    assert calls["a4"].transfers[0].to is None
    assert calls["a1"].legs[0].number is None
    assert calls["a1"].legs[0].channel == "sofia/external/" + "0" * 13 + "@192.0.2.1"
    assert calls["i1"] == inside
    assert calls["b1"] == BOBS[0]
    assert await all_tallies(engine) == before
