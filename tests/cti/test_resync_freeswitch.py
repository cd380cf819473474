"""Coming late, or back, to a busy FreeSWITCH: what goes on is known, what comes is told as it is, nothing stays."""

from __future__ import annotations

import random

import pytest

from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.people import Public
from offhook.simulator.sites import DEMO
from offhook.simulator.stories import Attended, HangUp, Story, Talk
from offhook.simulator.traffic import Bustle, Traffic
from offhook.simulator.truth import CallTruth
from tests.cti.late_listener import STARTED_AT, Listener
from tests.offhook.simulator.told import FREESWITCH_SECONDS, differences

BUSY = Traffic(calls_per_hour=900.0, talk_median_s=50.0, break_every_s=1200.0, break_median_s=120.0)


def busy(seed: int) -> tuple[Listener, Bustle]:
    plant = FreeswitchPlant(DEMO, seed=seed, started_at=STARTED_AT)
    bustle = Bustle(plant, Public(random.Random(seed), []), BUSY, seed=seed)
    plant.staff_logs_in()
    bustle.begin()
    return Listener(plant), bustle


def to_the_end(listener: Listener, bustle: Bustle) -> None:
    listener.hear(listener.plant.timeline.now + 200.0)
    bustle.stop()
    listener.hear(listener.plant.timeline.now + 8000.0)


def wrong(listener: Listener, call: CallTruth) -> list[str]:
    told = listener.ended.get(call.uniqueid)
    if told is None:
        return [f"{call.id} is not told"]
    return [f"{call.id}: {one}" for one in differences(call, told, listener.second, FREESWITCH_SECONDS)]


@pytest.mark.parametrize("seed", range(6))
def test_who_comes_late_knows_what_goes_on(seed: int) -> None:
    listener, bustle = busy(seed)
    came_at = 60.0 + 53.7 * seed
    listener.away(came_at)
    listener.ask()
    to_the_end(listener, bustle)
    truths = {call.uniqueid: call for call in listener.plant.truth.calls}
    going_on = [call for call in truths.values() if call.offered_at < came_at <= (call.ended_at or 0.0)]
    assert going_on
    assert set(listener.ended) == {call.uniqueid for call in truths.values() if (call.ended_at or 0.0) >= came_at}
    for call in going_on:
        told = listener.ended[call.uniqueid]
        assert (told.direction, told.caller.number, told.ended_by) == (call.direction, call.caller, call.ended_by)
        if call.talks and (call.talks[-1].ended_at or 0.0) >= came_at:
            assert told.answered_by[-1] == call.answered_by[-1]
    later = [call for call in truths.values() if call.offered_at > came_at]
    assert len(later) > 20
    assert [one for call in later for one in wrong(listener, call)] == []
    assert listener.oddities == []
    assert list(listener.board.tracker.open_calls()) == []


@pytest.mark.parametrize("seed", range(6))
def test_who_was_away_for_a_while_tells_calls_whole_that_outlived_it(seed: int) -> None:
    listener, bustle = busy(seed)
    went_at, back_at = 120.0 + 37.3 * seed, 123.0 + 43.1 * seed
    listener.hear(went_at)
    listener.away(back_at)
    listener.ask()
    to_the_end(listener, bustle)
    truths = listener.plant.truth.calls
    seen = [call for call in truths if (call.ended_at or 0.0) < went_at or call.offered_at > back_at]
    assert [one for call in seen for one in wrong(listener, call)] == []
    unseen = {call.uniqueid for call in truths if call.offered_at > went_at and (call.ended_at or 0.0) < back_at}
    assert set(listener.ended) >= {call.uniqueid for call in truths} - unseen
    assert not set(listener.ended) - {call.uniqueid for call in truths}
    for call in truths:
        if call.offered_at < went_at and (call.ended_at or 0.0) > back_at:
            told = listener.ended[call.uniqueid]
            assert (told.outcome, told.ended_by, told.caller.number) == (call.outcome, call.ended_by, call.caller)
    assert list(listener.board.tracker.open_calls()) == []


def test_a_channel_that_is_over_and_not_yet_destroyed_is_no_call() -> None:
    """FreeSWITCH shows it until the queue's thread has let go of it, up to a tenth of a second."""
    plant = FreeswitchPlant(DEMO, seed=1, started_at=STARTED_AT)
    plant.staff_logs_in()
    listener = Listener(plant)
    listener.hear(1.0)
    acts = (Talk(seconds=3.0), HangUp())
    plant.tell(Story(kind="queue", to="+390221000100", answers={"101": 1.0}, acts=acts))
    while plant.open_calls:
        listener.away(plant.timeline.now + 0.005)
    assert [leg.call_state for leg in plant.core.legs.values()] == ["HANGUP", "HANGUP"]
    listener.ask()
    listener.hear(60.0)
    assert (listener.ended, list(listener.board.tracker.open_calls())) == ({}, [])


def test_a_click_to_dial_that_goes_on_is_the_agents_call() -> None:
    """By then his own leg shows the public's number as its destination."""
    plant = FreeswitchPlant(DEMO, seed=1, started_at=STARTED_AT)
    plant.staff_logs_in()
    acts = (Talk(seconds=30.0), HangUp(by="agent"))
    story = Story(
        kind="click", agent="101", to="+442079460006", answers={"101": 1.0}, far_answers_after_s=2.0, acts=acts
    )
    plant.tell(story)
    listener = Listener(plant)
    listener.away(10.0)
    listener.ask()
    listener.hear(100.0)
    (call,) = listener.ended.values()
    assert (call.direction, call.outcome, call.answered_by, call.ended_by) == (
        "outbound",
        "answered",
        ("101",),
        "agent",
    )
    assert (call.dialled or "").endswith("442079460006")


@pytest.mark.parametrize("heard_s", [0.0, 4.0], ids=["never heard of", "known before"])
def test_a_consultation_that_goes_on_is_part_of_the_call_that_is_on_hold(heard_s: float) -> None:
    plant = FreeswitchPlant(DEMO, seed=1, started_at=STARTED_AT)
    plant.staff_logs_in()
    acts = (Talk(seconds=4.0), Attended(to="102", seconds=20.0), Talk(seconds=5.0), HangUp())
    plant.tell(Story(kind="queue", to="+390221000100", answers={"101": 1.0, "102": 2.0}, acts=acts))
    listener = Listener(plant)
    listener.hear(heard_s)
    listener.away(15.0)
    listener.ask()
    listener.hear(200.0)
    (call,) = listener.ended.values()
    assert (call.answered_by, call.outcome) == (("101", "102"), "answered")
    assert [(str(each.kind), each.by, each.to) for each in call.transfers] == [("attended", "101", "102")]
    assert list(listener.board.tracker.open_calls()) == []
