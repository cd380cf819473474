"""Every recorded call is told exactly as the far side saw it, and alike on every PBX."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
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
from offhook.replay import START, replay, rows
from tests.cti.story import differences, inner_differences, nearest

RECORDINGS = Path(__file__).parents[1] / "recordings"
FOLDERS = {
    f"{path.parent.parent.name}-{path.parent.name}": path.parent
    for path in sorted(RECORDINGS.glob("asterisk-*/*/truth.json"))
}
LABORATORY = "asterisk-22-lab-"  #: made by tests/pbx/test_behaviour_*.py, with OFFHOOK_LAB_RECORD=1
PBXS = ("asterisk-22", "asterisk-16", "asterisk-22-direct")
TWINS = [
    (one, other, path.name)
    for path in sorted((RECORDINGS / "asterisk-22").iterdir())
    for one, other in (PBXS[:2], PBXS[::2])
    if (RECORDINGS / one / path.name).is_dir() and (RECORDINGS / other / path.name).is_dir()
]
STATE_TOLERANCE_S = 0.6

a_recording = pytest.mark.parametrize("name", FOLDERS)


@cache
def events_of(name: str) -> tuple[CallEvent, ...]:
    return tuple(replay(FOLDERS[name], **truth_of(name).get("settings", {})))


@cache
def calls_of(name: str) -> tuple[Call, ...]:
    return tuple(event.call for event in events_of(name) if isinstance(event, CallEnded))


def truth_of(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FOLDERS[name] / "truth.json").read_text())
    return told


def test_the_recordings_are_here() -> None:
    assert len([name for name in FOLDERS if not name.startswith(LABORATORY)]) == 65
    assert any(name.startswith(LABORATORY) for name in FOLDERS)
    assert len(TWINS) == 35


@a_recording
def test_each_call_is_told_as_it_happened(name: str) -> None:
    told = [row for row in rows(iter(events_of(name))) if row["type"] == "call"]
    truth = truth_of(name)["calls"]
    wrong = []
    for want in sorted(truth, key=lambda call: call["offered_at"]):
        got = nearest(want, told)
        if got is None:
            wrong.append(f"{want['id']}: not told")
            continue
        told.remove(got)
        wrong += [f"{want['id']} {difference}" for difference in differences(want, got)]
    wrong += [f"{ghost['id']}: told, but never happened" for ghost in told if not forgivable(ghost, truth)]
    assert wrong == []


@a_recording
def test_each_conversation_lasts_as_long_as_it_did(name: str) -> None:
    told = [row for row in rows(iter(events_of(name))) if row["type"] == "call"]
    calls = {call.call_id: call for call in calls_of(name)}
    for want in truth_of(name)["calls"]:
        got = nearest(want, told)
        assert got is not None
        told.remove(got)
        assert inner_differences(want, calls[got["id"]], START) == []


@a_recording
def test_each_log_in_and_pause_is_told(name: str) -> None:
    told = [row for row in rows(iter(events_of(name))) if row["type"] == "agent_state"]
    for want in truth_of(name).get("agent_states") or ():
        hit = next((got for got in told if same_state(want, got)), None)
        assert hit is not None, f"{want} is not among {told}"
        told.remove(hit)


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
        assert call.outcome is not None
        assert call.ended_by is not None
        assert all(leg.ended_at is not None for leg in call.legs if leg.role is not LegRole.AGENT)


@a_recording
def test_every_event_has_its_counterpart(name: str) -> None:
    pairs = ((CallQueued, CallLeftQueue), (CallOffered, CallOfferEnded), (CallAnswered, CallReleased))
    events = events_of(name)
    merged = {event.call.call_id for event in events if isinstance(event, CallMerged)}
    for begin, end in pairs:
        begun = Counter(subject(event) for event in events if isinstance(event, begin))
        over = Counter(subject(event) for event in events if isinstance(event, end))
        assert told_of_others(begun, merged) == told_of_others(over, merged)
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


@pytest.mark.parametrize(("one", "other", "scenario"), TWINS, ids=lambda value: str(value))
def test_the_same_scenario_gives_the_same_calls_on_each_pbx(one: str, other: str, scenario: str) -> None:
    assert [story(call) for call in in_order(f"{one}-{scenario}")] == [
        story(call) for call in in_order(f"{other}-{scenario}")
    ]


def in_order(name: str) -> list[Call]:
    """The calls by caller and dialled number: eight at once come in any order."""
    return sorted(calls_of(name), key=lambda call: (call.caller.number or "", call.dialled or "", call.offered_at))


def story(call: Call) -> dict[str, object]:
    """A call without its ids, and without instants but for whole spans that a person would notice."""
    return {
        "direction": call.direction,
        "caller": call.caller,
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


def told_of_others(told: Counter[tuple[str, str]], merged: set[str]) -> dict[tuple[str, str], int]:
    """What was told of calls that did not turn out to be a part of another."""
    return {about: times for about, times in told.items() if about[0] not in merged}


def subject(event: Any) -> tuple[str, str]:
    about = event.stay.queue if isinstance(event, CallQueued | CallLeftQueue) else event.agent
    return event.call.call_id, about


def forgivable(ghost: dict[str, Any], truth: list[dict[str, Any]]) -> bool:
    """A feature code, or the consultation of a transfer that failed: telling them is right, so is not telling them."""
    failed = {(one["by"], one["to"]) for call in truth for one in call.get("transfers_failed", ())}
    return str(ghost["dialled"]).startswith("*") or (ghost["caller"], ghost["dialled"]) in failed


def same_state(want: dict[str, Any], got: dict[str, Any]) -> bool:
    return (
        (want["agent"], want["state"]) == (got["agent"], got["state"])
        and want.get("queue") in (None, got["queue"])
        and want.get("reason") in (None, got["reason"])
        and abs(want["at"] - got["at"]) <= STATE_TOLERANCE_S
    )


def test_a_call_with_a_direction_of_its_own_in_each_recording_set() -> None:
    """The recordings cover what they are trusted for: all directions, all transfers."""
    calls = [call for name in FOLDERS for call in calls_of(name)]
    assert {call.direction for call in calls} == set(Direction)
    assert {transfer.kind for call in calls for transfer in call.transfers} == {"blind", "attended", "queue", "park"}
