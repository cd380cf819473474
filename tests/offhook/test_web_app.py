"""The shell: errors as pages, the port, the stop."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web

from cti.errors import OffhookError
from offhook.web.app import WebServer, make_app
from offhook.web.security import WebSettings
from tests.pbx.lab.processes import free_port

HTML = {"Accept": "text/html"}


def pages(app: web.Application) -> None:
    async def wait_for_ever(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun\n")
        await asyncio.Event().wait()
        return response

    async def refuse(_: web.Request) -> web.Response:
        raise web.HTTPConflict(text="<script>alert(1)</script>")

    app.router.add_get("/stream", wait_for_ever)
    app.router.add_get("/refuse", refuse)


async def server(listen: str = "127.0.0.1:0") -> WebServer:
    settings = WebSettings(listen=listen)
    made = WebServer(settings, await make_app(settings, None, [pages]))
    await made.start()
    return made


async def fetch(url: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_an_error_is_a_page_for_browsers_and_a_line_for_programs() -> None:
    web_server = await server()
    status, page = await fetch(web_server.url + "/none", **HTML)
    assert status == 404
    assert "<h1>Not Found</h1>" in page
    status, line = await fetch(web_server.url + "/none")
    assert status == 404
    assert line.startswith("Not Found. ")
    assert "<" not in line
    await web_server.stop()


async def test_the_text_of_an_error_is_escaped() -> None:
    web_server = await server()
    _, page = await fetch(web_server.url + "/refuse", **HTML)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    await web_server.stop()


async def test_port_0_is_a_free_port_and_is_told() -> None:
    first, second = await server(), await server()
    assert first.url != second.url
    assert not first.url.endswith(":0")
    await first.stop()
    await second.stop()


async def test_a_taken_port_is_named() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OffhookError, match=str(port)) as caught:
        await server(f"127.0.0.1:{port}")
    assert caught.value.ref == "web-cannot-listen"


async def test_the_stop_does_not_wait_for_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offhook.web.app.SHUTDOWN_S", 0.1)
    web_server = await server()
    async with aiohttp.ClientSession() as session, session.get(web_server.url + "/stream") as answer:
        assert await answer.content.readline() == b"begun\n"
        await asyncio.wait_for(web_server.stop(), 10)
        with pytest.raises(aiohttp.ClientError):
            await session.get(web_server.url + "/none")
