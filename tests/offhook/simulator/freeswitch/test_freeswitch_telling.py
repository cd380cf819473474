"""One event as bytes: encoding, JSON, inner bodies; as the recordings have it and as our own wire reads it."""

from __future__ import annotations

import json

import pytest

from cti.wire.esl import GREETING, EslWire
from offhook.simulator.freeswitch.telling import Block, Event, encode_value
from tests.offhook.simulator.freeswitch.fs_twins import recorded

HOSTILE = "<script>alert(1)</script>\"';-- Žofia %41 + \\ 北京\r\nUnique-ID: forged"


def raw_values(scenario: str) -> list[tuple[str, str]]:
    """Encoded and decoded values of all headers of one recording."""
    pairs = []
    for frame in recorded(scenario):
        if frame.coded:
            lines = frame.raw[frame.start : frame.end].decode().split("\n")
            encoded = [line.partition(": ")[2] for line in lines]
            pairs += list(zip(encoded, [value for key, value in frame.items() if key != "_body"], strict=True))
    return pairs


@pytest.mark.parametrize("scenario", ["S08", "S18", "S20"])
def test_values_are_encoded_as_freeswitch_does(scenario: str) -> None:
    pairs = raw_values(scenario)
    assert len(pairs) > 1000
    assert [(raw, encode_value(value)) for raw, value in pairs if encode_value(value) != raw] == []


def test_an_event_is_read_back_whatever_is_in_it() -> None:
    event = Event("CHANNEL_ANSWER", (Block((("Event-Name", "CHANNEL_ANSWER"), ("Name", HOSTILE), ("Empty", ""))),))
    wire = EslWire()
    wire.feed(GREETING)
    plain, told_json = (wire.feed(data)[0] for data in (event.plain, event.json))
    for frame in (plain, told_json):
        assert dict(frame.items()) == {"Event-Name": "CHANNEL_ANSWER", "Name": HOSTILE}


def test_an_inner_body_follows_the_headers_with_its_own_length() -> None:
    event = Event("BACKGROUND_JOB", (Block((("Event-Name", "BACKGROUND_JOB"),)),), "+OK žluť\n")
    wire = EslWire()
    wire.feed(GREETING)
    (frame,) = wire.feed(event.plain)
    assert (frame.get(b"Content-Length"), frame.get(b"_body")) == ("11", "+OK žluť\n")
    assert json.loads(event.json.partition(b"\n\n")[2])["_body"] == "+OK žluť\n"


def test_several_values_are_a_list_in_json() -> None:
    event = Event("CHANNEL_ANSWER", (Block((("variable_x", "ARRAY::one|:two"),)),))
    assert json.loads(event.json.partition(b"\n\n")[2]) == {"variable_x": ["one", "two"]}
