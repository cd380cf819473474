"""The first page, and what a machine asks: is the program alive, is it of use now, what are the figures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from offhook.web.app import Part
from offhook.web.login import DOOR
from offhook.web.templates import TEMPLATES, list_page


class Condition(msgspec.Struct, frozen=True):
    """The state of one thing the program needs: a PBX, the store. ``reason`` says why it is not well."""

    name: str
    ok: bool
    state: str
    reason: str = ""


CheckConditions = Callable[[], Awaitable[list[Condition]]]
WriteMetrics = Callable[[], bytes]

CONDITIONS: web.AppKey[CheckConditions] = web.AppKey("conditions", Callable)  # type: ignore[arg-type]
METRICS: web.AppKey[WriteMetrics] = web.AppKey("metrics", Callable)  # type: ignore[arg-type]
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def standing_pages(conditions: CheckConditions, metrics: WriteMetrics) -> Part:
    """``/``, ``/healthz``, ``/readyz`` and ``/metrics``. ``metrics`` is called in a thread."""

    def add(app: web.Application) -> None:
        app[CONDITIONS], app[METRICS] = conditions, metrics
        list_page(app[TEMPLATES], "home", "/", "Start")
        app.router.add_get("/", show_start)
        app.router.add_get("/healthz", tell_health)
        app.router.add_get("/readyz", tell_readiness)
        app.router.add_get("/metrics", tell_metrics)

    return add


async def show_start(request: web.Request) -> web.Response:
    """The first page: where to go, and whether all is well."""
    conditions = await request.app[CONDITIONS]()
    text = request.app[TEMPLATES].get_template("start.html").render(page="home", conditions=conditions)
    return web.Response(text=text, content_type="text/html")


async def tell_health(_: web.Request) -> web.Response:
    """200 while the process answers at all."""
    return web.Response(text="ok\n")


async def tell_readiness(request: web.Request) -> web.Response:
    """JSON: 200 when the store and each PBX's link are well, else 503; the reasons only to who may see the pages."""
    conditions = await request.app[CONDITIONS]()
    ready = all(one.ok for one in conditions)
    door = request.app.get(DOOR)
    told = {"conditions": conditions} if door is None or await door.admits(request) else {}
    body = msgspec.json.encode({"ready": ready, **told})
    return web.Response(body=body, status=200 if ready else 503, content_type="application/json")


async def tell_metrics(request: web.Request) -> web.Response:
    """The figures in Prometheus' text format."""
    text = await asyncio.to_thread(request.app[METRICS])
    return web.Response(body=text, headers={"Content-Type": METRICS_TYPE})
