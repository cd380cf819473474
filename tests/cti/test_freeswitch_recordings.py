"""Every call recorded from a FreeSWITCH is told as the far side saw it, whatever the socket did to the order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cti.model import Call, CallEnded, Direction
from offhook.replay import START
from tests.cti.freeswitch_contract import FreeswitchContract, frames_of, tell
from tests.cti.story import differences, nearest, story
from tests.cti.told_contract import Recordings

RECORDINGS = Path(__file__).parents[1] / "recordings" / "freeswitch"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/truth.json"))
RING_TOLERANCE_S = 0.1
FREESWITCH = Recordings({name: RECORDINGS / name for name in NAMES})


def pairs_of(name: str) -> list[tuple[dict[str, Any], Call]]:
    """Each call of the truth with the one that was told; a call told besides fails the test."""
    told = FREESWITCH.rows(name, "call")
    calls = {call.call_id: call for call in FREESWITCH.calls(name)}
    pairs = []
    for want in sorted(FREESWITCH.truth(name)["calls"], key=lambda call: call["offered_at"]):
        got = nearest(want, told)
        assert got is not None, f"{want['id']} was not told"
        told.remove(got)
        pairs.append((want, calls[got["id"]]))
    assert told == []
    return pairs


def test_the_recordings_are_here() -> None:
    assert len(NAMES) == 31
    assert {"S01-json", "S18b", "mix-1"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
class TestFreeswitch(FreeswitchContract):
    recordings = FREESWITCH

    def hold_what_else_is_told(self, states: list[dict[str, Any]]) -> None:
        assert states == []

    def test_each_call_is_told_as_it_happened(self, name: str) -> None:
        told = {row["id"]: row for row in FREESWITCH.rows(name, "call")}
        wrong = [
            f"{want['id']} {difference}"
            for want, call in pairs_of(name)
            for difference in differences(want, told[call.call_id])
        ]
        assert wrong == []

    def test_each_phone_rang_when_the_far_side_heard_it_and_as_often(self, name: str) -> None:
        for want, call in pairs_of(name):
            heard = sorted((leg["agent"], leg["rung_at"]) for leg in want["legs"] if leg["rung_at"] is not None)
            told = sorted((ring.agent, (ring.started_at - START).total_seconds()) for ring in call.rings)
            assert [agent for agent, _ in heard] == [agent for agent, _ in told], want["id"]
            assert all(abs(one[1] - other[1]) < RING_TOLERANCE_S for one, other in zip(heard, told, strict=True))

    def test_each_caller_has_the_name_that_he_sent(self, name: str) -> None:
        for want, call in pairs_of(name):
            if call.direction is Direction.INBOUND:
                assert call.caller.name == (want["caller_name"] or None)


def test_plain_and_json_tell_the_same_call() -> None:
    stories = [[story(call) for call in FREESWITCH.calls(name)] for name in ("S01", "S01-json")]
    assert stories[0] == stories[1]


@pytest.mark.parametrize("name", ["S01", "S08", "S09", "S10", "S25", "S26", "mix-1"])
def test_how_late_the_events_come_changes_no_instant_by_more_than_they_are_late_at_the_best(name: str) -> None:
    """Here all come in packets at every half second."""
    packed = [(-(-t // 0.5) * 0.5 + 0.01, frame) for t, frame in frames_of(FREESWITCH.folders[name])]
    calls = {event.call.call_id: event.call for event in tell(packed) if isinstance(event, CallEnded)}
    for call in FREESWITCH.calls(name):
        late = calls[call.call_id]
        assert story(late) == story(call)
        for one, other in ((call.answered_at, late.answered_at), (call.ended_at, late.ended_at)):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert abs((other - one).total_seconds()) < 0.5
