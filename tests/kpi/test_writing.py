"""What a transaction leaves behind, on a real SQLite and a real PostgreSQL."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Call, Oddity, Origin, StayOutcome
from kpi import rows, schema
from kpi.batch import Batch, Mark, NumberedOddity, Span
from kpi.reading import CallFilter
from kpi.schema import CallSource, SpanKind, TallySpan
from kpi.store import Store
from kpi.tally import EMPTY, Tally, TallyKey, gather, total
from offhook.database import make_engine
from tests.kpi.calls import abandoned_call, answered_call, at, calls
from tests.kpi.stored import all_tallies, count, recomputed


async def emptied(url: str) -> AsyncEngine:
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(schema.metadata.create_all)
        for table in reversed(schema.metadata.sorted_tables):
            await connection.execute(delete(table))
    return engine


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(calls, min_size=1, max_size=6), together=st.booleans())
def test_any_calls_in_any_order_leave_the_tallies_that_the_stored_calls_make(
    database_url: str, versions: list[Call], together: bool
) -> None:
    async def scenario() -> None:
        engine = await emptied(database_url)
        store = Store(engine)
        moved: list[tuple[TallyKey, Tally]] = []
        for batch in [versions] if together else [[version] for version in versions]:
            moved += (await store.store_calls(batch)).tallies.items()
        stored = await store.fetch_calls(CallFilter())
        assert {call.call_id for call in stored} == {call.call_id for call in versions}
        assert all(call in versions for call in stored)
        assert await all_tallies(engine) == recomputed(*stored)
        assert gather(moved) == await store.fetch_totals()
        await engine.dispose()

    asyncio.run(scenario())


async def test_writing_the_same_calls_twice_changes_nothing(store: Store, engine: AsyncEngine) -> None:
    batch = [answered_call("1"), abandoned_call("2", start=30), answered_call("3", start=1_000)]
    await store.store_calls(batch)
    once = await all_tallies(engine)
    again = await store.store_calls([*batch, *batch])
    assert again.tallies == {}
    assert await all_tallies(engine) == once == recomputed(*batch)
    assert await count(engine, schema.calls) == 3
    assert await count(engine, schema.talks) == 2


async def test_a_longer_version_replaces_the_first_and_moves_the_tallies_by_the_difference(
    store: Store, engine: AsyncEngine
) -> None:
    first = abandoned_call("1", wait=4)
    longer = answered_call("1", wait=9, talk=100)
    other = answered_call("2", start=60)
    await store.store_calls([first, other])
    moved = await store.store_calls([longer])
    assert await all_tallies(engine) == recomputed(longer, other)
    assert total(moved.tallies.values()).stays == {StayOutcome.ANSWERED: 1, StayOutcome.ABANDONED: -1}
    assert await store.fetch_call("milan", "1") == longer


async def test_a_shorter_version_that_comes_late_changes_nothing(store: Store, engine: AsyncEngine) -> None:
    longer = answered_call("1", wait=9, talk=100)
    await store.store_call(longer)
    late = await store.store_calls([abandoned_call("1", wait=4), answered_call("1", ended_at=None)])
    assert (late.calls, late.tallies) == (0, {})
    assert await store.fetch_call("milan", "1") == longer
    assert await all_tallies(engine) == recomputed(longer)


async def test_a_row_that_falls_to_nothing_is_gone(store: Store, engine: AsyncEngine) -> None:
    await store.store_call(answered_call("1", start=0, stay_queue="sales"))
    moved_away = answered_call("1", start=1_800, stay_queue="support", agent="105")
    await store.store_call(moved_away)
    left = await all_tallies(engine)
    assert left == recomputed(moved_away)
    assert EMPTY not in left.values()


async def test_marks_move_with_what_they_mark(store: Store) -> None:
    await store.store_calls([answered_call("1")], [Mark(pbx="milan", session="s1", byte_offset=700, seen_at=at(67))])
    await store.store_calls([answered_call("2", start=90)])
    assert await store.fetch_marks() == {"milan": Mark(pbx="milan", session="s1", byte_offset=700, seen_at=at(67))}


async def test_spans_left_open_are_cut_at_the_last_time_known(store: Store) -> None:
    spans = [
        Span(pbx="milan", agent="101", kind=SpanKind.LOGIN, queue="sales", started_at=at(0)),
        Span(pbx="milan", agent="102", kind=SpanKind.LOGIN, queue="sales", started_at=at(500)),
        Span(pbx="milan", agent="103", kind=SpanKind.LOGIN, queue="sales", started_at=at(0), ended_at=at(9)),
        Span(pbx="rome", agent="201", kind=SpanKind.LOGIN, queue="vip", started_at=at(0)),
    ]
    await store.store(
        Batch(spans=tuple(spans), marks=(Mark(pbx="milan", session="s", byte_offset=1, seen_at=at(400)),))
    )
    assert await store.cut_open_spans("milan") == 2
    assert await store.cut_open_spans("milan") == 0
    ends = {span.agent: (span.ended_at, span.cut) for span in await store.fetch_spans(at(-1), at(900))}
    assert ends == {"101": (at(400), True), "102": (at(500), True), "103": (at(9), False), "201": (None, False)}


async def test_oddities_are_counted_once(store: Store) -> None:
    oddity = Oddity("leg-arrow", "LegRang while ended \x00", at(5), Origin("milan", "s1", 77, "Newstate"))
    found = (NumberedOddity(oddity, 0), NumberedOddity(oddity, 1))
    first = await store.store(Batch(oddities=found))
    again = await store.store(Batch(oddities=found))
    assert first.oddities == {("milan", "leg-arrow"): 2}
    assert again.oddities == {}
    assert await store.fetch_oddity_counts() == {("milan", "leg-arrow"): 2}


async def test_writers_of_one_pbx_do_not_lose_each_others_counts(store: Store, engine: AsyncEngine) -> None:
    batches = [[answered_call(f"{writer}.{n}", start=n) for n in range(5)] for writer in range(6)]
    await asyncio.gather(*(store.store_calls(batch) for batch in batches))
    same = [answered_call("same", talk=10 + n) for n in range(4)]
    await asyncio.gather(*(store.store_calls([call]) for call in same))
    stored = await store.fetch_calls(CallFilter())
    assert len(stored) == 31
    assert await all_tallies(engine) == recomputed(*stored)


async def test_large_batches_stay_within_the_databases_limits(store: Store, engine: AsyncEngine) -> None:
    batch = [answered_call(str(n), start=n * 60, agent=str(n % 1_700), stay_queue=f"q{n % 40}") for n in range(3_500)]
    for _ in range(2):
        await store.store_calls(batch)
    assert await all_tallies(engine) == recomputed(*batch)


async def test_a_call_takes_its_parts_along_when_it_is_deleted(store: Store, engine: AsyncEngine) -> None:
    await store.store_call(answered_call("1"))
    async with engine.begin() as connection:
        await connection.execute(delete(schema.calls))
    assert [await count(engine, table) for table in rows.PARTS] == [0] * len(rows.PARTS)


async def test_a_call_seen_as_it_happened_takes_the_place_of_one_filled_in_and_never_the_other_way(
    store: Store, engine: AsyncEngine
) -> None:
    seen, told = answered_call("1", talk=60), answered_call("1", talk=90)
    await store.store_calls([told], source=CallSource.IMPORTED)
    await store.store_calls([told], source=CallSource.FILLED)
    assert await store.fetch_call("milan", "1") == told
    await store.store_calls([seen])
    assert await store.fetch_call("milan", "1") == seen
    for source in (CallSource.FILLED, CallSource.IMPORTED):
        assert (await store.store_calls([told], source=source)).calls == 0
    assert await store.fetch_call("milan", "1") == seen
    assert await all_tallies(engine) == recomputed(seen)


async def test_calls_filled_in_are_summed_apart_and_imported_ones_in_the_quarters_only(
    store: Store, engine: AsyncEngine
) -> None:
    seen, filled, imported = (answered_call(str(n), start=n * 10) for n in range(3))
    await store.store_calls([seen])
    stored = await store.store_calls([filled], source=CallSource.FILLED)
    assert {key.span for key in stored.tallies} == {TallySpan.FILLED}
    assert (await store.store_calls([imported], source=CallSource.IMPORTED)).tallies == {}
    sums = await all_tallies(engine)
    by_span = {
        span: sum(tally.started for key, tally in sums.items() if key.span is span and key.queue == "sales")
        for span in TallySpan
    }
    of_all_time = {TallySpan.EVER: 1, TallySpan.FILLED: 1, TallySpan.AGENT: 0}
    of_periods = (TallySpan.QUARTER, TallySpan.DID, TallySpan.HOUR, TallySpan.SEVEN_DAYS)
    assert by_span == dict.fromkeys(of_periods, 3) | of_all_time


async def test_a_completed_call_counts_as_one_that_was_seen(store: Store, engine: AsyncEngine) -> None:
    seen, completed = answered_call("1", talk=60), answered_call("1", talk=30)
    await store.store_calls([seen])
    await store.store_calls([completed], source=CallSource.COMPLETED)
    await store.store_calls([seen])
    assert await store.fetch_call("milan", "1") == completed
    assert await all_tallies(engine) == recomputed(completed)
