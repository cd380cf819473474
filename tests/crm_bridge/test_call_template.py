"""A call in a JSON object of the admin's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest

from crm_bridge.activity import CallActivity
from crm_bridge.call_template import NAMES, TemplateError, call_values, read_template
from tests.crm_bridge.scene import HOSTILE

AT = datetime(2026, 11, 21, 9, 30, 1, tzinfo=UTC)
CALL = CallActivity(
    call_id="milan:17.0", direction="inbound", outcome="answered", number="+39021", started_at=AT, ended_at=AT,
    talk_s=65.5, agents=("Anna", "102"), note=HOSTILE, contact_id="5",
)  # fmt: skip


def test_values_keep_their_kind_and_stay_values() -> None:
    body = {
        "id": "{call_id}", "seconds": "{talk_s}", "waited": "{wait_s}", "at": "{started_at}", "fixed": [1, True, None],
        "deep": {"note": "{note}", "line": "{agents} at {started_at}: {note}", "queue": "in {queue}"},
    }  # fmt: skip
    filled = json.loads(msgspec.json.encode(read_template(body, "/calls").filled(call_values(CALL))))
    assert filled == {
        "id": "milan:17.0", "seconds": 65.5, "waited": None, "at": "2026-11-21T09:30:01Z", "fixed": [1, True, None],
        "deep": {"note": HOSTILE, "line": f"Anna, 102 at 2026-11-21T09:30:01Z: {HOSTILE}", "queue": "in "},
    }  # fmt: skip


def test_a_value_that_looks_like_a_placeholder_is_none() -> None:
    noted = msgspec.structs.replace(CALL, note="{call_id} {number}")
    filled = read_template({"a": "{note}", "b": "x {note}"}, "/{call_id}").filled(call_values(noted))
    assert filled == {"a": "{call_id} {number}", "b": "x {call_id} {number}"}


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        ({"a": "{phone}"}, "/{call_id}", r"nothing is called \{phone\}"),
        ({"a": [{"b": "{call-id}"}]}, "/calls", "neither it nor the path"),
        ({"a": 1}, "/{id}", r"nothing is called \{id\}"),
        ({}, "/{call_id}", "it is empty"),
    ],
)
def test_what_cannot_work_is_said(body: dict[str, object], path: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        read_template(body, path)


def test_all_names_have_values() -> None:
    assert set(call_values(CALL)) == set(NAMES)
