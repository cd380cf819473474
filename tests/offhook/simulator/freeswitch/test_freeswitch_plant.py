"""Days on the simulated FreeSWITCH: the tracker tells every call as it was, agents live consistent days."""

from __future__ import annotations

import msgspec
import pytest

from offhook.simulator.freeswitch.agents import AVAILABLE, LOGGED_OUT, ON_BREAK
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.plant import Temper
from offhook.simulator.sites import DEMO, site
from offhook.simulator.stories import HangUp, Story, Talk
from offhook.simulator.traffic import Traffic
from tests.offhook.simulator.bustling import BUSY, QUIET, STARTED_AT, bustling, until_quiet


@pytest.mark.parametrize(
    ("seed", "traffic", "temper"),
    [
        *((seed, BUSY, None) for seed in range(8)),
        (11, QUIET, None),
        (12, BUSY, Temper(misses_share=0.5)),
        (13, BUSY, Temper(picks_up_median_s=9.0)),
    ],
)
def test_the_tracker_tells_every_call_as_it_was(seed: int, traffic: Traffic, temper: Temper | None) -> None:
    watched, bustle = bustling(FreeswitchPlant, seed, traffic, temper=temper)
    until_quiet(watched, bustle, 1200.0)
    assert len(watched.plant.truth.calls) > 50
    assert watched.differences() == []
    assert watched.oddities == []
    assert list(watched.board.tracker.open_calls()) == []


def test_the_tracker_tells_what_agents_do_by_command() -> None:
    watched, bustle = bustling(FreeswitchPlant, 5, msgspec.structs.replace(QUIET, break_every_s=400.0))
    until_quiet(watched, bustle, 3600.0)
    done = [(each["agent"], each["state"], each["at"]) for each in watched.plant.truth.agent_states]
    told = [(agent, change, second) for agent, change, _, _, second in watched.states()]
    assert {state for _, state, _ in done} == {"login", "logout", "pause", "unpause"}
    assert [each[:2] for each in done] == [each[:2] for each in told]
    assert [at for *_, at in done] == pytest.approx([second for *_, second in told], abs=0.05)


def test_a_large_site_under_load_comes_to_rest() -> None:
    load = Traffic(calls_per_hour=3600.0 * 3, talk_median_s=20.0)
    watched, bustle = bustling(FreeswitchPlant, 6, load, site(120, 9))
    until_quiet(watched, bustle, 120.0)
    plant = watched.plant
    assert watched.differences() == []
    assert (plant.open_calls, plant.core.legs, plant.parked) == (0, {}, set())
    assert not any(plant.core.phones.values())
    assert not any(queue.waiting or queue.placed for queue in plant.lines.values())


def test_every_kind_of_ending_and_handover_happens() -> None:
    watched, bustle = bustling(FreeswitchPlant, 7, BUSY, temper=Temper(misses_share=0.4))
    until_quiet(watched, bustle, 2400.0)
    calls = watched.plant.truth.calls
    assert {call.outcome for call in calls} >= {
        "answered", "abandoned", "timeout", "exit_key", "no_answer", "busy", "ivr_hangup",
    }  # fmt: skip
    assert {handed["kind"] for call in calls for handed in call.transfers} == {"blind", "attended", "queue", "park"}
    assert {ring.result for call in calls for ring in call.rings} == {"answered", "missed", "elsewhere", "cancelled"}
    assert watched.differences() == []


def test_a_status_is_told_once_and_holds_for_all_queues() -> None:
    plant = FreeswitchPlant(DEMO, seed=1, started_at=STARTED_AT)
    plant.log_in("116", "billing")
    plant.log_in("116", "orders")
    assert [queue.plan.name for queue in plant.queues_of("116")] == ["billing", "orders"]
    plant.dial_code("116", "*23")
    assert plant.agents["116"].status == ON_BREAK
    plant.dial_code("116", "*24")
    assert plant.agents["116"].status == AVAILABLE
    plant.dial_code("116", "*22")
    assert plant.agents["116"].status == LOGGED_OUT
    plant.pause("116", True)
    assert [each["state"] for each in plant.truth.agent_states] == ["login", "pause", "unpause", "logout"]


def test_after_a_restart_no_call_is_left_and_agents_are_as_they_were() -> None:
    watched, bustle = bustling(FreeswitchPlant, 9, BUSY)
    watched.run(400.0)
    bustle.stop()
    plant = watched.plant
    assert plant.open_calls > 3
    before, statuses = plant.core.uuid, [agent.status for agent in plant.agents.values()]
    known, at = len(plant.truth.calls), plant.timeline.now
    plant.restart()
    assert plant.core.uuid != before
    assert (plant.open_calls, plant.core.legs) == (0, {})
    assert [agent.status for agent in plant.agents.values()] == statuses
    assert all(call.ended_at is not None and call.ended_at <= at for call in plant.truth.calls)
    ended = [call.ended_at for call in plant.truth.calls]
    told = {event.name for _, events in plant.advance(at + 5000.0) for event in events}
    assert told <= {"HEARTBEAT", "API", "callcenter::info"}
    assert [call.ended_at for call in plant.truth.calls][:known] == ended


def test_after_a_restart_calls_come_again() -> None:
    watched, bustle = bustling(FreeswitchPlant, 9, BUSY)
    watched.run(400.0)
    bustle.stop()
    plant = watched.plant
    plant.restart()
    plant.tell(Story(kind="queue", to="+390221000200", party=bustle.public.known(), acts=(Talk(seconds=3.0), HangUp())))
    events = [event.name for _, events in plant.advance(plant.timeline.now + 300.0) for event in events]
    assert "CHANNEL_BRIDGE" in events
    assert plant.truth.calls[-1].outcome == "answered"
