"""The OpenAPI 3.1 document of ``/api/v1``: made from the very types that the answers are made of."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Final

import msgspec

from crm_bridge.call_note import CallNote
from cti.model import Call, CallOutcome, Direction
from kpi.local_time import PERIODS
from kpi.measure import Dimension, Passport
from kpi.question import Hours
from kpi.report import Report

BASE: Final = "/api/v1"
_REF: Final = "#/components/schemas/{name}"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer. ``ref`` is the name to look up in docs/errors.md."""

    ref: str
    what: str
    hint: str


class CallPage(msgspec.Struct, frozen=True, kw_only=True):
    """Calls, newest first. ``next`` goes into ``after`` for the following page; null on the last."""

    calls: list[Call]
    next: str | None


class MeasurePassport(msgspec.Struct, frozen=True, kw_only=True):
    """A measure's passport."""

    key: str
    title: str
    unit: str
    formula: str
    words: str
    source: str
    parameters: tuple[str, ...]

    @classmethod
    def of(cls, measure: Passport) -> MeasurePassport:
        """What everybody may know of a measure."""
        return cls(
            key=measure.key,
            title=measure.title,
            unit=measure.unit.value,
            formula=measure.formula,
            words=measure.words,
            source=measure.source,
            parameters=measure.parameters,
        )


class NoteOnCall(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent wrote about a call, and whom it was about: ``contact_id`` is the customer's in ``source``."""

    agent: str
    note: str
    disposition: str
    source: str | None
    contact_id: str | None
    customer: str | None
    on_behalf: bool
    updated_at: datetime

    @classmethod
    def of(cls, note: CallNote) -> NoteOnCall:
        """A stored note, for other programs."""
        about = note.customer
        return cls(
            agent=note.key.agent,
            note=note.text.note,
            disposition=note.text.disposition,
            source=about.source,
            contact_id=about.contact_id,
            customer=about.name,
            on_behalf=about.on_behalf,
            updated_at=note.updated_at,
        )


@cache
def document() -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(_document())


def _document() -> dict[str, Any]:
    (calls, call, notes, measures, report, problem), components = msgspec.json.schema_components(
        [CallPage, Call, list[NoteOnCall], list[MeasurePassport], Report, Problem], ref_template=_REF
    )
    paths = {
        "/report": _get("A report of a period", report, problem, _asked()),
        "/calls": _get("Calls of a period, newest first", calls, problem, _filters()),
        "/calls/{pbx}/{call_id}": _get("One call", call, problem, [_in_path("pbx"), _in_path("call_id")]),
        "/calls/{pbx}/{call_id}/notes": _get(
            "What agents wrote about a call", notes, problem, [_in_path("pbx"), _in_path("call_id")]
        ),
        "/measures": _get("The passports of all measures", measures, problem, []),
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Offhook",
            "version": "1",
            "description": "Calls and figures, the same as on the pages and in Prometheus. Times are RFC 3339 in UTC, "
            "durations seconds, shares 0 to 1.",
        },
        "servers": [{"url": BASE}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(summary: str, schema: dict[str, Any], problem: dict[str, Any], parameters: list[Any]) -> dict[str, Any]:
    def told(description: str, of: dict[str, Any]) -> dict[str, Any]:
        return {"description": description, "content": {"application/json": {"schema": of}}}

    refusals = {"400": "It cannot be answered", "401": "Not the key", "403": "No key is set", "404": "Not there"}
    answers = {"200": told(summary, schema)} | {status: told(text, problem) for status, text in refusals.items()}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}


def _asked() -> list[dict[str, Any]]:
    return [
        _query("period", f"One of {', '.join(PERIODS)}, or alike; last-7-days if left out"),
        _query("by", "At most two of these; given once for each", [one.value for one in Dimension], several=True),
        _query("m", "The key of a measure; given once for each", several=True),
        *(_query(name, "Only these; given once for each", several=True) for name in ("queue", "agent", "did", "pbx")),
        _query("direction", "Only these", [one.value for one in Direction], several=True),
        _query("hours", "By the opening hours", [one.value for one in Hours]),
        _query("parameters", "The version of the parameters of an older report"),
    ]


def _filters() -> list[dict[str, Any]]:
    return [
        _query("period", "As for a report; today if left out"),
        *(_query(name, "Only of this one") for name in ("pbx", "queue", "agent")),
        _query("direction", "Only these", [one.value for one in Direction]),
        _query("outcome", "Only these", [one.value for one in CallOutcome]),
        _query("limit", "Calls on a page, 1 to 1000; 100 if left out"),
        _query("after", "What next was on the page before"),
    ]


def _query(name: str, text: str, values: list[str] | None = None, *, several: bool = False) -> dict[str, Any]:
    one: dict[str, Any] = {"type": "string"} | ({"enum": values} if values else {})
    schema = {"type": "array", "items": one} if several else one
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
