"""A cut line on a real PBX's recording: what was missed is told by the PBX's own logs, nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cti.feed import Feed
from cti.model import Call, CallEnded, CallEvent, Direction, PbxBack
from kpi.batch import Span
from kpi.coverage import coverage
from kpi.filling import GapFiller
from kpi.importers.log_table import LogTable
from kpi.importers.pbx_logs import PbxLogs
from kpi.reading import CallFilter
from kpi.recorder import Recorder
from kpi.schema import CallSource, SpanKind, TallySpan
from kpi.store import Store
from kpi.tally import total
from tests.kpi.busy_hour import NAMES, astray, busy_hour, days_of, logs_in, overlaps
from tests.kpi.calls import answered_call
from tests.kpi.cut_stream import PBX, by_id, heard, heard_of, logs_of, really, rounded
from tests.kpi.recorded_run import until
from tests.kpi.stored import all_spans, all_tallies

MORNING = "asterisk-22-mix-1"
ALL = ("queue_log", "cdr", "cel")


async def record(store: Store, events: Iterable[CallEvent]) -> Recorder:
    """Have a recorder write what was heard."""
    feed = Feed()
    recorder = Recorder(feed.follow("recorder", size=1_000_000), store, pbxs=[PBX])
    task = asyncio.create_task(recorder.run())
    for event in events:
        feed.publish(event)
    assert await recorder.close() == 0
    await task
    return recorder


def filler_of(store: Store, recorder: Recorder, logs: PbxLogs, name: str = MORNING) -> GapFiller:
    last = max(call.ended_at or call.offered_at for call in really(name).values())
    return GapFiller(
        Feed().follow("gap filler"), store, recorder.totals, {PBX: logs}, now=lambda: last + timedelta(seconds=60)
    )


async def stored(store: Store) -> dict[str, Call]:
    return by_id(await store.fetch_calls(CallFilter(), limit=10_000))


@pytest.mark.parametrize(
    "cuts", [[(0.3, 0.5)], [(0.1, 0.9)], [(0.5, 0.505)], [(0.62, 0.7)], [(0.1, 0.15), (0.3, 0.35), (0.6, 0.75)]]
)
async def test_after_a_cut_the_calls_are_those_of_an_uninterrupted_run(
    store: Store, engine: AsyncEngine, cuts: list[tuple[float, float]]
) -> None:
    recorder = await record(store, heard(MORNING, *cuts))
    before, real = await stored(store), really(MORNING)
    filler = filler_of(store, recorder, logs_of(MORNING, *ALL))
    gaps = await filler.fill_gaps(PBX)
    after = await stored(store)
    assert after.keys() == real.keys()
    assert filler.filled == sum(gap.calls_filled for gap in gaps) == len(real.keys() - before.keys())
    assert [call_id for call_id, call in real.items() if not alike(rounded(after[call_id]), rounded(call))] == []
    assert [gap.still_missing for gap in gaps] == [None] * len(cuts)
    assert gaps == [gap for gap in await store.fetch_gaps() if not gap.is_history]
    sums = await all_tallies(engine)
    started = {
        span: sum(tally.started for key, tally in sums.items() if key.span is span) for span in TallySpan
    }  # fmt: skip
    assert started[TallySpan.QUARTER] == len(real) == started[TallySpan.EVER] + started[TallySpan.FILLED]
    assert started[TallySpan.FILLED] == filler.filled
    assert recorder.totals.tallies == await store.fetch_totals()


def alike(one: object, other: object) -> bool:
    """Equal, instants within a fifth of a second."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 0.21
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


async def test_filling_again_changes_nothing(store: Store, engine: AsyncEngine) -> None:
    recorder = await record(store, heard(MORNING, (0.3, 0.5)))
    filler = filler_of(store, recorder, logs_of(MORNING, *ALL))
    [gap] = await filler.fill_gaps(PBX)
    calls, sums = await stored(store), await all_tallies(engine)
    assert await filler.fill_gaps(PBX) == []
    assert (await filler.fill(gap)).calls_filled == gap.calls_filled
    assert (await stored(store), await all_tallies(engine)) == (calls, sums)
    filled = {
        call_id for call_id, (_, source) in (await store.fetch_told(PBX, calls)).items() if source is CallSource.FILLED
    }
    assert len(filled) == gap.calls_filled


async def test_coverage_returns_once_the_gap_is_filled(store: Store) -> None:
    recorder = await record(store, heard(MORNING, (0.3, 0.5)))
    [gap] = [gap for gap in recorder.totals.gaps.values() if not gap.is_history]
    assert gap.ended_at is not None
    window = gap.began_at - timedelta(seconds=100), gap.ended_at + timedelta(seconds=100)
    assert coverage(*window, await store.fetch_gaps()) < 0.8
    await filler_of(store, recorder, logs_of(MORNING, *ALL)).fill_gaps(PBX)
    assert coverage(*window, await store.fetch_gaps()) == 1
    assert coverage(*window, recorder.totals.gaps.values()) == 1


async def test_queue_log_alone_fills_the_calls_in_queues_and_says_what_is_missing(store: Store) -> None:
    recorder = await record(store, heard(MORNING, (0.3, 0.5)))
    before = await stored(store)
    filler = filler_of(store, recorder, logs_of(MORNING, "queue_log"))
    [gap] = await filler.fill_gaps(PBX)
    assert gap.still_missing == "queue_log tells no calls but those in queues"
    after, real = await stored(store), really(MORNING)
    in_queues = {call_id for call_id, call in real.items() if call.stays}
    assert in_queues <= after.keys()
    for call_id in in_queues - before.keys():
        assert [stay.outcome for stay in after[call_id].stays][:1] == [stay.outcome for stay in real[call_id].stays][:1]
    whole = [call for call in before.values() if call.ended_at < gap.began_at or call.offered_at > gap.ended_at]
    assert len(whole) > 100
    assert [call for call in whole if after[call.call_id] != call] == []


async def test_records_and_queue_log_lose_no_call_of_a_customer(store: Store) -> None:
    recorder = await record(store, heard(MORNING, (0.3, 0.5)))
    await filler_of(store, recorder, logs_of(MORNING, "queue_log", "cdr")).fill_gaps(PBX)
    after, real = await stored(store), really(MORNING)
    assert real.keys() <= after.keys()
    assert all(after[one].direction is Direction.INTERNAL for one in after.keys() - real.keys())
    assert total_outcomes(after) == total_outcomes({one: call for one, call in real.items() if one in after})


def total_outcomes(calls: dict[str, Call]) -> dict[object, int]:
    outcomes = [call.outcome for call in calls.values() if call.direction is Direction.INBOUND]
    return {outcome: outcomes.count(outcome) for outcome in sorted(set(map(str, outcomes)))}


async def test_a_log_that_cannot_be_read_is_said_and_read_the_next_time(store: Store, tmp_path: Path) -> None:
    recorder = await record(store, heard(MORNING, (0.3, 0.5)))
    filler = filler_of(store, recorder, logs_of(MORNING, "cel", folder=tmp_path))
    [gap] = await filler.fill_gaps(PBX)
    assert gap.filled_at is None
    assert gap.still_missing is not None
    assert "cannot be read: No such file or directory" in gap.still_missing
    whole = logs_of(MORNING, "cel")
    again = filler_of(store, recorder, whole)
    [gap] = await again.fill_gaps(PBX)
    assert gap.is_filled


async def test_a_part_stored_as_a_call_of_its_own_goes_into_the_whole(store: Store) -> None:
    """A consultation that began in the gap is seen as a call between two agents: nobody saw the hold."""
    recorder = await record(store, heard(MORNING, (0.3, 0.5)))
    customers = next(call for call in really(MORNING).values() if len(call.legs) > 3 and call.talks)
    part = msgspec.structs.replace(customers, call_id=customers.legs[-1].leg_id, direction=Direction.INTERNAL)
    await store.store_calls([part])
    [gap] = [gap for gap in recorder.totals.gaps.values() if not gap.is_history]
    began_at = customers.offered_at + timedelta(seconds=1)
    filler = filler_of(store, recorder, logs_of(MORNING, *ALL))
    await filler.fill(msgspec.structs.replace(gap, began_at=began_at, ended_at=began_at + timedelta(seconds=5)))
    assert part.call_id not in await stored(store)


async def test_it_fills_at_the_start_and_after_each_return(store: Store) -> None:
    await record(store, heard(MORNING, (0.3, 0.4)))
    feed = Feed()
    recorder = Recorder(feed.follow("recorder", size=1_000_000), store, pbxs=[PBX])
    last = max(call.ended_at or call.offered_at for call in really(MORNING).values())
    filler = GapFiller(
        feed.follow("gap filler", size=1_000_000),
        store,
        recorder.totals,
        {PBX: logs_of(MORNING, *ALL)},
        now=lambda: last,
    )
    tasks = [asyncio.create_task(recorder.run()), asyncio.create_task(filler.run())]
    await until("the old gap is filled", lambda: filled(recorder) == 1)
    events = list(heard(MORNING, (0.6, 0.7)))
    for event in events:
        feed.publish(event)
    await until("the new gap is filled", lambda: filled(recorder) == 2)
    await until("calls that ran out of it too", lambda: filler.completed > 0)
    filler.close()
    await recorder.close()
    await asyncio.gather(*tasks)
    assert (await stored(store)).keys() == really(MORNING).keys()


async def test_a_call_is_completed_once_more_when_another_gap_is_known(store: Store) -> None:
    """It seemed to have ended at the return; the gap in which it really ended became known later."""
    really_ended = answered_call("1", talk=10)
    await store.store_calls([answered_call("1", talk=50)], source=CallSource.COMPLETED)
    await store.store_calls([really_ended], source=CallSource.COMPLETED)
    await store.store_calls([answered_call("1", talk=70)])
    assert (await store.fetch_call("milan", "1")) == really_ended


async def test_a_call_that_met_two_gaps_is_whole_again_after_a_restart(store: Store) -> None:
    """It ends, and the program is killed before the logs were read again: the next start knows of it."""
    recorder = await record(store, heard(MORNING, (0.3, 0.32), (0.34, 0.36)))
    gaps = [gap for gap in await store.fetch_gaps() if not gap.is_history]
    seen = {call.call_id for call in await store.fetch_half_seen(gaps)}
    twice = [
        call.call_id
        for call in await store.fetch_calls(CallFilter(), limit=10_000)
        if call.call_id in seen and all(call.offered_at < gap.began_at and call.ended_at > gap.ended_at for gap in gaps)
    ]
    assert twice
    last = max(call.ended_at for call in really(MORNING).values())
    for gap in gaps:  # as if they had been filled while those calls went on
        await store.store_filled(msgspec.structs.replace(gap, filled_at=last, filled_from="cel"))
    await filler_of(store, recorder, logs_of(MORNING, *ALL)).fill_gaps(PBX)
    assert await store.fetch_half_seen(gaps) == []
    after, real = await stored(store), really(MORNING)
    assert [one for one in twice if not alike(rounded(after[one]), rounded(real[one]))] == []


def filled(recorder: Recorder) -> int:
    return sum(gap.is_filled for gap in recorder.totals.gaps.values())


async def test_a_call_that_runs_out_of_a_gap_is_completed_when_it_ends(store: Store) -> None:
    """When the line is back the logs do not have its end yet: they are read again once it is over."""
    events = list(heard(MORNING, (0.3, 0.4)))
    back = max(i for i, event in enumerate(events) if isinstance(event, PbxBack))
    returned_at = events[back].at
    feed, clock = Feed(), [returned_at]
    recorder = Recorder(feed.follow("recorder", size=1_000_000), store, pbxs=[PBX])
    cut_off = OnlyUntil(logs_of(MORNING, *ALL), clock)
    filler = GapFiller(
        feed.follow("gap filler", size=1_000_000), store, recorder.totals, {PBX: cut_off}, now=lambda: clock[0]
    )
    tasks = [asyncio.create_task(recorder.run()), asyncio.create_task(filler.run())]
    for event in events[: back + 1]:
        feed.publish(event)
    await until("filled", lambda: filled(recorder) == 1)
    running = {
        call.call_id
        for call in really(MORNING).values()
        if call.offered_at < returned_at < (call.ended_at or call.offered_at)
    }
    assert running
    assert not running & (await stored(store)).keys()
    for event in events[back + 1 :]:
        if isinstance(event, CallEnded):
            clock[0] = max(clock[0], event.at + timedelta(seconds=20))
        feed.publish(event)
    await until("all stored", lambda: recorder.backlog == 0 and recorder.stored > 100)
    await until_none_is_half_seen(store, clock)
    assert filler.completed > 0
    filler.close()
    await recorder.close()
    await asyncio.gather(*tasks)
    calls, real = await stored(store), really(MORNING)
    assert [one for one in running if not alike(rounded(calls[one]), rounded(real[one]))] == []


async def until_none_is_half_seen(store: Store, clock: list[datetime]) -> None:
    """Time goes on, and with it what stands in the logs."""
    async with asyncio.timeout(20):
        while await store.fetch_half_seen([gap for gap in await store.fetch_gaps() if not gap.is_history]):
            clock[0] += timedelta(seconds=1)
            await asyncio.sleep(0.01)


class OnlyUntil(PbxLogs):
    """Logs in which nothing stands yet of what is to come."""

    def __init__(self, logs: PbxLogs, clock: list[datetime]) -> None:
        super().__init__(logs.sources, logs.teller, 0)
        self._clock = clock

    async def tell(self, since: datetime, until: datetime, members=None):  # type: ignore[no-untyped-def]
        async for calls in super().tell(since, min(until, self._clock[0]), members):
            yield calls


async def test_what_is_no_gap_of_a_pbx_with_logs_is_left_alone(store: Store) -> None:
    recorder = await record(store, [])
    filler = filler_of(store, recorder, logs_of(MORNING, *ALL))
    assert await filler.fill_gaps(PBX) == []
    assert total([]) == total(recorder.totals.tallies.values())


@pytest.mark.parametrize("cuts", [[(0.3, 0.4)], [(0.05, 0.07), (0.071, 0.09), (0.1, 0.15), (0.5, 0.8)]])
async def test_after_a_cut_agents_days_are_those_of_an_uninterrupted_run(
    store: Store, engine: AsyncEngine, tmp_path: Path, cuts: list[tuple[float, float]]
) -> None:
    """The last of these is so long that it cut them."""
    hour = busy_hour()
    recorder = await record(store, heard_of(hour.signals, *cuts))
    real = days_of(hour.signals)
    assert astray(await all_spans(engine), real) != []
    filler = filler_at_the_end(store, recorder, logs_in(tmp_path, "queue_log", "cel"))
    gaps = await filler.fill_gaps(PBX)
    spans = await all_spans(engine)
    assert astray(spans, real) == []
    assert overlaps(spans) == []
    assert recorder.totals.tallies == await store.fetch_totals()
    assert (await store.rebuild_tallies(mend=False)).different == 0
    for gap in reversed(gaps):
        await filler.fill(gap)
    assert by_key(await all_spans(engine)) == by_key(spans)


def filler_at_the_end(store: Store, recorder: Recorder, logs: PbxLogs) -> GapFiller:
    last = busy_hour().signals[-1].at
    return GapFiller(Feed().follow("gap filler"), store, recorder.totals, {PBX: logs}, now=lambda: last)


def by_key(spans: Iterable[Span]) -> dict[object, Span]:
    return {span.key: span for span in spans}


async def test_queue_log_alone_tells_log_ins_and_pauses_from_its_table_too(
    store: Store, engine: AsyncEngine, tmp_path: Path
) -> None:
    """A crash between two gaps leaves the second to be filled at the next start."""
    hour = busy_hour()
    recorder = await record(store, heard_of(hour.signals, (0.2, 0.3), (0.5, 0.7)))
    logs = logs_in(tmp_path, "queue_log")
    first, second = [gap for gap in await store.fetch_gaps() if not gap.is_history]
    await filler_at_the_end(store, recorder, logs).fill(first)
    async with table_of(tmp_path, hour.logs["queue_log"]) as table:
        again = PbxLogs([table], logs.teller, 0)
        assert [gap.key for gap in await filler_at_the_end(store, recorder, again).fill_gaps(PBX)] == [
            first.key,
            second.key,
        ]
        spans = await all_spans(engine)
    of_places = [span for span in spans if span.kind is not SpanKind.STATE]
    assert astray(of_places, [span for span in days_of(hour.signals) if span.kind is not SpanKind.STATE]) == []
    assert overlaps(spans) == []
    assert (await store.rebuild_tallies(mend=False)).different == 0


@asynccontextmanager
async def table_of(folder: Path, queue_log: bytes) -> AsyncIterator[LogTable]:
    """queue_log as a table, its times whole seconds."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'asterisk.sqlite'}")
    columns = ("time", "callid", "queuename", "agent", "event", "data")
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"CREATE TABLE queue_log (id INTEGER PRIMARY KEY, {', '.join(columns)})")
            rows = [tuple(line.split("|", 5)) for line in queue_log.decode().splitlines()]
            into = f"INSERT INTO queue_log ({', '.join(columns)}) VALUES (?, ?, ?, ?, ?, ?)"
            await connection.exec_driver_sql(into, [(*row, "")[:6] for row in rows])
        yield LogTable("queue_log", engine, "queue_log", "queue_log", UTC)
    finally:
        await engine.dispose()


async def test_names_that_the_events_have_shown_are_those_of_the_log(store: Store, tmp_path: Path) -> None:
    hour = busy_hour()
    recorder = await record(store, heard_of(hour.signals, (0.3, 0.4)))
    logs = logs_in(tmp_path, "queue_log", names={})
    last = hour.signals[-1].at
    filler = GapFiller(
        Feed().follow("gap filler"), store, recorder.totals, {PBX: logs}, names=lambda _: NAMES, now=lambda: last
    )
    await filler.fill_gaps(PBX)
    spans = await store.fetch_spans(hour.signals[0].at - timedelta(days=1), last)
    assert {span.agent for span in spans} <= set(NAMES.values())
    assert sum(span.source is CallSource.FILLED for span in spans if span.kind is SpanKind.PAUSE) > 10


async def test_a_long_gap_in_which_the_pbx_began_anew_ends_the_days(
    store: Store, engine: AsyncEngine, tmp_path: Path
) -> None:
    hour = busy_hour()
    recorder = await record(store, heard_of(hour.signals, (0.3, 0.6)))
    before = await all_spans(engine)
    logs = logs_in(tmp_path, "queue_log")
    [gap] = [gap for gap in await store.fetch_gaps() if not gap.is_history]
    assert gap.ended_at is not None
    restart = f"{gap.began_at.timestamp() + 60:.0f}|NONE|NONE|NONE|QUEUESTART|\n".encode()
    lines = [*(tmp_path / "queue_log").read_bytes().splitlines(keepends=True), restart]
    (tmp_path / "queue_log").write_bytes(b"".join(sorted(lines)))
    [gap] = await filler_at_the_end(store, recorder, logs).fill_gaps(PBX)
    assert gap.is_filled == (gap.still_missing is None)
    assert by_key(await all_spans(engine)) == by_key(before)
