"""Calls in the words of Zammad's caller log, held to the recordings."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.cti_story import CtiMessage, CtiStory
from cti.model import CallEvent, CallMerged, CallOutcome, Direction, RingResult
from offhook.replay import replay
from tests.crm_bridge.scene import HOSTILE, Clock, Scene, agent_event
from tests.crm_bridge.vendors.zammad import log_of

RECORDINGS = Path(__file__).parents[1] / "recordings"
FOLDERS = sorted(path.parent for path in RECORDINGS.glob("*/S*/truth.json"))


def told(events: Iterable[CallEvent | None]) -> list[CtiMessage]:
    story = CtiStory("IT")
    messages = [message for event in events if event is not None for message in story.apply(event)]
    assert story._calls == {}
    return messages


def caller_log(messages: Iterable[CtiMessage]) -> dict[str, dict[str, Any]]:
    """What Zammad shows after these."""
    log: dict[str, dict[str, Any]] = {}
    for message in messages:
        assert message.body["callId"] == message.session
        log[message.session] = log_of(message.body, log.get(message.session))
    return log


def steps(messages: Iterable[CtiMessage]) -> list[tuple[str, str, str]]:
    return [(one.body["event"], one.session, one.body.get("user", "")) for one in messages]


@pytest.mark.parametrize("folder", FOLDERS, ids=[f"{path.parent.name}-{path.name}" for path in FOLDERS])
def test_each_call_of_a_recording_has_an_entry_for_each_who_talked_and_every_entry_ends(folder: Path) -> None:
    trunks = ("trunk",) if folder.parent.name.startswith("asterisk") else ()
    log = caller_log(told(replay(folder, trunks)))
    assert {entry["state"] for entry in log.values()} <= {"hangup"}
    talked = defaultdict[str, list[str]](list)
    for session, entry in log.items():
        talked[session.partition("/")[0]] += [entry["answered"]] if entry["answered"] else []
    truth = [call for call in json.loads((folder / "truth.json").read_text())["calls"] if call["answered_by"]]
    public = [tuple(call["answered_by"]) for call in truth if call["direction"] != "internal"]
    assert Counter(tuple(agents) for agents in talked.values() if agents) == Counter(public)


def test_a_queued_call_is_told_with_its_queue_and_who_answered_it() -> None:
    clock, call = Clock(), Scene("17.0", "335 123 4567", Clock())
    messages = told(
        [
            agent_event(clock, "101", "Anna Rossi"), call.started(), call.queued(), call.offered("102"),
            call.offer_ended("102", RingResult.MISSED), call.offered("101"), call.answered("101"), call.released("101"),
            call.ended(),
        ]
    )  # fmt: skip
    own = "main:17.0"
    assert steps(messages) == [("newCall", own, ""), ("answer", own, "Anna Rossi"), ("hangup", own, "Anna Rossi")]
    assert caller_log(messages) == {
        own: {
            "direction": "in", "from": "393351234567", "to": "390221000100", "queue": "sales", "user": "Anna Rossi",
            "state": "hangup", "answered": "101", "cause": "normalClearing",
        }
    }  # fmt: skip


def test_who_gives_up_is_a_missed_call_and_who_was_never_called_is_not_told() -> None:
    waited, spoken_to = Scene("1", None, Clock()), Scene("2", "335", Clock())
    log = caller_log(told([waited.started(), waited.queued(), waited.ended(CallOutcome.ABANDONED)]))
    assert [(one["from"], one["state"], one["cause"]) for one in log.values()] == [("anonymous", "hangup", "cancel")]
    assert told([spoken_to.started(), spoken_to.ended(CallOutcome.IVR_HANGUP)]) == []


def test_after_a_transfer_another_entry_goes_on() -> None:
    call = Scene("17.0", "335 123 4567", Clock())
    messages = told(
        [
            call.started(), call.offered("101", None), call.answered("101", None), call.transferred("101", "102"),
            call.released("101"), call.offered("102", None), call.answered("102", None), call.released("102"),
            call.ended(),
        ]
    )  # fmt: skip
    log = caller_log(messages)
    assert [(key, one["answered"], one["cause"]) for key, one in log.items()] == [
        ("main:17.0", "101", "forwarded"), ("main:17.0/2", "102", "normalClearing"),
    ]  # fmt: skip
    assert len({message.lane for message in messages}) == 1


def test_a_colleague_who_was_asked_first_has_the_call_when_it_is_handed_over() -> None:
    call = Scene("17.0", "335 123 4567", Clock())
    messages = told(
        [
            call.started(), call.offered("101", None), call.answered("101", None), call.answered("102", None),
            call.transferred("101", "102"), call.released("101"), call.released("102"), call.ended(),
        ]
    )  # fmt: skip
    assert [(one["answered"], one["cause"]) for one in caller_log(messages).values()] == [
        ("101", "forwarded"), ("102", "normalClearing"),
    ]  # fmt: skip


def test_an_agents_own_call_is_told_outbound_and_an_internal_one_not_at_all() -> None:
    clock = Clock()
    call = Scene("1", "101", clock, direction=Direction.OUTBOUND, dialled="0335 1234567")
    log = caller_log(told([agent_event(clock, "101", "Anna"), call.started(), call.ended(CallOutcome.BUSY)]))
    assert [(one["direction"], one["from"], one["user"], one["cause"]) for one in log.values()] == [
        ("out", "101", "Anna", "busy")
    ]
    inner = Scene("2", "101", clock, direction=Direction.INTERNAL)
    assert told([inner.started(), inner.offered("102"), inner.answered("102"), inner.ended()]) == []


def test_a_call_that_was_part_of_another_ends() -> None:
    call, whole = Scene("1", "335", Clock()), Scene("2", "335", Clock())
    merged = CallMerged(at=call.clock(), origin=call.call.origin, call=call.call, into=whole.call)
    log = caller_log(told([call.started(), call.queued(), merged]))
    assert [one["cause"] for one in log.values()] == ["forwarded"]


def test_hostile_names_and_numbers_are_bounded_texts() -> None:
    clock = Clock()
    call = Scene("1" * 600 + "'", HOSTILE * 20, clock, dialled="\x00\x1b[31m")
    messages = told([agent_event(clock, "101", HOSTILE * 50), call.started(), call.offered("101"), call.ended()])
    assert all(len(str(value)) <= 250 for message in messages for value in message.body.values())
    assert "\x1b" not in json.dumps([message.body for message in messages])
    caller_log(messages)
