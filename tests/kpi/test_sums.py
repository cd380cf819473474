"""Sums of the rows of several places, with as much of them as is asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from kpi import schema
from kpi.batch import Batch
from kpi.items import tallies_of
from kpi.schema import TallySpan
from kpi.store import Store
from kpi.sums import fetch_sums
from kpi.tally import EMPTY, Tally, total
from tests.kpi.calls import NINE, answered_call
from tests.kpi.day import CALLS, SPANS, day_tallies

TABLE = schema.tallies.c
QUARTERS = TABLE.span == TallySpan.QUARTER


async def sums(engine: AsyncEngine, *places: list[Any], by: tuple[str, ...] = (), **more: Any) -> dict[Any, Tally]:
    async with engine.connect() as connection:
        return await fetch_sums(connection, places, [TABLE[name] for name in by], **more)


async def test_the_sum_of_all_rows_is_the_day(store: Store, engine: AsyncEngine) -> None:
    await store.store(Batch(calls=CALLS, spans=SPANS))
    assert await sums(engine, [QUARTERS]) == {(): total(day_tallies().values())}
    by_agent = await sums(engine, [QUARTERS], by=("agent",))
    assert {agent: tally.talks for (agent,), tally in by_agent.items() if agent} == {"101": 2, "102": 1, "103": 1}


async def test_rows_of_several_places_are_one_sum(store: Store, engine: AsyncEngine) -> None:
    calls = [answered_call(str(n), start=n * 900.0, wait=n + 1) for n in range(4)]
    await store.store_calls(calls)
    begins = [TABLE.starts_at == NINE + timedelta(minutes=15 * n) for n in range(4)]
    found = await sums(engine, [QUARTERS, begins[0]], [QUARTERS, begins[1]], [QUARTERS, begins[3]], by=("queue",))
    assert found == {("sales",): total(one for n in (0, 1, 3) for one in tallies_of(calls[n]).values())}
    assert await sums(engine, [QUARTERS, TABLE.queue == "x"], [QUARTERS, TABLE.queue == "y"]) == {}


async def test_only_what_is_asked_for_is_read(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([answered_call("1", wait=7), answered_call("2", wait=9, start=1)])
    assert await sums(engine, [QUARTERS], only={"entered"}) == {(): Tally(entered=2)}
    assert await sums(engine, [QUARTERS], only={"answered_waits"}) == {(): Tally(answered_waits={7: 1, 9: 1})}
    assert await sums(engine, [QUARTERS], only={"hold_times"}) == {(): EMPTY}


async def test_histograms_are_cut_where_it_is_said(store: Store, engine: AsyncEngine) -> None:
    waits = (3, 5, 8, 20, 21, 40)
    await store.store_calls([answered_call(str(n), wait=wait, start=n) for n, wait in enumerate(waits)])
    whole = Tally(answered_waits=dict.fromkeys(waits, 1))
    assert await sums(engine, [QUARTERS], only={"answered_waits"}) == {(): whole}
    cut = await sums(engine, [QUARTERS], only={"answered_waits"}, cuts={"answered_waits": (5, 20), "other_waits": ()})
    assert cut == {(): Tally(answered_waits={5: 2, 20: 2, 40: 2})}
