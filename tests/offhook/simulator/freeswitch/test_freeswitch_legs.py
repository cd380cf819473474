"""A leg's headers: names, order and what they say, as in the recordings."""

from __future__ import annotations

import pytest

from cti.model import Party
from cti.wire.esl import EslFrame
from offhook.simulator.freeswitch.legs import Leg
from tests.offhook.simulator.freeswitch.fs_twins import SCENARIOS, by_leg, recorded, twin

# what FreeSWITCH fills in at moments that no reader asks after
LOOSE = ("Callee-ID", "Dialplan", "Network-Addr")
SAID = (
    *("Call-Direction", "Answer-State", "Caller-Context", "Caller-Logical-Direction", "Channel-HIT-Dialplan"),
    *("Caller-Privacy-Hide-Number", "Other-Leg-Logical-Direction", "Caller-Source", "Other-Type"),
)


def names(frame: EslFrame) -> list[str]:
    """Of all headers but variables, those that stand fast."""
    body = frame.raw[frame.start : frame.end].decode()
    found = [line.partition(":")[0] for line in body.split("\n")]
    return [name for name in found if not name.startswith("variable_") and not any(each in name for each in LOOSE)]


def pairs(scenario: str) -> list[tuple[EslFrame, EslFrame]]:
    one, other = by_leg(recorded(scenario)), by_leg(twin(scenario))
    return [pair for who in one.keys() & other.keys() for pair in zip(one[who], other[who], strict=False)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_headers_are_those_of_the_recording_in_their_order(scenario: str) -> None:
    compared = pairs(scenario)
    assert len(compared) >= 5
    assert [(there.name, names(there), names(here)) for there, here in compared if names(there) != names(here)] == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_headers_say_of_a_leg_is_what_the_recording_says(scenario: str) -> None:
    wrong = [
        (there.name, header, there.get(header.encode()), here.get(header.encode()))
        for there, here in pairs(scenario)
        for header in SAID
        if there.get(header.encode()) != here.get(header.encode())
    ]
    assert wrong == []


def test_a_withheld_number_is_hidden() -> None:
    leg = Leg("uuid", "sofia/internal/x@y", Party(), "101", "public", 1_000_000, far=False)
    told = dict(leg.block().pairs)
    assert told["Caller-Privacy-Hide-Number"] == "true"
    assert (told["Caller-Caller-ID-Number"], told["Caller-Caller-ID-Name"]) == ("anonymous", "anonymous")


def test_a_change_is_shown_by_the_next_event() -> None:
    leg = Leg("uuid", "sofia/internal/x@y", Party("1", "One"), "101", "public", 1_000_000, far=False)
    before = leg.block()
    leg.variables["cc_agent"] = "101"
    assert leg.block() is before
    leg.changed()
    assert dict(leg.block().pairs)["variable_cc_agent"] == "101"
