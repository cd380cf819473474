"""Random traffic: the tracker tells every call as it really was, and the days look like days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from offhook.simulator.plant import Plant, Temper
from offhook.simulator.sites import DEMO, site
from offhook.simulator.traffic import Bustle, Traffic, office_hours, waves
from tests.offhook.simulator.bustling import BUSY, QUIET, STARTED_AT, bustling, public, until_quiet


@pytest.mark.parametrize(
    ("seed", "traffic", "temper"),
    [(1, QUIET, None), (2, BUSY, None), (3, BUSY, Temper(misses_share=0.5)), (4, BUSY, Temper(picks_up_median_s=9.0))],
    ids=["quiet", "busy", "agents who let it ring", "slow agents"],
)
def test_the_tracker_tells_every_call_as_it_was(seed: int, traffic: Traffic, temper: Temper | None) -> None:
    watched, bustle = bustling(Plant, seed, traffic, temper=temper)
    until_quiet(watched, bustle, 3600.0)
    assert len(watched.plant.truth.calls) > 150
    assert watched.differences() == []
    assert watched.oddities == []
    assert list(watched.board.tracker.open_calls()) == []


def test_the_tracker_tells_what_agents_do_by_command() -> None:
    watched, bustle = bustling(Plant, 5, msgspec.structs.replace(QUIET, break_every_s=400.0))
    until_quiet(watched, bustle, 7200.0)
    states = watched.plant.truth.agent_states
    done = [(each["agent"], each["state"], each["queue"], each["reason"], round(each["at"], 3)) for each in states]
    assert {state for _, state, *_ in done} == {"login", "logout", "pause", "unpause"}
    assert sorted(map(str, watched.states())) == sorted(map(str, done))


def test_a_large_site_under_load_comes_to_rest() -> None:
    load = Traffic(calls_per_hour=3600.0 * 3, talk_median_s=20.0)
    watched, bustle = bustling(Plant, 6, load, site(120, 9))
    until_quiet(watched, bustle, 300.0)
    assert watched.differences() == []
    assert (watched.plant.open_calls, watched.plant.switch.channels) == (0, {})


def test_every_kind_of_ending_and_handover_happens() -> None:
    watched, bustle = bustling(Plant, 7, BUSY, temper=Temper(misses_share=0.4))
    until_quiet(watched, bustle, 3 * 3600.0)
    calls = watched.plant.truth.calls
    assert {call.outcome for call in calls} >= {
        "answered", "abandoned", "timeout", "exit_key", "no_answer", "busy", "ivr_hangup",
    }  # fmt: skip
    assert {each["kind"] for call in calls for each in call.transfers} == {"blind", "attended", "queue", "park"}
    assert {call.ended_by for call in calls} == {"customer", "agent", "pbx"}
    assert {call.direction for call in calls} == {"inbound", "outbound", "internal"}
    assert any(call.transfers_failed for call in calls)
    assert any(call.caller is None for call in calls)
    assert max(Counter(call.caller for call in calls if call.caller).values()) > 3


def test_calls_come_at_the_rate_that_was_asked_for() -> None:
    plant = Plant(DEMO, seed=8, started_at=STARTED_AT)
    Bustle(plant, public(8), Traffic(calls_per_hour=600.0), seed=8).begin()
    for _ in plant.advance(4 * 3600.0):
        pass
    assert len(plant.truth.calls) == pytest.approx(2400, rel=0.1)


def test_an_office_is_busiest_in_the_morning_and_shut_at_night() -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    rates = {hour: office_hours(monday + timedelta(hours=hour)) for hour in range(24)}
    assert max(rates, key=lambda hour: rates[hour]) in (10, 11)
    assert rates[15] > rates[13] < rates[10]
    assert rates[3] < 0.02
    assert office_hours(monday + timedelta(days=6, hours=10)) < 0.1 * rates[10]


def test_waves_come_and_go() -> None:
    rates = [waves(STARTED_AT + timedelta(seconds=10 * step)) for step in range(60)]
    assert 0.15 < min(rates) < 0.3
    assert 0.9 < max(rates) <= 1.0


def test_a_visit_is_a_known_customer_at_that_queue() -> None:
    plant = Plant(DEMO, seed=9, started_at=STARTED_AT)
    bustle = Bustle(plant, public(9), QUIET, seed=9)
    plant.staff_logs_in()
    bustle.visit("billing")
    for _ in plant.advance(2.0):
        pass
    (call,) = plant.truth.calls
    assert (call.dialled, call.queue) == ("+390221000400", "billing")
    assert call.caller_name is not None
