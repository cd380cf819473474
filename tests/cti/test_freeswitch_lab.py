"""What a real FreeSWITCH does beyond queues and phones: recorded by ``tests/freeswitch_live``, told as it happened."""

from __future__ import annotations

import json
from collections import Counter
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
    OddityFound,
    RingResult,
)
from cti.pbx.freeswitch import FreeswitchDialect
from cti.recording import Recording
from cti.wire.esl import EslWire
from offhook.replay import START, replay, rows
from tests.cti.story import differences, inner_differences, nearest
from tests.cti.test_freeswitch_recordings import Timed, story, subject, swapped, tell

RECORDINGS = Path(__file__).parents[1] / "recordings" / "freeswitch-lab"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/truth.json"))
a_recording = pytest.mark.parametrize("name", NAMES)


@cache
def events_of(name: str) -> tuple[CallEvent, ...]:
    return tuple(replay(RECORDINGS / name))


def calls_of(name: str) -> list[Call]:
    return [event.call for event in events_of(name) if isinstance(event, CallEnded)]


def truth_of(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((RECORDINGS / name / "truth.json").read_text())
    return told


def frames_of(name: str) -> Timed:
    wire = EslWire(FreeswitchDialect.wanted)
    return [(piece.t, frame) for piece in Recording(RECORDINGS / name).pieces() for frame in wire.feed(piece.data)]


def test_the_recordings_are_here() -> None:
    assert {"fifo-on-the-line", "conference", "pickup-queue", "attended-by-key", "mailbox"} < set(NAMES)


@a_recording
def test_each_call_is_told_as_it_happened(name: str) -> None:
    told = [row for row in rows(iter(events_of(name))) if row["type"] == "call"]
    calls = {call.call_id: call for call in calls_of(name)}
    wrong = []
    for want in truth_of(name)["calls"]:
        got = nearest(want, told)
        assert got is not None, f"{want['id']} was not told"
        told.remove(got)
        wrong += differences(want, got) + inner_differences(want, calls[got["id"]], START)
    assert (wrong, told) == ([], [])


@a_recording
def test_nothing_is_odd(name: str) -> None:
    assert [event.oddity for event in events_of(name) if isinstance(event, OddityFound)] == []


@a_recording
def test_all_that_begins_ends(name: str) -> None:
    events = events_of(name)
    merged = {event.call.call_id for event in events if isinstance(event, CallMerged)}
    for begin, end in ((CallQueued, CallLeftQueue), (CallOffered, CallOfferEnded), (CallAnswered, CallReleased)):
        begun = Counter(about[1] for about in map(subject, (one for one in events if isinstance(one, begin))))
        assert begun == Counter(about[1] for about in map(subject, (one for one in events if isinstance(one, end))))
    started = {event.call.call_id for event in events if isinstance(event, CallStarted)}
    assert started == merged | {call.call_id for call in calls_of(name)}
    assert all(ring.result is not RingResult.RINGING for call in calls_of(name) for ring in call.rings)


@a_recording
def test_nobody_is_on_the_phone_at_the_end(name: str) -> None:
    last = {event.agent.agent: event.agent.state for event in events_of(name) if isinstance(event, AgentChanged)}
    assert not {AgentState.TALKING, AgentState.RINGING} & set(last.values())


@pytest.mark.parametrize("seed", range(3))
@a_recording
def test_events_that_swap_places_change_nothing(name: str, seed: int) -> None:
    told = tell(swapped(frames_of(name), Random(seed)))
    calls = [event.call for event in told if isinstance(event, CallEnded)]
    assert {call.call_id: story(call) for call in calls} == {call.call_id: story(call) for call in calls_of(name)}
    assert [event.oddity for event in told if isinstance(event, OddityFound)] == []
