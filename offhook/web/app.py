"""The web shell: one aiohttp application with its guards, to which each page adds itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cti.errors import OffhookError
from offhook.web.login import Door, Password, add_door, door_guard
from offhook.web.security import (
    MAX_REQUEST_BYTES,
    AddressRule,
    WebSettings,
    add_headers,
    address_guard,
    parse_listen,
)
from offhook.web.templates import TEMPLATES, setup_pages

SHUTDOWN_S: Final = 5.0  # what an answer under way may still take when the program stops

Part = Callable[[web.Application], None]  #: adds one page's routes, and what they need, to the application

log = structlog.get_logger()


async def make_app(settings: WebSettings, password: str | None, parts: Iterable[Part]) -> web.Application:
    """The application: its guards, then ``parts`` in order. With ``password`` nobody gets in without it."""
    middlewares: list[Middleware] = [show_errors, address_guard(AddressRule.of(settings))]
    door = None
    if password is not None:
        door = Door(await asyncio.to_thread(Password, password), by_https=settings.by_https)
        middlewares.append(door_guard(door))
    app = web.Application(middlewares=middlewares, client_max_size=MAX_REQUEST_BYTES)
    app.on_response_prepare.append(add_headers)
    templates = setup_pages(app)
    templates.globals["has_door"] = door is not None
    if door is not None:
        add_door(app, door)
    for part in parts:
        part(app)
    return app


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A refusal as a page for browsers and as one line for programs; it names nothing that the asker did not send."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _error_page(request, error)


class WebServer:
    """Serves one application. ``url`` is where, once started: with port 0 the port that was free."""

    def __init__(self, settings: WebSettings, app: web.Application) -> None:
        self._host, self._port = parse_listen(settings.listen)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False)
        self.url = ""

    async def start(self) -> None:
        """Listen.

        Raises:
            OffhookError: the address cannot be listened on.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise OffhookError(
                "web-cannot-listen",
                f"cannot serve the pages on {self._host}, port {self._port}",
                error.strerror or str(error),
                "another program has this port, or this machine does not have this address: change [web] listen",
            ) from error
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        log.info("pages are served", url=self.url)

    async def stop(self) -> None:
        """Take no more requests, end the event streams, give answers under way ``SHUTDOWN_S`` seconds."""
        await self._runner.cleanup()


def _error_page(request: web.Request, error: web.HTTPException) -> web.Response:
    kept = {
        name: value for name, value in error.headers.items() if name in ("WWW-Authenticate", "Allow", "Retry-After")
    }
    title = HTTPStatus(error.status).phrase
    plain = f"{error.status}: {error.reason}"
    text = error.text if error.text and error.text != plain else HTTPStatus(error.status).description
    if "text/html" not in request.headers.get("Accept", ""):
        return web.Response(text=f"{title}. {text}\n", status=error.status, headers=kept)
    template = request.app[TEMPLATES].get_template("error.html")
    body = template.render(page="", title=title, text=text, status=error.status)
    return web.Response(text=body, status=error.status, headers=kept, content_type="text/html")
