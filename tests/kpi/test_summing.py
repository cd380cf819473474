"""The rows of agents' time follow the spans, whatever is written again."""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import AgentState
from kpi.batch import Batch, Mark, Span
from kpi.schema import CallSource, SpanKind, TallySpan
from kpi.store import Store
from kpi.summing import difference, sums_of, sums_of_spans
from kpi.tally import Tally, negative, plain, total
from tests.kpi.calls import answered_call, at
from tests.kpi.day import SPANS
from tests.kpi.stored import all_spans, all_tallies, recomputed

COARSER = (TallySpan.HOUR, TallySpan.SEVEN_DAYS)
IDLE = Span(pbx="milan", agent="101", kind=SpanKind.STATE, state=AgentState.IDLE, started_at=at(0))


def until(seconds: float) -> Span:
    return msgspec.structs.replace(IDLE, ended_at=at(seconds))


async def test_a_span_written_again_counts_once(store: Store, engine: AsyncEngine) -> None:
    for version in (IDLE, until(100), until(100), until(1_000), IDLE, until(50)):
        await store.store(Batch(spans=(version,)))
        assert await all_tallies(engine) == recomputed(spans=[version])
    assert await all_spans(engine) == [until(50)]


async def test_a_span_that_begins_and_ends_in_one_batch_counts_as_it_ended(store: Store, engine: AsyncEngine) -> None:
    await store.store(Batch(spans=(IDLE, until(70))))
    assert await all_tallies(engine) == recomputed(spans=[until(70)])


async def test_spans_cut_after_a_crash_count_up_to_the_cut(store: Store, engine: AsyncEngine) -> None:
    mark = Mark(pbx="milan", session="s", byte_offset=1, seen_at=at(400))
    await store.store(Batch(spans=(IDLE,), marks=(mark,)))
    assert await all_tallies(engine) == {}
    await store.cut_open_spans("milan")
    in_quarters = (tally for key, tally in (await all_tallies(engine)).items() if key.span is TallySpan.QUARTER)
    assert total(in_quarters).idle_ms == 400_000


async def test_what_is_read_again_after_a_crash_ends_what_was_cut_too_late(store: Store, engine: AsyncEngine) -> None:
    """He was seen idle up to 400; the journal tells that he talked from 300 on, and of somebody else."""
    mark = Mark(pbx="milan", session="s", byte_offset=1, seen_at=at(400))
    await store.store(Batch(spans=(IDLE, msgspec.structs.replace(IDLE, agent="102")), marks=(mark,)))
    await store.cut_open_spans("milan")
    talking = msgspec.structs.replace(IDLE, state=AgentState.TALKING, started_at=at(300), ended_at=at(500))
    for _ in range(2):
        await store.store(Batch(spans=(talking,)))
        told = total(tally for key, tally in (await all_tallies(engine)).items() if key.agent == "101")
        assert (told.idle_ms, told.talking_ms) == (300_000, 200_000)
    assert await all_tallies(engine) == recomputed(spans=await all_spans(engine))
    assert {span.agent: span.ended_at for span in await all_spans(engine) if span.cut} == {
        "101": at(300),
        "102": at(400),
    }


async def test_agents_time_is_in_no_counter_but_their_wrap_ups_are(store: Store, engine: AsyncEngine) -> None:
    stored = await store.store(Batch(spans=SPANS))
    assert stored.tallies == await store.fetch_totals()
    by_span = {span: total(one for key, one in stored.tallies.items() if key.span is span) for span in TallySpan}
    quarters = total(one for key, one in (await all_tallies(engine)).items() if key.span is TallySpan.QUARTER)
    wrapped = Tally(wrap_ups=quarters.wrap_ups, wrap_up_ms=quarters.wrap_up_ms, wrap_up_times=quarters.wrap_up_times)
    assert wrapped.wrap_ups > 0
    assert (by_span[TallySpan.EVER], by_span[TallySpan.AGENT]) == (wrapped, plain(wrapped))
    assert (await store.store(Batch(spans=SPANS))).tallies == {}


def test_filled_calls_are_summed_apart_and_imported_ones_in_no_counter() -> None:
    spans = {}
    for source in CallSource:
        quarters, for_ever = sums_of([(answered_call(), source)])
        assert {key.span for key in quarters} == {TallySpan.QUARTER, TallySpan.DID, *COARSER}
        spans[source] = {key.span for key in for_ever if not key.agent}
    assert spans == {
        CallSource.IMPORTED: set(),
        CallSource.FILLED: {TallySpan.FILLED},
        CallSource.LIVE: {TallySpan.EVER},
        CallSource.COMPLETED: {TallySpan.EVER},
    }


def test_the_difference_is_what_has_to_be_added() -> None:
    old, new = sums_of_spans([until(60)]), sums_of_spans([until(90)])
    added = difference(new, old)
    assert {key.span: tally.idle_ms for key, tally in added.items()} == dict.fromkeys(
        (TallySpan.QUARTER, *COARSER), 30_000
    )
    assert difference({}, old) == {key: negative(tally) for key, tally in old.items()}
    assert difference(new, {}) == new
