"""Every call recorded from a FreeSWITCH is told as the far side saw it, whatever the socket did to the order."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cti.model import (
    AgentChanged,
    AgentState,
    Call,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallLeftQueue,
    CallMerged,
    CallOffered,
    CallOfferEnded,
    CallQueued,
    CallReleased,
    CallStarted,
    Direction,
    LegRole,
    OddityFound,
    RingResult,
)
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.recording import Recording
from cti.switchboard import Switchboard
from cti.wire.esl import EslFrame, EslWire
from offhook.replay import START, replay, rows
from tests.cti.story import differences, nearest

RECORDINGS = Path(__file__).parents[1] / "recordings" / "freeswitch"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/truth.json"))
SETTINGS = PbxSettings(name="replay", kind="freeswitch", username="x")
STATE_TOLERANCE_S = 0.6
RING_TOLERANCE_S = 0.1
SWAPPED_US = 25_000  # events swap places whose instants are so near
UUIDS = (
    b"Unique-ID",
    b"Other-Leg-Unique-ID",
    b"variable_originator",
    b"variable_originating_leg_uuid",
    b"variable_cc_member_session_uuid",
    b"CC-Member-Session-UUID",
    b"Bridge-To-UUID",
    b"CC-Agent",
)

a_recording = pytest.mark.parametrize("name", NAMES)
Timed = list[tuple[float, EslFrame]]


@cache
def events_of(name: str) -> tuple[CallEvent, ...]:
    return tuple(replay(RECORDINGS / name))


def calls_of(name: str) -> tuple[Call, ...]:
    return tuple(event.call for event in events_of(name) if isinstance(event, CallEnded))


def truth_of(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((RECORDINGS / name / "truth.json").read_text())
    return told


def pairs_of(name: str) -> list[tuple[dict[str, Any], Call]]:
    """Each call of the truth with the one that was told; a call told besides fails the test."""
    told = [row for row in rows(iter(events_of(name))) if row["type"] == "call"]
    calls = {call.call_id: call for call in calls_of(name)}
    pairs = []
    for want in sorted(truth_of(name)["calls"], key=lambda call: call["offered_at"]):
        got = nearest(want, told)
        assert got is not None, f"{want['id']} was not told"
        told.remove(got)
        pairs.append((want, calls[got["id"]]))
    assert told == []
    return pairs


def test_the_recordings_are_here() -> None:
    assert len(NAMES) == 31
    assert {"S01-json", "S18b", "mix-1"} < set(NAMES)


@a_recording
def test_each_call_is_told_as_it_happened(name: str) -> None:
    told = {row["id"]: row for row in rows(iter(events_of(name))) if row["type"] == "call"}
    wrong = [
        f"{want['id']} {difference}"
        for want, call in pairs_of(name)
        for difference in differences(want, told[call.call_id])
    ]
    assert wrong == []


@a_recording
def test_each_phone_rang_when_the_far_side_heard_it_and_as_often(name: str) -> None:
    for want, call in pairs_of(name):
        heard = sorted((leg["agent"], leg["rung_at"]) for leg in want["legs"] if leg["rung_at"] is not None)
        told = sorted((ring.agent, (ring.started_at - START).total_seconds()) for ring in call.rings)
        assert [agent for agent, _ in heard] == [agent for agent, _ in told], want["id"]
        assert all(abs(one[1] - other[1]) < RING_TOLERANCE_S for one, other in zip(heard, told, strict=True))


@a_recording
def test_each_caller_has_the_name_that_he_sent(name: str) -> None:
    for want, call in pairs_of(name):
        if call.direction is Direction.INBOUND:
            assert call.caller.name == (want["caller_name"] or None)


@a_recording
def test_each_log_in_and_pause_is_told(name: str) -> None:
    told = [row for row in rows(iter(events_of(name))) if row["type"] == "agent_state"]
    for want in truth_of(name).get("agent_states") or ():
        hit = next((got for got in told if same_state(want, got)), None)
        assert hit is not None, f"{want} is not among {told}"
        told.remove(hit)
    assert told == []


@a_recording
def test_nothing_is_odd(name: str) -> None:
    assert [event.oddity for event in events_of(name) if isinstance(event, OddityFound)] == []


@a_recording
def test_all_that_begins_ends_with_its_call(name: str) -> None:
    for call in calls_of(name):
        spans = [(ring.started_at, ring.ended_at) for ring in call.rings]
        spans += [(stay.joined_at, stay.left_at) for stay in call.stays]
        spans += [(talk.started_at, talk.ended_at) for talk in call.talks]
        assert all(end is not None and start <= end for start, end in spans)
        assert all(ring.result is not RingResult.RINGING for ring in call.rings)
        assert all(leg.ended_at is not None for leg in call.legs if leg.role is not LegRole.AGENT)


@a_recording
def test_every_event_has_its_counterpart(name: str) -> None:
    pairs = ((CallQueued, CallLeftQueue), (CallOffered, CallOfferEnded), (CallAnswered, CallReleased))
    events = events_of(name)
    for begin, end in pairs:
        begun = Counter(subject(event) for event in events if isinstance(event, begin))
        assert begun == Counter(subject(event) for event in events if isinstance(event, end))
    started = Counter(event.call.call_id for event in events if isinstance(event, CallStarted))
    ended = Counter(event.call.call_id for event in events if isinstance(event, CallEnded | CallMerged))
    assert started == ended
    assert set(started.values()) <= {1}


@a_recording
def test_each_queue_adds_up(name: str) -> None:
    """Entered = answered + abandoned + left otherwise, both as told while it went on and as kept at the end."""
    events = events_of(name)
    entered = Counter(event.stay.queue for event in events if isinstance(event, CallQueued))
    left = Counter((event.stay.queue, event.stay.outcome) for event in events if isinstance(event, CallLeftQueue))
    kept = Counter((stay.queue, stay.outcome) for call in calls_of(name) for stay in call.stays)
    assert left == kept
    assert Counter(queue for queue, _ in kept.elements()) == entered


@a_recording
def test_nobody_is_on_the_phone_at_the_end(name: str) -> None:
    last = {event.agent.agent: event.agent.state for event in events_of(name) if isinstance(event, AgentChanged)}
    assert not {AgentState.TALKING, AgentState.RINGING} & set(last.values())


def test_plain_and_json_tell_the_same_call() -> None:
    stories = [[story(call) for call in calls_of(name)] for name in ("S01", "S01-json")]
    assert stories[0] == stories[1]


@pytest.mark.parametrize("seed", range(3))
@a_recording
def test_events_that_swap_places_change_nothing(name: str, seed: int) -> None:
    """Events of different threads do: here all that tell of other legs, and were made at nearly the same time."""
    told = tell(swapped(frames_of(name), Random(seed)))
    calls = [event.call for event in told if isinstance(event, CallEnded)]
    assert {call.call_id: story(call) for call in calls} == {call.call_id: story(call) for call in calls_of(name)}
    assert [event.oddity for event in told if isinstance(event, OddityFound)] == []


@pytest.mark.parametrize("name", ["S01", "S08", "S09", "S10", "S25", "S26", "mix-1"])
def test_how_late_the_events_come_changes_no_instant_by_more_than_they_are_late_at_the_best(name: str) -> None:
    """Here all come in packets at every half second."""
    packed = [(-(-t // 0.5) * 0.5 + 0.01, frame) for t, frame in frames_of(name)]
    calls = {event.call.call_id: event.call for event in tell(packed) if isinstance(event, CallEnded)}
    for call in calls_of(name):
        late = calls[call.call_id]
        assert story(late) == story(call)
        for one, other in ((call.answered_at, late.answered_at), (call.ended_at, late.ended_at)):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert abs((other - one).total_seconds()) < 0.5


def frames_of(name: str) -> Timed:
    """The frames of a recording, each with the second of its read."""
    wire = EslWire(FreeswitchDialect.wanted)
    return [(piece.t, frame) for piece in Recording(RECORDINGS / name).pieces() for frame in wire.feed(piece.data)]


def tell(frames: Timed) -> list[CallEvent]:
    told: list[CallEvent] = []
    board = Switchboard("replay", FreeswitchDialect(SETTINGS), told.append)
    for t, frame in frames:
        board.take([frame], START + timedelta(seconds=t), "s")
    return told


def swapped(frames: Timed, random: Random) -> Timed:
    frames = list(frames)
    about = [{uuid for header in UUIDS if (uuid := frame.get(header))} for _, frame in frames]
    made = [int(frame.get(b"Event-Date-Timestamp") or 0) for _, frame in frames]
    for _ in range(3):
        for i in range(len(frames) - 1):
            near = abs(made[i] - made[i + 1]) < SWAPPED_US and frames[i][1].name != "API" != frames[i + 1][1].name
            if near and not about[i] & about[i + 1] and random.random() < 0.3:
                for row in (about, made):
                    row[i], row[i + 1] = row[i + 1], row[i]  # type: ignore[index]
                frames[i], frames[i + 1] = (frames[i][0], frames[i + 1][1]), (frames[i + 1][0], frames[i][1])
    return frames


def story(call: Call) -> dict[str, object]:
    """A call without ids and instants."""
    return {
        "direction": call.direction,
        "caller": call.caller.name,
        "dialled": call.dialled,
        "queue": call.queue,
        "outcome": call.outcome,
        "ended_by": call.ended_by,
        "stays": [(stay.queue, stay.outcome, stay.agent, stay.key) for stay in call.stays],
        "rings": sorted((ring.agent, ring.queue or "", ring.result, ring.consult) for ring in call.rings),
        "talks": [(talk.agent, talk.queue, talk.holds) for talk in call.talks],
        "transfers": [(transfer.kind, transfer.by, transfer.to, transfer.slot) for transfer in call.transfers],
        "click_to_dial": call.click_to_dial,
    }


def subject(event: Any) -> tuple[str, str]:
    about = event.stay.queue if isinstance(event, CallQueued | CallLeftQueue) else event.agent
    return event.call.call_id, about


def same_state(want: dict[str, Any], got: dict[str, Any]) -> bool:
    return (
        (want["agent"], want["state"]) == (got["agent"], got["state"])
        and want["queue"] in (None, got["queue"])
        and abs(want["at"] - got["at"]) <= STATE_TOLERANCE_S
    )
