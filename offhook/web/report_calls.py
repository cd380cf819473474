"""From a number to its calls, from a call to its time line, and from there to the PBX's own events."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from crm_bridge.call_notes import CallNotes
from cti.errors import OffhookError
from cti.model import Call, CallOutcome, Direction
from cti.pbx.settings import PbxSettings
from kpi.local_time import find_zone, parse_period
from kpi.reading import CallFilter
from kpi.removed import Retained
from kpi.store import Store
from offhook.web.app import Part
from offhook.web.journal_events import MOST_EVENTS, fetch_events
from offhook.web.templates import TEMPLATES
from offhook.web.timeline import WIDTH, time_line

CALLS_A_PAGE = 100


class CallPages:
    """The routes. ``journal`` is the journal's folder, None where none is kept."""

    def __init__(
        self,
        store: Store,
        time_zone: str,
        pbxs: Mapping[str, PbxSettings],
        journal: Path | None,
        notes: CallNotes | None = None,
    ) -> None:
        self._store, self._zone, self._pbxs, self._journal = store, find_zone(time_zone), pbxs, journal
        self._notes = notes

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/reports/calls", self.show_calls)
        app.router.add_get("/reports/call", self.show_call)
        app.router.add_get("/reports/events", self.show_events)

    async def show_calls(self, request: web.Request) -> web.Response:
        """The calls of a period, newest first, a page at a time."""
        query = request.query
        try:
            period = parse_period(query.get("period", "yesterday")[:40], datetime.now(UTC), self._zone)
        except OffhookError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        wanted = call_filter(query, period.since, period.until)
        after = await self._after(query)
        calls = await self._store.fetch_calls(wanted, limit=CALLS_A_PAGE + 1, after=after)
        shown = calls[:CALLS_A_PAGE]
        more = _next_page(query, shown[-1]) if len(calls) > CALLS_A_PAGE else None
        gone = {kind.value: at for kind, at in (await self._store.fetch_retained()).items() if period.since < at}
        outcomes = list(CallOutcome)
        return self._page(
            request, "report_calls.html", calls=shown, more=more, query=query, outcomes=outcomes, gone=gone
        )

    async def show_call(self, request: web.Request) -> web.Response:
        """One call on its time line."""
        call = await self._call(request.query)
        line = time_line(call, datetime.now(UTC))
        noted = [] if self._notes is None else await self._notes.fetch(call.pbx, call.call_id)
        return self._page(request, "report_call.html", call=call, line=line, width=WIDTH, noted=noted)

    async def show_events(self, request: web.Request) -> web.Response:
        """What the PBX said about one call, from the journal."""
        call = await self._call(request.query)
        events, problem = [], None
        try:
            events = await asyncio.to_thread(fetch_events, self._folder(), self._pbx(call), call)
        except OffhookError as error:
            problem = error
        return self._page(request, "report_events.html", call=call, events=events, problem=problem, most=MOST_EVENTS)

    async def _call(self, query: MultiMapping[str]) -> Call:
        call = await self._store.fetch_call(query.get("pbx", ""), query.get("id", ""))
        if call is None:
            old = Retained.CALLS in await self._store.fetch_retained()
            why = " Calls are removed when they are old ([retention] calls_days)." if old else ""
            raise web.HTTPNotFound(text=f"There is no such call in the store.{why}")
        return call

    async def _after(self, query: MultiMapping[str]) -> Call | None:
        if "after" not in query:
            return None
        return await self._store.fetch_call(query.get("after_pbx", ""), query["after"])

    def _folder(self) -> Path:
        if self._journal is None:
            why = "no journal is kept ([journal] enabled = false)"
            raise OffhookError("recording-missing", "the journal has no events of this call", why)
        return self._journal

    def _pbx(self, call: Call) -> PbxSettings:
        if call.pbx not in self._pbxs:
            why = f"PBX {call.pbx} is not in the settings any more"
            raise OffhookError("recording-missing", "the journal has no events of this call", why)
        return self._pbxs[call.pbx]

    def _local(self, instant: datetime | None) -> str:
        return "" if instant is None else f"{instant.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def _page(self, request: web.Request, name: str, **content: object) -> web.Response:
        template = request.app[TEMPLATES].get_template(name)
        text = template.render(page="reports", local=self._local, **content)
        return web.Response(text=text, content_type="text/html")


def call_pages(
    store: Store,
    time_zone: str,
    pbxs: Mapping[str, PbxSettings],
    journal: Path | None,
    notes: CallNotes | None = None,
) -> Part:
    """The calls behind the reports with what agents noted about them, to be added to the application."""
    return CallPages(store, time_zone, pbxs, journal, notes).add_to


def call_filter(query: MultiMapping[str], since: datetime, until: datetime) -> CallFilter:
    """Which calls an address asks for.

    Raises:
        HTTPBadRequest: it names a direction or an outcome that there is none of.
    """
    try:
        return CallFilter(
            since=since,
            until=until,
            pbx=query.get("pbx") or None,
            queue=query.get("queue") or None,
            agent=query.get("agent") or None,
            direction=Direction(query["direction"]) if query.get("direction") else None,
            outcome=CallOutcome(query["outcome"]) if query.get("outcome") else None,
        )
    except ValueError as error:
        raise web.HTTPBadRequest(text="There is no such direction or outcome.") from error


def _next_page(query: MultiMapping[str], last: Call) -> str:
    kept = [(name, value) for name, value in query.items() if name not in ("after", "after_pbx")]
    return "/reports/calls?" + urlencode([*kept, ("after_pbx", last.pbx), ("after", last.call_id)])
