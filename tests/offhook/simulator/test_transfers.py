"""Handing over: what the switch says of it."""

from __future__ import annotations

import pytest

from offhook.simulator.stories import Attended, Blind, HangUp, Park, Talk
from tests.offhook.simulator import twins

TALK = Talk(seconds=4.0)
ANSWERS = {"101": 1.0, "102": 1.0, "103": 1.0, "104": 20.0, "105": 20.0}


def frames_of(did: str, *acts: object) -> twins.Frames:
    made = twins.plant()
    made.tell(twins.queue(did, TALK, *acts, HangUp(), answers=ANSWERS))
    return twins.frames_of(made, 200.0)


def test_behind_a_pair_it_is_the_pair_that_is_handed_over() -> None:
    (told,) = [frame for _, frame in frames_of(twins.SUPPORT, Blind(to="101"), TALK) if frame.name == "BlindTransfer"]
    assert str(told.get(b"TransfererChannel")).startswith("PJSIP/103-")
    assert str(told.get(b"TransfereeChannel")).endswith(";2")
    assert told.get(b"Extension") == "101"


def test_without_a_pair_the_queue_is_done_at_the_transfer() -> None:
    frames = frames_of(twins.SALES, Blind(to="102"), TALK)
    at = {frame.name: at for at, frame in frames if frame.name in ("BlindTransfer", "AgentComplete")}
    assert at["AgentComplete"] == at["BlindTransfer"]
    reason = next(frame.get(b"Reason") for _, frame in frames if frame.name == "AgentComplete")
    assert reason == "transfer"


@pytest.mark.parametrize(("did", "mover"), [(twins.SALES, "PJSIP/102-"), (twins.SUPPORT, "Local/103@agents-")])
def test_which_bridge_lives_on_depends_on_the_pair(did: str, mover: str) -> None:
    frames = frames_of(did, Attended(to="102"), TALK)
    (swap,) = [frame for _, frame in frames if frame.name == "BridgeEnter" and frame.get(b"SwapUniqueid")]
    assert str(swap.get(b"Channel")).startswith(mover)
    (told,) = [frame for _, frame in frames if frame.name == "AttendedTransfer"]
    assert told.get(b"DestBridgeUniqueid") == swap.get(b"BridgeUniqueid")


def test_the_one_who_was_consulted_joins_the_caller_s_call_without_being_told() -> None:
    frames = frames_of(twins.SALES, Attended(to="102"), TALK)
    linked = [frame.get(b"Linkedid") for _, frame in frames if str(frame.get(b"Channel")).startswith("PJSIP/102-")]
    assert linked[0] != linked[-1]
    assert linked[-1] == frames[0][1].get(b"Uniqueid")


def test_two_callers_are_parked_at_two_places_in_one_bridge() -> None:
    made = twins.plant()
    for second in (0.0, 1.0):
        story = twins.queue(
            twins.SALES, TALK, Park(by="103", seconds=20.0 + 9 * second), TALK, HangUp(), answers=ANSWERS
        )
        made.timeline.after(second, lambda story=story: made.tell(story))  # type: ignore[misc]
    frames = twins.frames_of(made, 200.0)
    assert [frame.get(b"ParkingSpace") for _, frame in frames if frame.name == "ParkedCall"] == ["701", "702"]
    assert [frame.get(b"ParkingSpace") for _, frame in frames if frame.name == "UnParkedCall"] == ["701", "702"]
    holding = [
        frame
        for _, frame in frames
        if frame.name == "BridgeCreate" and frame.get(b"BridgeTechnology") == "holding_bridge"
    ]
    assert len(holding) == 1
    assert [call.answered_by for call in made.truth.calls] == [["101", "103"], ["102", "103"]]
    assert made.parking.parked == {}
