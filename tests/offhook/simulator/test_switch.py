"""The event stream: every kind of event has the headers of the recordings, in their order."""

from __future__ import annotations

import random

import pytest

from cti.model import Party
from cti.wire.ami import AmiFrame
from offhook.simulator.channels import RING, RINGING, UP
from offhook.simulator.clockwork import Timeline
from offhook.simulator.people import Public
from offhook.simulator.switch import Switch
from offhook.simulator.traffic import Bustle, Traffic
from tests.offhook.simulator import twins

Form = tuple[str, str | None, tuple[str, ...]]
ANNA = Party("101", "Anna Rossi")


def form(frame: AmiFrame) -> Form:
    """Name, privilege, and the names of all headers in order."""
    return frame.name, frame.get(b"Privilege"), tuple(key for key, _ in frame.items())


@pytest.fixture(scope="module")
def recorded_forms() -> set[Form]:
    names = sorted(folder.name for folder in twins.RECORDINGS.iterdir() if folder.name != "mix-1")
    return {form(frame) for name in names for _, frame in twins.recorded(name)}


@pytest.fixture
def switch() -> Switch:
    return Switch(Timeline(), 1_795_289_208.0, random.Random(1))


def test_every_event_of_a_busy_day_has_the_form_of_a_recorded_one(recorded_forms: set[Form]) -> None:
    made = twins.plant(seed=3)
    traffic = Traffic(calls_per_hour=600.0, talk_median_s=20.0, break_every_s=300.0, break_median_s=60.0)
    Bustle(made, Public(random.Random(3), [twins.CALLER]), traffic, seed=3).begin()
    forms = {form(frame) for _, frame in twins.frames_of(made, 3 * 3600.0)}
    assert forms - recorded_forms == set()
    told, known = {name for name, _, _ in forms}, {name for name, _, _ in recorded_forms}
    only_answers = {
        "BridgeListItem",
        "CoreShowChannel",
        "QueueEntry",
        "QueueMember",
        "QueueParams",
        "QueueSummary",
        "Status",
    }
    not_simulated = {"VarSet", "Newexten", "RTCPSent", "RTCPReceived", "TestEvent", "ChallengeSent", "SuccessfulAuth"}
    session = {"FullyBooted", "Response"} | {
        name for name in known if name.endswith("Complete") and name != "AgentComplete"
    }
    assert known - told - only_answers - not_simulated - session == set()


def test_uniqueids_begin_with_the_second_and_count_up(switch: Switch) -> None:
    first = switch.new_channel("PJSIP/trunk", RING, Party("+4420"), "from-trunk", "100")
    switch.timeline.now = 2.4
    second = switch.new_channel("PJSIP/101", RING, ANNA, "from-internal", "s", first.linked_id)
    assert (first.unique_id, second.unique_id) == ("1795289208.0", "1795289210.1")
    assert second.linked_id == first.unique_id
    assert second.name == "PJSIP/101-00000001"


def test_channels_in_one_bridge_belong_to_the_older_call(switch: Switch) -> None:
    older = switch.new_channel("PJSIP/trunk", RING, Party("+4420"), "from-trunk", "100")
    younger = switch.new_channel("PJSIP/101", RING, ANNA, "from-internal", "701")
    bridge = switch.new_bridge()
    switch.enter(bridge, younger)
    switch.enter(bridge, older)
    assert younger.linked_id == older.unique_id


def test_parked_callers_stay_apart(switch: Switch) -> None:
    callers = [switch.new_channel("PJSIP/trunk", UP, Party("+4420"), "from-trunk", "100") for _ in range(2)]
    bridge = switch.new_bridge("holding_bridge")
    bridge.kind = "parking"
    for caller in callers:
        switch.enter(bridge, caller)
    assert [caller.linked_id for caller in callers] == [caller.unique_id for caller in callers]


@pytest.mark.parametrize(
    ("states", "device", "told"),
    [
        ((), "PJSIP/101", "NOT_INUSE"),
        ((RINGING,), "PJSIP/101", "RINGING"),
        ((UP,), "PJSIP/101", "INUSE"),
        ((RING,), "PJSIP/101", "INUSE"),
        ((UP, RING), "PJSIP/101", "BUSY"),
        ((UP, UP), "PJSIP/trunk", "INUSE"),
        ((UP, RINGING), "PJSIP/trunk", "RINGINUSE"),
    ],
)
def test_a_device_s_state_is_that_of_its_channels(
    switch: Switch, states: tuple[str, ...], device: str, told: str
) -> None:
    for state in states:
        switch.new_channel(device, state, ANNA, "from-internal", "s")
    assert switch.device_state(device) == told


def test_a_device_on_hold_says_so_until_it_is_taken_back(switch: Switch) -> None:
    trunk = switch.new_channel("PJSIP/trunk", UP, Party("+4420"), "from-trunk", "100")
    switch.set_held(trunk, True)
    assert "Device: PJSIP/trunk\r\nState: ONHOLD" in switch.take_text()
    switch.set_held(trunk, False)
    assert "Device: PJSIP/trunk\r\nState: INUSE" in switch.take_text()


def test_a_state_is_told_when_it_changes_only(switch: Switch) -> None:
    changes: list[tuple[str, str]] = []
    switch.device_changed = lambda device, state: changes.append((device, state))
    channel = switch.new_channel("PJSIP/101", RING, ANNA, "from-internal", "102")
    switch.settle()
    switch.set_state(channel, UP)
    switch.settle()
    switch.hangup(channel)
    assert changes == [("PJSIP/101", "INUSE"), ("PJSIP/101", "NOT_INUSE")]
    assert switch.channels == {}
