"""A browser and a recorder that are stuck: what they miss is counted, they take the state anew, nobody else notices."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.feed import Feed, Follower
from cti.model import CallEnded, CallEvent, OddityFound
from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.switchboard import Switchboard
from cti.wire.ami import AmiWire
from kpi.live import LiveBoard
from kpi.recorder import Recorder
from kpi.store import Store
from offhook.database import make_engine, migrate
from offhook.simulator.people import Public
from offhook.simulator.plant import Plant
from offhook.simulator.server import BANNER
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic
from tests.faults.kept import differences_of, story_differences

STUCK_EVENTS = 50


async def heard(follower: Follower) -> list[CallEvent]:
    """All that a follower can read, once the feed is closed."""
    return [event async for event in follower]


def site(seed: int) -> tuple[Plant, Bustle]:
    plant = Plant(DEMO, seed=seed, started_at=datetime(2026, 3, 2, 9, tzinfo=UTC))
    bustle = Bustle(
        plant, Public(random.Random(seed), []), Traffic(calls_per_hour=600.0, talk_median_s=20.0), seed=seed
    )
    plant.staff_logs_in()
    return plant, bustle


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_stuck_follower_misses_alone(tmp_path: Path, seed: int) -> None:
    plant, bustle = site(seed)
    feed, live = Feed(), LiveBoard()
    engine = make_engine("sqlite:///offhook.sqlite", beside=tmp_path)
    await migrate(engine)
    recorder = Recorder(feed.follow("recorder", 100_000), Store(engine))
    recording = asyncio.create_task(recorder.run())
    browser, other = feed.follow("browser", STUCK_EVENTS), feed.follow("other", 100_000)
    feed.attach("live", live.apply)
    board, wire = Switchboard("sim", AsteriskEvents("sim", ()), feed.publish), AmiWire(WANTED)
    wire.feed(BANNER)
    bustle.begin()
    for until in (900.0, 3600.0):
        for at, data in plant.advance(until):
            board.take(wire.feed(data), at, "s1")
        bustle.stop()
    assert plant.open_calls == 0
    missed = browser.missed
    assert missed == feed.missed["browser"] == feed.published - STUCK_EVENTS > 1000
    assert not browser.resync
    told = [await anext(browser) for _ in range(STUCK_EVENTS)]
    assert browser.resync, "from here on it has to ask for the present"
    assert live.calls() == board.tracker.open_calls() == [], "which is told to whoever asks"
    assert told
    feed.close()
    assert await recorder.close() == 0
    await recording
    everything = await heard(other)
    assert len(everything) == feed.published
    assert (feed.missed["other"], feed.missed["recorder"], feed.failures) == (0, 0, {})
    ended = {event.call.call_id: event.call for event in everything if isinstance(event, CallEnded)}
    assert story_differences(plant, ended) == await differences_of(engine, plant) == []
    assert not [event for event in everything if isinstance(event, OddityFound)]
    assert set(live.stay_differences().values()) == {0}
    await engine.dispose()


async def test_a_recorder_that_had_to_miss_something_leaves_its_mark_where_it_was(tmp_path: Path) -> None:
    """So the next start reads the journal from before what was missed, and nothing is lost."""
    plant, bustle = site(3)
    feed = Feed()
    engine = make_engine("sqlite:///offhook.sqlite", beside=tmp_path)
    await migrate(engine)
    store = Store(engine)
    told: list[CallEvent] = []
    feed.attach("journal", told.append)
    recorder = Recorder(feed.follow("recorder", STUCK_EVENTS), store)
    board, wire = Switchboard("sim", AsteriskEvents("sim", ()), feed.publish), AmiWire(WANTED)
    wire.feed(BANNER)
    bustle.begin()
    for until in (900.0, 3600.0):
        for at, data in plant.advance(until):
            board.take(wire.feed(data), at, "s1")
        bustle.stop()
    feed.close()
    await recorder.run()
    assert recorder.missed > 1000
    assert (await store.fetch_marks()).get("sim") is None or (await store.fetch_marks())["sim"].session is None
    again = Feed()
    second = Recorder(again.follow("recorder", 100_000), store)
    for event in told:
        again.publish(event)
    again.close()
    await second.run()
    assert await differences_of(engine, plant) == []
    assert (await store.fetch_marks())["sim"].session == "s1"
    await engine.dispose()
