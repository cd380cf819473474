"""The JSON of each event."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import msgspec
import pytest

from crm_bridge.number import parse_number
from crm_bridge.webhook_events import call_data, event_data, live_kind, message
from crm_bridge.webhook_settings import WebhookEvent
from cti.model import AboutCall, CallOutcome, Direction
from tests.crm_bridge.ended import ended_call
from tests.crm_bridge.scene import HOSTILE, START, Clock, Scene

READ = partial(parse_number, region="IT", dial_prefixes=())


def data(call: Any, *, numbers: bool = True) -> Any:
    body = message(WebhookEvent.ENDED, START, call_data(call, READ, numbers=numbers, recording="https://pbx/17.wav"))
    decoded = json.loads(body)
    assert (decoded["type"], decoded["timestamp"]) == ("call.ended", "2026-11-21T09:00:00Z")
    return decoded["data"]


def test_a_call_is_told_in_full() -> None:
    assert data(ended_call()) == {
        "call_id": "main:17.0",
        "pbx_call_id": "17.0",
        "pbx": "main",
        "direction": "inbound",
        "queue": "sales",
        "offered_at": "2026-11-21T09:00:00Z",
        "queued_at": "2026-11-21T09:00:00Z",
        "answered_at": "2026-11-21T09:00:10Z",
        "ended_at": "2026-11-21T09:01:10Z",
        "outcome": "answered",
        "ended_by": None,
        "number": "+393351234567",
        "caller_name": None,
        "dialled": "+390221000100",
        "agents": ["101"],
        "wait_s": 10.0,
        "talk_s": 60.0,
        "hold_s": 0.0,
        "transfers": [],
        "recording_url": "https://pbx/17.wav",
    }


def test_without_numbers_nothing_tells_who_it_was() -> None:
    scene = Scene("17.0", "+393351234567", Clock(), name="Anna Rossi")
    scene.queued()
    scene.answered("101")
    scene.transferred("101", "+393337654321")
    scene.transferred("101", "102")
    scene.transferred("101", "support")
    scene.ended(CallOutcome.ANSWERED)
    told = data(scene.call, numbers=False)
    assert [one["to"] for one in told["transfers"]] == [None, "102", "support"]
    assert (told["number"], told["caller_name"], told["dialled"], told["recording_url"]) == (
        None,
        None,
        "+390221000100",
        None,
    )
    assert "Anna" not in str(told)
    outbound = msgspec.structs.replace(scene.call, direction=Direction.OUTBOUND, dialled="+393351234567")
    assert "+39335" not in str(data(outbound, numbers=False))
    assert data(outbound)["number"] == "+393351234567"


def test_hostile_text_stays_text() -> None:
    scene = Scene(HOSTILE, HOSTILE, Clock(), name=HOSTILE)
    scene.ended(CallOutcome.ABANDONED)
    assert data(scene.call)["caller_name"] == HOSTILE


def test_a_withheld_number_is_null() -> None:
    assert data(ended_call(None))["number"] is None


@pytest.mark.parametrize(
    ("step", "kind", "agent"),
    [
        (lambda scene: scene.started(), None, None),
        (lambda scene: scene.queued(), "call.queued", None),
        (lambda scene: scene.offered("101"), "call.offered", "101"),
        (lambda scene: scene.answered("101"), "call.answered", "101"),
        (lambda scene: scene.transferred("101", "102"), "call.transferred", "101"),
        (lambda scene: scene.ended(), None, None),
    ],
)
def test_what_happens_is_named_with_its_agent(step: Any, kind: str | None, agent: str | None) -> None:
    event = step(Scene("17.0", None, Clock()))
    assert isinstance(event, AboutCall)
    assert live_kind(event) == kind
    assert event_data(event, READ, numbers=True)["agent"] == agent
