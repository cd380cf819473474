"""``/outbox``: what CRMs and webhooks have yet to be told, for a person who mends it without a shell."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from crm_bridge.delivery import Delivery
from crm_bridge.outbox import Outbox, OutboxError, State
from offhook.web.app import Part
from offhook.web.templates import TEMPLATES, list_page

ROWS_SHOWN = 100


class OutboxPages:
    """The routes. What is asked for is done in the outbox at once; ``delivery`` then looks at every target."""

    def __init__(self, outbox: Outbox, delivery: Delivery) -> None:
        self._outbox, self._delivery = outbox, delivery

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        list_page(app[TEMPLATES], "outbox", "/outbox", "Outbox")
        app.router.add_get("/outbox", self.show)
        app.router.add_post("/outbox/retry", self.retry)
        app.router.add_post("/outbox/drop", self.drop)

    async def show(self, request: web.Request) -> web.Response:
        """How much waits where, the dead letters, and what waits."""
        try:
            backlog = await self._outbox.fetch_backlog(State.WAITING, State.DEAD)
            dead = await self._outbox.fetch(State.DEAD, limit=ROWS_SHOWN)
            waiting = await self._outbox.fetch(State.WAITING, limit=ROWS_SHOWN)
        except OutboxError as error:
            raise web.HTTPServiceUnavailable(text=str(error)) from error
        counts = {(one.target, one.state.value): one for one in backlog}
        targets = sorted({*self._delivery.counts, *(one.target for one in backlog)})
        template = request.app[TEMPLATES].get_template("outbox.html")
        text = template.render(
            page="outbox",
            targets=targets,
            told=self._delivery.counts,
            counts=counts,
            dead=dead,
            waiting=waiting,
            now=datetime.now(UTC),
            most=ROWS_SHOWN,
        )
        return web.Response(text=text, content_type="text/html")

    async def retry(self, request: web.Request) -> web.Response:
        """Have one row, all dead letters of one target, or all dead letters told now."""
        form = await request.post()
        target, row = form.get("target"), form.get("row")
        try:
            await self._outbox.retry(
                datetime.now(UTC),
                target=target if isinstance(target, str) and target else None,
                row_id=None if row is None else _row_id(row),
            )
        except OutboxError as error:
            raise web.HTTPServiceUnavailable(text=str(error)) from error
        self._delivery.resume()
        raise web.HTTPSeeOther("/outbox")

    async def drop(self, request: web.Request) -> web.Response:
        """Never tell one row."""
        form = await request.post()
        try:
            await self._outbox.drop(_row_id(form.get("row")), datetime.now(UTC))
        except OutboxError as error:
            raise web.HTTPServiceUnavailable(text=str(error)) from error
        raise web.HTTPSeeOther("/outbox")


def outbox_pages(outbox: Outbox, delivery: Delivery) -> Part:
    """The page of the outbox, to be added to the application."""
    return OutboxPages(outbox, delivery).add_to


def _row_id(value: object) -> int:
    """A row's number from a form.

    Raises:
        HTTPBadRequest: it is none.
    """
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise web.HTTPBadRequest(text="This form names no row.")
    return int(value)
