"""What holds for whatever was recorded, of any PBX: one set of tests that each set of recordings is put to."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

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
    LegRole,
    OddityFound,
    RingResult,
)
from offhook.replay import replay, rows

PAIRS = ((CallQueued, CallLeftQueue), (CallOffered, CallOfferEnded), (CallAnswered, CallReleased))
STATE_TOLERANCE_S = 0.6


class Recordings:
    """Recordings in folders by name, each replayed once."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders
        self._events: dict[str, tuple[CallEvent, ...]] = {}

    def truth(self, name: str) -> dict[str, Any]:
        """What the far side saw."""
        told: dict[str, Any] = json.loads((self.folders[name] / "truth.json").read_text())
        return told

    def events(self, name: str) -> tuple[CallEvent, ...]:
        if name not in self._events:
            self._events[name] = tuple(replay(self.folders[name], **self.truth(name).get("settings", {})))
        return self._events[name]

    def calls(self, name: str) -> tuple[Call, ...]:
        return tuple(event.call for event in self.events(name) if isinstance(event, CallEnded))

    def rows(self, name: str, kind: str) -> list[dict[str, Any]]:
        """What ``offhook replay`` tells: the rows of the kind ``call``, or ``agent_state``."""
        return [row for row in rows(iter(self.events(name))) if row["type"] == kind]


class ToldContract:
    """Subclasses give ``recordings``, and their names as the parameter ``name``."""

    recordings: Recordings

    def test_nothing_is_odd(self, name: str) -> None:
        assert [event.oddity for event in self.recordings.events(name) if isinstance(event, OddityFound)] == []

    def test_all_that_begins_ends_with_its_call(self, name: str) -> None:
        for call in self.recordings.calls(name):
            spans = [(ring.started_at, ring.ended_at) for ring in call.rings]
            spans += [(stay.joined_at, stay.left_at) for stay in call.stays]
            spans += [(talk.started_at, talk.ended_at) for talk in call.talks]
            assert all(end is not None and start <= end for start, end in spans)
            assert all(ring.result is not RingResult.RINGING for ring in call.rings)
            assert call.outcome is not None
            assert call.ended_by is not None
            assert all(leg.ended_at is not None for leg in call.legs if leg.role is not LegRole.AGENT)

    def test_every_event_has_its_counterpart(self, name: str) -> None:
        events = self.recordings.events(name)
        merged = {event.call.call_id for event in events if isinstance(event, CallMerged)}
        for begin, end in PAIRS:
            begun = Counter(subject(event) for event in events if isinstance(event, begin))
            over = Counter(subject(event) for event in events if isinstance(event, end))
            assert _of_others(begun, merged) == _of_others(over, merged)
        started = Counter(event.call.call_id for event in events if isinstance(event, CallStarted))
        ended = Counter(event.call.call_id for event in events if isinstance(event, CallEnded | CallMerged))
        assert started == ended
        assert set(started.values()) <= {1}

    def test_each_queue_adds_up(self, name: str) -> None:
        """Entered = answered + abandoned + left otherwise, both as told while it went on and as kept at the end."""
        events = self.recordings.events(name)
        entered = Counter(event.stay.queue for event in events if isinstance(event, CallQueued))
        left = Counter((event.stay.queue, event.stay.outcome) for event in events if isinstance(event, CallLeftQueue))
        kept = Counter((stay.queue, stay.outcome) for call in self.recordings.calls(name) for stay in call.stays)
        assert left == kept
        assert Counter(queue for queue, _ in kept.elements()) == entered

    def test_nobody_is_on_the_phone_at_the_end(self, name: str) -> None:
        events = self.recordings.events(name)
        last = {event.agent.agent: event.agent.state for event in events if isinstance(event, AgentChanged)}
        assert not {AgentState.TALKING, AgentState.RINGING} & set(last.values())

    def test_each_log_in_and_pause_is_told(self, name: str) -> None:
        told = self.recordings.rows(name, "agent_state")
        for want in self.recordings.truth(name).get("agent_states") or ():
            hit = next((got for got in told if _same_state(want, got)), None)
            assert hit is not None, f"{want} is not among {told}"
            told.remove(hit)
        self.hold_what_else_is_told(told)

    def hold_what_else_is_told(self, states: list[dict[str, Any]]) -> None:
        """Of agents' states; the far side of an Asterisk did not write down all of them."""


def subject(event: Any) -> tuple[str, str]:
    """The call and what an event of a pair is about: the queue, or the agent."""
    about = event.stay.queue if isinstance(event, CallQueued | CallLeftQueue) else event.agent
    return event.call.call_id, about


def _of_others(told: Counter[tuple[str, str]], merged: set[str]) -> dict[tuple[str, str], int]:
    """What was told of calls that did not turn out to be a part of another."""
    return {about: times for about, times in told.items() if about[0] not in merged}


def _same_state(want: dict[str, Any], got: dict[str, Any]) -> bool:
    return (
        (want["agent"], want["state"]) == (got["agent"], got["state"])
        and want.get("queue") in (None, got["queue"])
        and want.get("reason") in (None, got["reason"])
        and abs(want["at"] - got["at"]) <= STATE_TOLERANCE_S
    )
