"""Parts of the website as a browser without a screen has them."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from offhook.web.app import Part, make_app
from offhook.web.security import WebSettings

Client = TestClient[web.Request, web.Application]


async def open_pages(*parts: Part, settings: WebSettings | None = None, password: str | None = None) -> Client:
    """A client of a website with these parts, on loopback, until it is closed."""
    client = TestClient(TestServer(await make_app(settings or WebSettings(), password, parts)))
    await client.start_server()
    return client


def own_origin(pages: Client) -> dict[str, str]:
    """The header with which a form of the website's own is sent."""
    return {"Origin": str(pages.make_url("")).rstrip("/")}
