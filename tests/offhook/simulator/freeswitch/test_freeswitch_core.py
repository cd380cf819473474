"""The event stream: sequence, clock, who said it; a leg's phone is in use as long as the leg is."""

from __future__ import annotations

import random

import pytest

from cti.model import Party
from offhook.simulator.clockwork import Timeline
from offhook.simulator.freeswitch import births
from offhook.simulator.freeswitch.core import SAID_BY, TICK_US, Core
from tests.offhook.simulator.freeswitch.fs_twins import SCENARIOS, TOLD, recorded

EPOCH = 1_795_000_000.007


def a_core() -> Core:
    return Core(Timeline(), EPOCH, random.Random(1))


def test_events_are_numbered_and_stamped_by_a_clock_that_moves_in_steps() -> None:
    core = a_core()
    core.timeline.after(0.513, core.heartbeat)
    core.heartbeat()
    while core.timeline.step(1.0):
        pass
    first, second = core.take_events()
    assert int(second.get("Event-Sequence") or 0) == int(first.get("Event-Sequence") or 0) + 1
    stamps = [int(event.get("Event-Date-Timestamp") or 0) for event in (first, second)]
    assert [stamp % TICK_US for stamp in stamps] == [0, 0]
    assert stamps[1] / 1e6 == pytest.approx(EPOCH + 0.513, abs=0.02)
    assert core.take_events() == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_events_are_said_by_who_says_them_in_freeswitch(scenario: str) -> None:
    header = ("Event-Calling-File", "Event-Calling-Function", "Event-Calling-Line-Number")
    wrong = set()
    for frame in recorded(scenario):
        said = frame.get(b"CC-Action") or (frame.get(b"Action") if "valet" in frame.name else None) or frame.name
        by = tuple(frame.get(key.encode()) for key in header)
        left_early = frame.get(b"CC-Cause") == "Cancel"  # said elsewhere in the same module
        if frame.name in TOLD and not left_early and by != SAID_BY[said]:
            wrong.add((said, by))
    assert wrong == set()


def test_a_phone_is_in_use_while_its_leg_is() -> None:
    core = a_core()
    phone = core.begin(births.to_phone(core, "101", Party("1")))
    assert core.phones["101"] == 1
    core.end(phone, "send_cancel", "NO_ANSWER")
    assert core.phones["101"] == 0
    assert core.legs == {}
    assert [event.name for event in core.take_events()] == [
        *("CHANNEL_CREATE", "CHANNEL_ORIGINATE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")
    ]


def test_a_leg_that_cannot_be_made_ends_before_it_begins() -> None:
    core = a_core()
    core.stillborn(births.to_phone(core, "101", Party("1")), "DESTINATION_OUT_OF_ORDER")
    events = core.take_events()
    assert [event.name for event in events][:2] == ["CHANNEL_HANGUP", "CHANNEL_CREATE"]
    assert events[1].get("Answer-State") == "hangup"
    assert core.phones["101"] == 0
