"""``/reports``: a period's numbers, as a table, a heat map or lines; each opens to its passport and its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from multidict import MultiMapping

from cti.errors import OffhookError
from kpi.local_time import PERIODS, find_zone
from kpi.measure import Dimension, all_measures
from kpi.parameters import SiteParameters
from kpi.report import Report
from kpi.store import Store
from offhook.reporting.asked import Asked
from offhook.reporting.fetching import fetch_asked
from offhook.reporting.grid import NAMES, about, grid_of, heat_class, in_order
from offhook.reporting.page import usual_title
from offhook.reporting.writing import TYPES, write_report
from offhook.web.app import Part
from offhook.web.templates import TEMPLATES, list_page

OF_TIME = (Dimension.HALF_HOUR, Dimension.HOUR, Dimension.DAY, Dimension.WEEK, Dimension.MONTH)
MOST_ROWS = 2_000  #: on a page; a file has them all
MOST_LINES = 8  #: more cannot be told apart
_FILTERS = {Dimension.QUEUE: "queue", Dimension.AGENT: "agent", Dimension.PBX: "pbx", Dimension.DID: "did",
            Dimension.DIRECTION: "direction"}  # fmt: skip


class ReportPages:
    """The routes. ``site`` is what holds for its queues today."""

    def __init__(self, store: Store, site: SiteParameters) -> None:
        self._store, self._site = store, site

    def add_to(self, app: web.Application) -> None:
        """Add the routes and the entry in the bar."""
        list_page(app[TEMPLATES], "reports", "/reports", "Reports")
        app.router.add_get("/reports", self.show)
        app.router.add_get("/reports/file", self.send_file)

    async def show(self, request: web.Request) -> web.Response:
        """The report that the address asks for; what cannot be answered is told above the form."""
        asked = asked_in(request.query)
        report, problem = None, None
        try:
            report = await fetch_asked(self._store, self._site, asked)
        except OffhookError as error:
            problem = error
        text = request.app[TEMPLATES].get_template("reports.html").render(_content(asked, report, problem))
        return web.Response(text=text, content_type="text/html", status=200 if problem is None else 400)

    async def send_file(self, request: web.Request) -> web.Response:
        """The same report as a file: ``form`` is csv, json, xlsx, html or pdf."""
        form = request.query.get("form", "csv")
        if form not in TYPES:
            raise web.HTTPBadRequest(text=f"There is no such form. Choose among {', '.join(TYPES)}.")
        try:
            report = await fetch_asked(self._store, self._site, asked_in(request.query))
            body = await asyncio.to_thread(write_report, report, form)
        except OffhookError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        name = f"offhook-{report.since.astimezone(find_zone(report.time_zone)):%Y-%m-%d}.{form}"
        headers = {"Content-Type": TYPES[form], "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=body, headers=headers)


def report_pages(store: Store, site: SiteParameters) -> Part:
    """The reports, to be added to the application."""
    return ReportPages(store, site).add_to


def asked_in(query: MultiMapping[str]) -> Asked:
    """The question in an address; a form's empty fields ask for nothing."""

    def words(name: str) -> tuple[str, ...]:
        return tuple(one[:200] for one in query.getall(name, [])[:50] if one.strip())

    return Asked(
        period=query.get("period", "").strip()[:40] or "last-7-days",
        by=words("by") or ("queue",),
        measures=words("m"),
        pbx=words("pbx"),
        queue=words("queue"),
        agent=words("agent"),
        did=words("did"),
        direction=words("direction"),
        hours=query.get("hours", "all"),
        version=query.get("parameters", "")[:40] or None,
    )


def address(asked: Asked, **changed: Any) -> str:
    """The query of an address that asks the same, but for what is changed."""
    told = {name: value for name, value in msgspec.structs.asdict(asked).items() if value}
    names = {"measures": "m", "version": "parameters"}
    return urlencode([(names.get(name, name), one) for name, value in (told | changed).items() for one in _each(value)])


def _each(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (str(value),)


def _content(asked: Asked, report: Report | None, problem: OffhookError | None) -> dict[str, Any]:
    known = {
        "page": "reports",
        "asked": asked,
        "problem": problem,
        "periods": PERIODS,
        "dimensions": NAMES,
        "measures": all_measures().values(),
        "forms": TYPES,
        "address": address,
        "heat": heat_class,
        "report": report,
    }
    if report is None:
        return known
    grid = grid_of(report)
    shown = {"title": usual_title(report), "about": about(report), "grid": grid, "chart": chart_of(report)}
    links = [calls_link(asked, report, row.key) for row in report.rows[:MOST_ROWS]]
    return known | shown | {"links": links, "most_rows": MOST_ROWS}


def calls_link(asked: Asked, report: Report, key: tuple[str, ...]) -> str | None:
    """The calls behind a row; None for rows by the hour or the weekday, which are not one stretch of time."""
    narrowed: Mapping[str, str | tuple[str, ...]] = {
        name: getattr(asked, name) for name in _FILTERS.values() if getattr(asked, name)
    }
    told = dict(narrowed)
    for dimension, part in zip(report.by, key, strict=True):
        if dimension in _FILTERS:
            told[_FILTERS[dimension]] = part
        elif dimension in (Dimension.DAY, Dimension.WEEK, Dimension.MONTH):
            told["period"] = part
        else:
            return None
    told.setdefault("period", asked.period)
    return "/reports/calls?" + urlencode([(name, one) for name, value in told.items() for one in _each(value)])


def chart_of(report: Report) -> dict[str, Any] | None:
    """Lines over the time that the report is by: a label and numbers for each column; None where it is by no time.

    By a time and something else there is a line for each of that else, of the first number.
    """
    times = [n for n, one in enumerate(report.by) if one in OF_TIME]
    if not times or not report.rows:
        return None
    at = times[0]
    labels = sorted({row.key[at] for row in report.rows})
    found = {row.key: row.numbers for row in report.rows}
    if len(report.by) == 1:
        lines = [(one.title, [found[(label,)][n] for label in labels]) for n, one in enumerate(report.columns)]
    else:
        others = in_order(row.key[1 - at] for row in report.rows)[:MOST_LINES]
        keys = [[(label, other) if at == 0 else (other, label) for label in labels] for other in others]
        lines = [
            (other or "(none)", [found[key][0] if key in found else None for key in of_other])
            for other, of_other in zip(others, keys, strict=True)
        ]
    units = [one.unit for one in report.columns] if len(report.by) == 1 else [report.columns[0].unit] * len(lines)
    return {
        "labels": labels,
        "lines": [
            {"title": title, "unit": unit, "values": values} for (title, values), unit in zip(lines, units, strict=True)
        ],
    }
