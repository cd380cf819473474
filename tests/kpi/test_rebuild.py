"""Tallies made anew are those that were kept; what is not is told and mended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import AgentChanged, Call, CallEnded, CallEvent, CallReleased
from kpi import rebuild, schema
from kpi.batch import Batch, Span
from kpi.schema import CallSource, TallySpan
from kpi.spans import SpanBook
from kpi.store import Store
from kpi.tally import Tally, total
from offhook.replay import replay
from tests.kpi.calls import answered_call, calls, spans
from tests.kpi.day import CALLS, SPANS
from tests.kpi.stored import all_tallies
from tests.kpi.test_writing import emptied

RECORDINGS = Path(__file__).parent.parent / "recordings"
WRAP_UP_S = {"sales": 2.0, "support": 1.5}


def batches(events: Iterable[CallEvent]) -> Iterator[Batch]:
    """What a recorder would write of them, a hundred at a time."""
    book = SpanBook()
    for some in iter(lambda: list(islice(events, 100)), []):
        spans: list[Span] = []
        for event in some:
            if isinstance(event, CallReleased):
                book.release(event)
            elif isinstance(event, AgentChanged):
                spans += book.apply(event)
        yield Batch(calls=tuple(event.call for event in some if isinstance(event, CallEnded)), spans=tuple(spans))


@pytest.mark.parametrize("recording", ["asterisk-22/mix-1", "freeswitch/mix-1"])
async def test_a_recorded_morning_made_anew_is_what_was_kept(store: Store, engine: AsyncEngine, recording: str) -> None:
    for batch in batches(iter(replay(RECORDINGS / recording, wrap_up_s=WRAP_UP_S))):
        await store.store(batch)
    kept = await all_tallies(engine)
    rebuilt = await store.rebuild_tallies()
    assert (rebuilt.different, rebuilt.rows) == (0, len(kept))
    assert min(rebuilt.calls, rebuilt.spans) > 100
    whole = total(tally for key, tally in kept.items() if key.span is TallySpan.QUARTER)
    assert whole.started == rebuilt.calls
    assert (min(whole.handle_times.values()), sum(whole.handle_times.values())) == (1, whole.talks)
    assert 0 <= whole.wrap_ups <= whole.talks
    assert whole.wrap_ups > 0 or not recording.startswith("asterisk")
    assert await all_tallies(engine) == kept


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    versions=st.lists(st.tuples(calls, st.sampled_from(CallSource)), max_size=6),
    spent=st.lists(spans, max_size=6),
)
def test_whatever_was_written_the_tallies_are_those_of_the_rows(
    database_url: str, versions: list[tuple[Call, CallSource]], spent: list[Span]
) -> None:
    async def scenario() -> None:
        engine = await emptied(database_url)
        store = Store(engine)
        for call, source in versions:
            await store.store_calls([call], source=source)
        for span in spent:
            await store.store(Batch(spans=(span,)))
        await store.cut_open_spans("milan")
        kept = await all_tallies(engine)
        rebuilt = await store.rebuild_tallies()
        assert (rebuilt.different, rebuilt.differences) == (0, ())
        assert await all_tallies(engine) == kept
        await engine.dispose()

    asyncio.run(scenario())


async def test_a_difference_is_told_and_mended(store: Store, engine: AsyncEngine) -> None:
    await store.store(Batch(calls=CALLS, spans=SPANS))
    kept = await all_tallies(engine)
    tallies = schema.tallies.c
    async with engine.begin() as connection:
        wrong = tallies.queue == "sales", tallies.agent == "", tallies.span == TallySpan.QUARTER
        await connection.execute(update(schema.tallies).where(*wrong).values(entered=tallies.entered + 2))
        await connection.execute(delete(schema.tallies).where(tallies.agent == "102"))
    spoilt = await all_tallies(engine)
    looked = await store.rebuild_tallies(mend=False)
    assert await all_tallies(engine) == spoilt
    mended = await store.rebuild_tallies()
    assert mended == looked
    assert mended.different == len(mended.differences) == len([key for key in kept if spoilt.get(key) != kept[key]]) > 1
    assert Tally(entered=-2) in [one.added for one in mended.differences]
    assert await all_tallies(engine) == kept
    assert (await store.rebuild_tallies()).different == 0


async def test_rows_of_calls_that_are_gone_go(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([answered_call("1"), answered_call("2", start=5_000)])
    async with engine.begin() as connection:
        await connection.execute(delete(schema.calls).where(schema.calls.c.call_id == "2"))
    assert (await store.rebuild_tallies()).different > 0
    assert (
        sum(tally.started for key, tally in (await all_tallies(engine)).items() if key.span is TallySpan.QUARTER) == 1
    )


async def test_many_pages_and_little_memory(store: Store, engine: AsyncEngine, monkeypatch) -> None:
    monkeypatch.setattr(rebuild, "AT_ONCE", 3)
    monkeypatch.setattr(rebuild, "KEPT_IN_MEMORY", 2)
    told: list[tuple[int, int]] = []
    await store.store(Batch(calls=CALLS, spans=SPANS))
    rebuilt = await store.rebuild_tallies(progress=lambda done, whole: told.append((done, whole)))
    assert (rebuilt.calls, rebuilt.spans, rebuilt.different) == (len(CALLS), len(SPANS), 0)
    assert [done for done, _ in told] == [3, 6, 9, 10, 13, 16]
    assert {whole for _, whole in told} == {16}


async def test_who_writes_meanwhile_waits_and_is_counted(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([answered_call(str(n), start=n) for n in range(30)])
    writers = (store.store_calls([answered_call(f"new{n}", start=n)]) for n in range(4))
    await asyncio.gather(store.rebuild_tallies(), *writers)
    assert (await store.rebuild_tallies()).different == 0
    assert sum(tally.started for key, tally in (await all_tallies(engine)).items() if key.span is TallySpan.EVER) == 34
