"""``/api/v1``: the same reports and calls for other programs, as JSON, with a key; OpenAPI tells all of it.

The key travels as ``Authorization: Bearer KEY`` (RFC 6750). Lists come in pages; ``next`` of one is ``after`` of the
following.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from crm_bridge.call_notes import CallNotes
from cti.errors import OffhookError
from cti.model import Call
from kpi.local_time import find_zone, parse_period
from kpi.measure import all_measures
from kpi.parameters import SiteParameters
from kpi.store import Store
from offhook.reporting.fetching import fetch_asked
from offhook.web.api_document import BASE, CallPage, MeasurePassport, NoteOnCall, Problem, document
from offhook.web.app import Part
from offhook.web.report_calls import call_filter
from offhook.web.reports import asked_in

MOST_CALLS = 1_000
USUAL_CALLS = 100

Answer = Callable[[web.Request], Awaitable[bytes]]


class Api:
    """The routes. ``key`` None answers that no key is set."""

    def __init__(self, store: Store, site: SiteParameters, key: str | None, notes: CallNotes | None = None) -> None:
        self._store, self._site, self._notes = store, site, notes
        self._digest = None if key is None else hashlib.sha256(key.encode()).digest()

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get(f"{BASE}/openapi.json", self.send_document)
        app.router.add_get(f"{BASE}/measures", self._guarded(self.measures))
        app.router.add_get(f"{BASE}/report", self._guarded(self.report))
        app.router.add_get(f"{BASE}/calls", self._guarded(self.calls))
        app.router.add_get(f"{BASE}/calls/{{pbx}}/{{call_id}}", self._guarded(self.call))
        app.router.add_get(f"{BASE}/calls/{{pbx}}/{{call_id}}/notes", self._guarded(self.notes))

    async def send_document(self, _: web.Request) -> web.Response:
        """The OpenAPI document; it holds nothing of the site, so it needs no key."""
        return web.Response(body=document(), content_type="application/json")

    async def measures(self, _: web.Request) -> bytes:
        """The passports of all measures."""
        return msgspec.json.encode([MeasurePassport.of(one) for one in all_measures().values()])

    async def report(self, request: web.Request) -> bytes:
        """A report, asked as on ``/reports``."""
        return msgspec.json.encode(await fetch_asked(self._store, self._site, asked_in(request.query)))

    async def calls(self, request: web.Request) -> bytes:
        """A page of calls, newest first."""
        query = request.query
        period = parse_period(query.get("period", "today")[:40], datetime.now(UTC), find_zone(self._site.time_zone))
        limit = _limit(query.get("limit", ""))
        wanted = call_filter(query, period.since, period.until)
        found = await self._store.fetch_calls(wanted, limit=limit + 1, after=await self._after(query.get("after")))
        page = found[:limit]
        more = _cursor(page[-1]) if len(found) > limit else None
        return msgspec.json.encode(CallPage(calls=page, next=more))

    async def call(self, request: web.Request) -> bytes:
        """One call with all its parts."""
        return msgspec.json.encode(await self._call(request))

    async def notes(self, request: web.Request) -> bytes:
        """What agents wrote about one call."""
        call = await self._call(request)
        noted = [] if self._notes is None else await self._notes.fetch(call.pbx, call.call_id)
        return msgspec.json.encode([NoteOnCall.of(one) for one in noted])

    async def _call(self, request: web.Request) -> Call:
        call = await self._store.fetch_call(request.match_info["pbx"], request.match_info["call_id"])
        if call is None:
            raise web.HTTPNotFound(text="There is no such call in the store.")
        return call

    async def _after(self, cursor: str | None) -> Call | None:
        if cursor is None:
            return None
        try:
            pbx, call_id = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[str, str])
        except (binascii.Error, ValueError):  # of msgspec too
            raise web.HTTPBadRequest(text="after is not what next was.") from None
        call = await self._store.fetch_call(pbx, call_id)
        if call is None:
            raise web.HTTPBadRequest(text="The call that the page before ended with is not in the store any more.")
        return call

    def _guarded(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guard(request: web.Request) -> web.Response:
            if (refusal := self._refusal(request)) is not None:
                return refusal
            try:
                return web.Response(body=await answer(request), content_type="application/json")
            except OffhookError as error:
                return _problem(400, error)
            except web.HTTPClientError as error:
                return _problem(error.status, OffhookError("api-bad-request", error.text or error.reason))

        return guard

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._digest is None:
            hint = "set [web] api_key or api_key_file"
            return _problem(403, OffhookError("api-no-key", "the interface is closed", "no key is set", hint))
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if hmac.compare_digest(hashlib.sha256(given.encode("utf-8", "replace")).digest(), self._digest):
            return None
        error = OffhookError("api-wrong-key", "that is not the key", "", "send the header Authorization: Bearer KEY")
        return _problem(401, error, {"WWW-Authenticate": "Bearer"})


def api_part(store: Store, site: SiteParameters, key: str | None, notes: CallNotes | None = None) -> Part:
    """The interface, to be added to the application; without ``notes`` no call has any."""
    return Api(store, site, key, notes).add_to


def _limit(text: str) -> int:
    if not text:
        return USUAL_CALLS
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_CALLS):
        raise web.HTTPBadRequest(text=f"limit is a number from 1 to {MOST_CALLS}.")
    return int(text)


def _cursor(last: Call) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((last.pbx, last.call_id))).decode()


def _problem(status: int, error: OffhookError, headers: dict[str, str] | None = None) -> web.Response:
    what = ": ".join(part for part in (error.what, error.why) if part)
    body = msgspec.json.encode(Problem(ref=error.ref, what=what, hint=error.hint))
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)
