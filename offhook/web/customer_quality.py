"""``/customers/quality``: what is wrong with the customers; two records are made one and parted here."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.merging import MergeError, fetch_merges, store_merge, undo_merge
from crm_bridge.quality.task import QualityReport, Task
from crm_bridge.settings import CrmSettings
from cti.errors import OffhookError
from offhook.quality_list import KINDS, look_over, write_quality
from offhook.web.app import Part
from offhook.web.templates import TEMPLATES, list_page

PATH: Final = "/customers/quality"
SHOWN: Final = 200  # tasks of one kind on the page; a file has them all
MERGES_SHOWN: Final = 50
_TYPES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class QualityPages:
    """The routes. A look takes minutes where the book is long: it goes on beside, its report is kept until the next."""

    def __init__(self, engine: AsyncEngine, crm: CrmSettings, folder: Path) -> None:
        self._engine, self._crm, self._folder = engine, crm, folder
        self._report: QualityReport | None = None
        self._looked_at: datetime | None = None
        self._problem: OffhookError | None = None
        self._work: asyncio.Task[None] | None = None
        self._done: set[str] = set()

    def add_to(self, app: web.Application) -> None:
        """Add the routes, and the end of a look when the program stops."""
        list_page(app[TEMPLATES], "quality", PATH, "Customers")
        app.on_shutdown.append(self._stop)
        app.router.add_get(PATH, self.show)
        app.router.add_post(f"{PATH}/look", self.look)
        app.router.add_get(f"{PATH}/file", self.send_file)
        app.router.add_post(f"{PATH}/merge", self.merge)
        app.router.add_post(f"{PATH}/unmerge", self.unmerge)

    async def show(self, request: web.Request) -> web.Response:
        """The last report with its tasks, and the merges in force."""
        try:
            merges = await fetch_merges(self._engine, MERGES_SHOWN)
        except MergeError as error:
            raise web.HTTPServiceUnavailable(text=str(error)) from error
        text = (
            request.app[TEMPLATES]
            .get_template("customer_quality.html")
            .render(
                page="quality",
                report=self._report,
                looked_at=self._looked_at,
                looking=self._looking,
                problem=self._problem,
                kinds=KINDS,
                tasks={kind: self._open_tasks(self._report.of(kind)) for kind in KINDS} if self._report else {},
                most=SHOWN,
                merges=merges,
                path=PATH,
            )
        )
        return web.Response(text=text, content_type="text/html")

    async def look(self, _: web.Request) -> web.Response:
        """Begin to look through all lists, unless that goes on already."""
        if not self._looking:
            self._work = asyncio.create_task(self._look())
        raise web.HTTPSeeOther(PATH)

    async def send_file(self, request: web.Request) -> web.Response:
        """The last report as a file: ``form`` is csv or json."""
        form = request.query.get("form", "csv")
        if form not in _TYPES:
            raise web.HTTPBadRequest(text=f"There is no such form. Choose among {', '.join(_TYPES)}.")
        if self._report is None:
            raise web.HTTPNotFound(text="Nothing has been looked through yet.")
        body = await asyncio.to_thread(write_quality, self._report, form)
        headers = {
            "Content-Type": _TYPES[form],
            "Content-Disposition": f'attachment; filename="customers-to-do.{form}"',
        }
        return web.Response(body=body, headers=headers)

    async def merge(self, request: web.Request) -> web.Response:
        """Make two customers of the book one."""
        form = await request.post()
        kept, gone = _id_of(form.get("kept")), _id_of(form.get("gone"))
        try:
            await store_merge(self._engine, kept, gone, _who(request), datetime.now(UTC))
        except MergeError as error:
            raise web.HTTPConflict(text=str(error)) from error
        self._done.add(str(gone))
        raise web.HTTPSeeOther(PATH)

    async def unmerge(self, request: web.Request) -> web.Response:
        """Part two customers who were made one."""
        form = await request.post()
        try:
            undone = await undo_merge(self._engine, _id_of(form.get("merge")), _who(request), datetime.now(UTC))
        except MergeError as error:
            raise web.HTTPConflict(text=str(error)) from error
        self._done.discard(str(undone.gone_id))
        raise web.HTTPSeeOther(PATH)

    @property
    def _looking(self) -> bool:
        return self._work is not None and not self._work.done()

    def _open_tasks(self, tasks: tuple[Task, ...]) -> list[Task]:
        """Those that were not done since the look, as many as are shown."""
        left = (one for one in tasks if one.source != "book" or not {one.record, one.other} & self._done)
        return [one for one, _ in zip(left, range(SHOWN), strict=False)]

    async def _look(self) -> None:
        try:
            report = await look_over(self._engine, self._crm, self._folder)
        except OffhookError as error:
            self._problem = error
            return
        self._report, self._looked_at, self._problem = report, datetime.now(UTC), None
        self._done.clear()

    async def _stop(self, _: web.Application) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)


def quality_pages(engine: AsyncEngine, crm: CrmSettings, folder: Path) -> Part:
    """The page, to be added to the application."""
    return QualityPages(engine, crm, folder).add_to


def _who(request: web.Request) -> str:
    return f"the pages, from {request.remote or 'nowhere'}"


def _id_of(value: object) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise web.HTTPBadRequest(text="This form names no customer.")
    return int(value)
