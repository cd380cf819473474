"""A call put into a JSON object of the admin's own: each value is a value there, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from crm_bridge.activity import CallActivity, text_of, title_of
from crm_bridge.call_record import cleaned

#: what a template may name
NAMES: Final = (
    "call_id", "marker", "title", "text", "note", "disposition", "direction", "outcome", "number", "queue", "agents",
    "agent", "contact_id", "contact_name", "on_behalf", "started_at", "answered_at", "ended_at", "wait_s", "talk_s",
    "recording_url",
)  # fmt: skip
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")

Value = str | float | bool | datetime | None


class TemplateError(ValueError):
    """What is wrong with a template, in words for the admin."""


class CallTemplate:
    """A JSON object with placeholders in its texts. Instants become texts as in RFC 3339."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = dict(body)

    def filled(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """The object with the values of ``call_values``.

        >>> CallTemplate({"a": "{talk_s}", "b": ["call {call_id}"]}).filled({"talk_s": 3.5, "call_id": 'x"}'})
        {'a': 3.5, 'b': ['call x"}']}
        """
        return {key: _filled(part, values) for key, part in self._body.items()}


def call_values(activity: CallActivity) -> dict[str, Any]:
    """The call by name: texts cleaned, instants in UTC, durations in seconds."""
    call = cleaned(activity)
    return {
        "call_id": call.call_id,
        "marker": call.marker,
        "title": title_of(call),
        "text": text_of(call),
        "note": call.note,
        "disposition": call.disposition,
        "direction": call.direction,
        "outcome": call.outcome,
        "number": call.number,
        "queue": call.queue,
        "agents": ", ".join(call.agents),
        "agent": call.agents[0] if call.agents else None,
        "contact_id": call.contact_id,
        "contact_name": call.contact_name,
        "on_behalf": call.on_behalf,
        "started_at": call.started_at.astimezone(UTC),
        "answered_at": None if call.answered_at is None else call.answered_at.astimezone(UTC),
        "ended_at": call.ended_at.astimezone(UTC),
        "wait_s": call.wait_s,
        "talk_s": call.talk_s,
        "recording_url": call.recording_url,
    }


def read_template(body: Mapping[str, Any], path: str) -> CallTemplate:
    """The template, once it is known that it can work. Raises TemplateError."""
    named = set(_PLACE.findall(path)) | _named(body)
    if unknown := sorted(named - set(NAMES)):
        raise TemplateError(f"nothing is called {{{unknown[0]}}}")
    if not body:
        raise TemplateError("it is empty")
    if "call_id" not in named and "marker" not in named:
        raise TemplateError("neither it nor the path has {call_id}: the same call could not be found again")
    return CallTemplate(body)


def _named(part: object) -> set[str]:
    if isinstance(part, str):
        return set(_PLACE.findall(part))
    if isinstance(part, dict):
        return {name for inner in part.values() for name in _named(inner)}
    return {name for inner in part for name in _named(inner)} if isinstance(part, list) else set()


def _filled(part: Any, values: Mapping[str, Value]) -> Any:
    if isinstance(part, dict):
        return {key: _filled(inner, values) for key, inner in part.items()}
    if isinstance(part, list):
        return [_filled(inner, values) for inner in part]
    if not isinstance(part, str):
        return part
    if (alone := _PLACE.fullmatch(part)) is not None:
        value = values[alone[1]]
        return shown(value) if isinstance(value, datetime) else value
    return _PLACE.sub(lambda found: shown(values[found[1]]), part)


def shown(value: Value) -> str:
    """A value within a text; instants as in RFC 3339."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return "" if value is None else str(value)
