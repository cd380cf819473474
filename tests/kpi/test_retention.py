"""What is old goes, and no sum with it: not by a rebuild, not by a call that is told once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.model import Call
from kpi import schema
from kpi.batch import Batch, NumberedOddity
from kpi.question import ReportQuestion
from kpi.reading import CallFilter
from kpi.removed import Retained, fetch_retained
from kpi.retention import (
    count_numbered,
    count_oddities,
    count_old,
    fetch_numbered_calls,
    fetch_old_calls,
    forget_customers,
    note_done,
    remove_calls,
    remove_oddities,
)
from kpi.schema import CallSource
from kpi.store import Store
from tests.kpi.calls import answered_call, at
from tests.kpi.day import CALLS, SPANS
from tests.kpi.people import ADAS, BOBS, odd
from tests.kpi.stored import all_tallies, count


@asynccontextmanager
async def working(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.begin() as connection:
        yield connection


async def remove_before(engine: AsyncEngine, seconds: float) -> int:
    async with working(engine) as connection:
        places = await fetch_old_calls(connection, at(seconds), limit=10_000)
        return await remove_calls(connection, places)


async def test_the_oldest_come_first_and_page_by_page(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([answered_call(str(n), start=n * 60) for n in range(5)])
    async with engine.connect() as connection:
        first = await fetch_old_calls(connection, at(200), limit=3)
        rest = await fetch_old_calls(connection, at(200), first[-1], limit=3)
        assert await count_old(connection, at(200)) == 4
    assert [place[2] for place in first + rest] == ["0", "1", "2", "3"]


async def test_removed_calls_leave_their_sums(store: Store, engine: AsyncEngine) -> None:
    await store.store(Batch(calls=tuple(CALLS), spans=tuple(SPANS)))
    before = await all_tallies(engine)
    middle = sorted(call.offered_at for call in CALLS)[len(CALLS) // 2]
    async with working(engine) as connection:
        places = await fetch_old_calls(connection, middle, limit=10_000)
        assert await remove_calls(connection, places) == len(places) > 0
    assert await all_tallies(engine) == before
    assert len(await store.fetch_calls(CallFilter(), limit=10_000)) == len(CALLS) - len(places)
    for table in (schema.stays, schema.legs, schema.rings, schema.talks):
        assert await count(engine, table) < sum(len(getattr(call, table.name)) for call in CALLS) or not places


async def test_the_sums_made_anew_are_those_of_removed_calls_too(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls(CALLS)
    before = await all_tallies(engine)
    assert await remove_before(engine, 100_000) == len(CALLS)
    rebuilt = await store.rebuild_tallies()
    assert (rebuilt.calls, rebuilt.different) == (0, 0)
    assert await all_tallies(engine) == before


async def test_a_broken_sum_is_put_right_though_its_calls_are_gone(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls(CALLS)
    before = await all_tallies(engine)
    await remove_before(engine, 100_000)
    async with engine.begin() as connection:
        await connection.execute(delete(schema.tallies))
    assert (await store.rebuild_tallies()).different == len(before)
    assert await all_tallies(engine) == before


@pytest.mark.parametrize("source", list(CallSource))
async def test_a_removed_call_told_again_is_not_counted_again(
    store: Store, engine: AsyncEngine, source: CallSource
) -> None:
    calls = [answered_call(str(n), start=n * 60) for n in range(4)]
    await store.store_calls(calls[:3], source=source)
    before = await all_tallies(engine)
    await remove_before(engine, 120)
    await store.store_calls(calls[:3], source=source)
    assert await all_tallies(engine) == before
    assert {call.call_id for call in await store.fetch_calls(CallFilter())} == {"2"}
    assert (await store.store_calls(calls[3:])).calls == 1


async def test_done_twice_it_counts_once(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([answered_call("1")])
    before = await all_tallies(engine)
    async with engine.connect() as connection:
        places = await fetch_old_calls(connection, at(60))
    for removed in (1, 0):
        async with working(engine) as connection:
            assert await remove_calls(connection, places) == removed
    assert (await store.rebuild_tallies()).different == 0
    assert await all_tallies(engine) == before


async def test_numbers_go_from_old_calls_and_the_sums_stay(store: Store, engine: AsyncEngine) -> None:
    calls: list[Call] = [*ADAS, *BOBS]
    await store.store_calls(calls)
    before = await all_tallies(engine)
    async with engine.connect() as connection:
        assert await count_numbered(connection, at(3_500)) == 4
        places = await fetch_numbered_calls(connection, at(3_500))
    async with working(engine) as connection:
        assert await forget_customers(connection, places) == 4
        await note_done(connection, Retained.NUMBERS, at(3_500))
    assert await all_tallies(engine) == before
    kept = {call.call_id: call for call in await store.fetch_calls(CallFilter())}
    assert [kept[name].customer for name in ("a1", "a2", "a4")] == [type(calls[0].caller)()] * 3
    assert kept["a3"].dialled is None
    assert kept["b1"] == BOBS[0]
    async with engine.connect() as connection:
        assert await fetch_numbered_calls(connection, at(3_500)) == []
        assert await count_numbered(connection, at(3_500)) == 0


async def test_who_is_told_later_is_found_all_the_same(store: Store, engine: AsyncEngine) -> None:
    async with working(engine) as connection:
        await note_done(connection, Retained.NUMBERS, at(3_500))
    await store.store_calls(ADAS[:1])
    async with engine.connect() as connection:
        assert [place[2] for place in await fetch_numbered_calls(connection, at(3_500))] == ["a1"]


async def test_it_is_kept_how_far_it_came_and_never_goes_back(engine: AsyncEngine) -> None:
    async with working(engine) as connection:
        await note_done(connection, Retained.CALLS, at(100))
        await note_done(connection, Retained.CALLS, at(50))
        assert await fetch_retained(connection) == {Retained.CALLS: at(100)}


async def test_old_oddities_go(store: Store, engine: AsyncEngine) -> None:
    await store.store(Batch(oddities=tuple(NumberedOddity(odd("x", n)) for n in range(3))))
    async with working(engine) as connection:
        assert await count_oddities(connection, at(1)) == 3
        assert await remove_oddities(connection, at(0)) == 0
        assert await remove_oddities(connection, at(1)) == 3
        assert await remove_oddities(connection, at(1)) == 0


async def test_a_report_says_what_it_cannot_find_any_more(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([answered_call("1"), answered_call("2", start=60)])
    measures = ("calls", "repeat_callers", "callbacks", "concurrent_peak")
    day = ReportQuestion(since=at(0), until=at(86_400), measures=measures)
    whole = await store.fetch_report(day)
    assert None not in whole.total.numbers
    assert whole.told_since is None
    async with working(engine) as connection:
        await note_done(connection, Retained.CALLS, at(-1))
        await note_done(connection, Retained.NUMBERS, at(30))
    numbers = await store.fetch_report(day)
    told = dict(zip((column.key for column in numbers.columns), numbers.total.numbers, strict=True))
    assert [name for name, number in told.items() if number is None] == ["repeat_callers", "callbacks"]
    assert numbers.told_since == at(30) + timedelta(days=7)
    async with working(engine) as connection:
        await note_done(connection, Retained.CALLS, at(1))
    calls = await store.fetch_report(day)
    assert [number is not None for number in calls.total.numbers] == [True, False, False, False]
