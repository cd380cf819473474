"""From the feed to a real database: nothing lost, whatever happens to it or to the program."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cti.feed import Feed
from cti.model import (
    Agent as AgentOf,
    AgentChange,
    AgentChanged,
    AgentState,
    CallEnded,
    CallEvent,
    CallStarted,
    Membership,
    Oddity,
    OddityFound,
    Origin,
)
from kpi import schema
from kpi.batch import Mark
from kpi.reading import CallFilter
from kpi.recorder import OpenCalls, Recorder
from kpi.schema import SpanKind
from kpi.store import Store
from kpi.tally import total
from offhook.database import make_engine
from offhook.replay import replay
from tests.kpi.calls import answered_call, at
from tests.kpi.recorded_run import recording, until
from tests.kpi.stored import all_spans, all_tallies, count, recomputed
from tests.postgresql import PostgresqlServer
from tests.tables import made_tables

RECORDINGS = Path(__file__).parent.parent / "recordings"
MORNING = RECORDINGS / "asterisk-22" / "mix-1"


def ended(call_id: str, start: float = 0, **fields: object) -> CallEvent:
    call = answered_call(call_id, start=start, **fields)
    return CallEnded(at=at(start + 67), origin=Origin("milan", "s1", 5_000 + int(start), "Hangup"), call=call)


def started(call_id: str, offset: int, start: float = 0) -> CallEvent:
    origin = Origin("milan", "s1", offset, "Newchannel")
    call = answered_call(call_id, start=start, origin=origin, outcome=None, ended_at=None)
    return CallStarted(at=at(start), origin=origin, call=call)


def agent_is(state: AgentState, seconds: float, *queues: str) -> CallEvent:
    agent = AgentOf(
        pbx="milan", agent="101", memberships=tuple(Membership(queue=queue) for queue in queues), state=state
    )
    origin = Origin("milan", "s1", int(seconds), "QueueMemberStatus")
    return AgentChanged(at=at(seconds), origin=origin, agent=agent, change=AgentChange.STATE)


def odd(kind: str, offset: int) -> CallEvent:
    origin = Origin("milan", "s1", offset, "Newstate")
    return OddityFound(at=at(0), origin=origin, oddity=Oddity(kind, "", at(0), origin))


async def test_ended_calls_are_stored_and_the_totals_follow(store: Store, engine: AsyncEngine) -> None:
    async with recording(store) as (feed, recorder):
        for n in range(30):
            feed.publish(started(str(n), n))
            feed.publish(ended(str(n), start=n))
        await until("all stored", lambda: recorder.stored == 30)
        assert recorder.totals.tallies == await store.fetch_totals()
        assert (recorder.backlog, recorder.lag_s, recorder.retries, recorder.last_error) == (0, 0.0, 0, None)
    stored = await store.fetch_calls(CallFilter())
    assert len(stored) == 30
    assert await all_tallies(engine) == recomputed(*stored, spans=await all_spans(engine))


async def test_a_recorded_morning_gives_the_store_and_the_totals_of_its_calls(
    store: Store, engine: AsyncEngine
) -> None:
    events = list(replay(MORNING))
    calls = [event.call for event in events if isinstance(event, CallEnded)]
    async with recording(store) as (feed, recorder):
        for event in events:
            feed.publish(event)
    assert len(calls) > 200
    assert sorted(await store.fetch_calls(CallFilter(), limit=1_000), key=lambda call: call.call_id) == sorted(
        calls, key=lambda call: call.call_id
    )
    assert await all_tallies(engine) == recomputed(*calls, spans=await all_spans(engine))
    assert recorder.totals.tallies == await store.fetch_totals()


async def test_batches_are_no_longer_than_asked(store: Store) -> None:
    sizes: list[int] = []

    class Counting(Store):
        async def store(self, batch):
            sizes.append(len(batch))
            return await super().store(batch)

    async with recording(Counting(store._engine), batch_entries=7) as (feed, _):
        for n in range(40):
            feed.publish(ended(str(n), start=n))
    assert sum(sizes) == 40
    assert max(sizes) == 7


async def test_a_lonely_call_does_not_wait_for_a_full_batch(store: Store) -> None:
    async with recording(store, batch_entries=10_000) as (feed, recorder):
        feed.publish(ended("1"))
        await until("the call is stored", lambda: recorder.stored == 1)


async def test_the_mark_stands_at_the_oldest_call_still_open(store: Store) -> None:
    async with recording(store) as (feed, recorder):
        feed.publish(started("long", 100))
        feed.publish(started("short", 200, start=5))
        feed.publish(ended("short", start=5))
        await until("the short one is stored", lambda: recorder.stored == 1)
        assert (await store.fetch_marks())["milan"] == Mark(pbx="milan", session="s1", byte_offset=100, seen_at=at(72))
        feed.publish(ended("long", start=9))
    assert (await store.fetch_marks())["milan"].byte_offset == 5_009


async def test_oddities_of_one_event_are_kept_apart(store: Store) -> None:
    async with recording(store) as (feed, recorder):
        for event in (odd("leg-arrow", 7), odd("leg-arrow", 7), odd("unknown-leg", 7), odd("leg-arrow", 8)):
            feed.publish(event)
    assert await store.fetch_oddity_counts() == {("milan", "leg-arrow"): 3, ("milan", "unknown-leg"): 1}
    assert recorder.totals.oddities == await store.fetch_oddity_counts()


async def test_agents_days_are_stored(store: Store) -> None:
    async with recording(store) as (feed, _):
        feed.publish(agent_is(AgentState.IDLE, 0, "sales"))
        feed.publish(agent_is(AgentState.TALKING, 10, "sales"))
        feed.publish(agent_is(AgentState.OFFLINE, 30))
    spans = await store.fetch_spans(at(-1), at(100))
    assert [(span.kind, span.state, span.started_at, span.ended_at) for span in spans] == [
        (SpanKind.LOGIN, None, at(0), at(30)),
        (SpanKind.STATE, AgentState.IDLE, at(0), at(10)),
        (SpanKind.STATE, AgentState.TALKING, at(10), at(30)),
    ]


async def test_spans_that_a_crash_left_open_are_cut_at_the_next_start(store: Store) -> None:
    async with recording(store) as (feed, _):
        feed.publish(agent_is(AgentState.IDLE, 0, "sales"))
        feed.publish(ended("1", start=100))
    async with recording(store, pbxs=["milan"]) as (feed, _):
        feed.publish(agent_is(AgentState.IDLE, 500, "sales"))
    logins = [span for span in await store.fetch_spans(at(-1), at(900)) if span.kind is SpanKind.LOGIN]
    assert [(span.started_at, span.ended_at, span.cut) for span in logins] == [
        (at(0), at(167), True),
        (at(500), None, False),
    ]


@pytest.mark.parametrize("killed_after", [3, 400, 1_500, 2_600])
async def test_killed_at_any_moment_and_read_again_from_the_mark_it_is_as_if_nothing_was(
    store: Store, engine: AsyncEngine, killed_after: int
) -> None:
    events = list(replay(MORNING))
    assert killed_after < len(events)
    feed = Feed()
    follower = feed.follow("recorder", 100_000)
    recorder = Recorder(follower, store, batch_entries=10, batch_wait_s=0.001)
    task = asyncio.create_task(recorder.run())
    for event in events[:killed_after]:
        feed.publish(event)
    await until("it is in the middle of its work", lambda: follower.waiting == 0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    marks = await store.fetch_marks()
    offset = marks["replay"].byte_offset if marks else 0
    again = [event for event in events if event.origin.offset >= (offset or 0)]
    async with recording(store) as (feed, second):
        for event in again:
            feed.publish(event)
    calls = [event.call for event in events if isinstance(event, CallEnded)]
    assert await count(engine, schema.calls) == len(calls)
    assert await all_tallies(engine) == recomputed(*calls, spans=await all_spans(engine))
    assert second.totals.tallies == await store.fetch_totals()


async def test_with_the_server_gone_calls_are_kept_and_written_when_it_is_back(
    mortal_postgresql: PostgresqlServer,
) -> None:
    async with made_tables(mortal_postgresql.make_database(), schema.metadata) as engine:
        store = Store(engine)
        async with recording(store, batch_entries=5) as (feed, recorder):
            feed.publish(ended("before"))
            await until("the first is stored", lambda: recorder.stored == 1)
            mortal_postgresql.kill()
            for n in range(50):
                feed.publish(ended(f"during {n}", start=n))
            await until("it has tried in vain", lambda: recorder.retries >= 3)
            assert recorder.backlog == 50
            assert recorder.lag_s > 0
            assert recorder.last_error is not None
            assert recorder.last_error.ref == "store-away"
            mortal_postgresql.start_again()
            await until("all are stored", lambda: recorder.backlog == 0, within_s=40)
            assert recorder.last_error is None
        stored = await store.fetch_calls(CallFilter())
        assert len(stored) == 51
        assert await all_tallies(engine) == recomputed(*stored, spans=await all_spans(engine))
        assert recorder.totals.tallies == await store.fetch_totals()


async def test_with_the_file_locked_calls_are_kept_and_written_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite"
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 0.01})
    async with engine.begin() as connection:
        await connection.run_sync(schema.metadata.create_all)
    store = Store(engine)
    holder = sqlite3.connect(path, isolation_level=None)
    async with recording(store) as (feed, recorder):
        await until("it has begun", lambda: not recorder.totals.tallies)
        holder.execute("BEGIN EXCLUSIVE")
        for n in range(20):
            feed.publish(ended(str(n), start=n))
        await until("it has tried in vain", lambda: recorder.retries >= 3)
        assert recorder.backlog == 20
        holder.execute("COMMIT")
        await until("all are stored", lambda: recorder.stored == 20)
    holder.close()
    assert await count(engine, schema.calls) == 20
    await engine.dispose()


async def test_closing_while_the_database_is_away_ends_in_time_and_tells_what_is_left(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'no such folder' / 'x.sqlite'}")
    feed = Feed()
    recorder = Recorder(feed.follow("recorder"), Store(engine))
    task = asyncio.create_task(recorder.run())
    feed.publish(ended("1"))
    await until("it has tried in vain", lambda: recorder.retries > 0)
    assert await recorder.close(within_s=0.05) == 1
    await asyncio.wait_for(task, 5)
    await engine.dispose()


async def test_a_call_that_the_database_refuses_does_not_hold_up_the_others(store: Store, engine: AsyncEngine) -> None:
    poisoned = ended("poisoned", start=7, offered_at=at(7).replace(tzinfo=None))
    async with recording(store) as (feed, recorder):
        for n in range(20):
            feed.publish(poisoned if n == 7 else ended(str(n), start=n))
    stored = {call.call_id for call in await store.fetch_calls(CallFilter())}
    assert stored == {str(n) for n in range(20)} - {"7"}
    assert recorder.refused == 1
    assert await store.fetch_oddity_counts() == {("milan", "call-not-stored"): 1}
    async with engine.connect() as connection:
        row = (await connection.execute(select(schema.oddities))).mappings().one()
    assert row["detail"] == "store-naive-instant: call poisoned"
    assert row["byte_offset"] == poisoned.call.origin.offset


async def test_once_the_feed_had_to_drop_an_event_the_mark_stays(store: Store) -> None:
    feed = Feed()
    recorder = Recorder(feed.follow("recorder", 3), store, batch_wait_s=0.001)
    task = asyncio.create_task(recorder.run())
    feed.publish(ended("0"))
    await until("the first is stored", lambda: recorder.stored == 1)
    mark = (await store.fetch_marks())["milan"]
    for n in range(1, 6):
        feed.publish(ended(str(n), start=n))
    assert recorder.missed == 2
    assert await recorder.close() == 0
    await task
    assert recorder.stored == 4
    assert await store.fetch_marks() == {"milan": mark}


async def test_an_open_call_that_merges_into_another_holds_the_mark_no_longer() -> None:
    from cti.model import CallMerged

    open_calls = OpenCalls()
    first, second = started("consult", 10), started("main", 20)
    assert offsets(open_calls, [first, second]) == [10, 10]
    merged = CallMerged(
        at=at(1), origin=Origin("milan", "s1", 30, "AttendedTransfer"), call=first.call, into=second.call
    )
    assert offsets(open_calls, [merged, ended("main", start=3)]) == [20, 5_003]


def offsets(open_calls: OpenCalls, events: Sequence[CallEvent]) -> list[int | None]:
    marks = [open_calls.apply(event) for event in events]
    return [mark.byte_offset if mark else None for mark in marks]


def test_what_comes_after_the_end_of_a_call_does_not_open_it_again() -> None:
    open_calls = OpenCalls()
    over = ended("1")
    late = CallStarted(at=at(99), origin=Origin("milan", "s1", 9_000, "x"), call=over.call)
    assert offsets(open_calls, [over, late]) == [5_000, 9_000]


def test_an_event_without_a_place_in_the_stream_moves_no_mark() -> None:
    event = msgspec.structs.replace(agent_is(AgentState.IDLE, 0), origin=Origin("milan", "", 0, "lost"))
    assert OpenCalls().apply(event) is None


async def test_with_several_nodes_in_one_store_the_totals_are_those_of_our_own_pbxs(store: Store) -> None:
    await store.store_calls([answered_call("1"), answered_call("2", pbx="rome")])
    async with recording(store, pbxs=["milan"]) as (feed, recorder):
        feed.publish(ended("3", start=9))
        await until("it is stored", lambda: recorder.stored == 1)
    assert {key.pbx for key in recorder.totals.tallies} == {"milan"}
    assert total(recorder.totals.tallies.values()).started == 2
