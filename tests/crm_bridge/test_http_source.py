"""Asking by HTTP with care. What all adapters make of it is in the contract."""

from __future__ import annotations

import gzip
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from crm_bridge.contact import SourceBusyError, SourceError
from crm_bridge.http_source import HttpAdapter, HttpClient, fetch_grant, gather_all, make_tls
from crm_bridge.options import HttpOptions
from cti.errors import OffhookError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[HttpClient]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[TestServer] = []
    clients: list[HttpClient] = []

    async def _serve(handler: Handler) -> HttpClient:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", handler)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        clients.append(HttpClient("crm", HttpOptions(url=str(servers[-1].make_url("/base"))), 20.0, {"X-Key": "k"}))
        return clients[-1]

    yield _serve
    for client in clients:
        await client.close()
    for server in servers:
        await server.close()


async def failed(client: HttpClient, method: str = "GET", path: str = "/x", **question: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await client.fetch(method, path, **question)
    return caught.value


async def test_what_is_asked_arrives_as_meant(serve: Serve) -> None:
    async def echo(request: web.Request) -> web.Response:
        said = {"path": request.path, "query": list(request.query.items()), "body": await request.text()}
        return web.json_response(said | {"key": request.headers["X-Key"], "cookie": request.headers.get("Cookie")})

    client = await serve(echo)
    params = [("phone", "+39 02&x=1"), ("phone", "é")]
    said = await client.fetch_as(dict[str, Any], "POST", "/find/a%2Fb", params=params, json={"a": 1})
    assert said == {
        "path": "/base/find/a/b",
        "query": [["phone", "+39 02&x=1"], ["phone", "é"]],
        "body": '{"a":1}',
        "key": "k",
        "cookie": None,
    }


async def test_within_the_same_host_it_follows_but_not_in_circles(serve: Serve) -> None:
    async def redirect(request: web.Request) -> web.Response:
        if request.path == "/new":
            return web.json_response({"key": request.headers["X-Key"]})
        raise web.HTTPFound("/new" if request.path == "/base/x" else str(request.url))

    client = await serve(redirect)
    assert await client.fetch_as(dict[str, str], "GET", "/x") == {"key": "k"}
    assert "circle" in (await failed(client, path="/loop")).why
    assert (await failed(client, "POST", json={})).ref == "crm-redirect"


async def test_a_page_elsewhere_is_not_asked_for(serve: Serve) -> None:
    async def never(request: web.Request) -> web.Response:
        raise AssertionError(request.path)

    client = await serve(never)
    assert (await failed(client, path="https://evil.example/next")).ref == "crm-redirect"
    assert (await failed(client, path="/a b\r\nX: y")).ref == "crm-failed"


async def test_a_reply_is_bounded_as_it_is_unpacked(serve: Serve) -> None:
    bomb = gzip.compress(b"[" + b" " * (64 << 20) + b"]")
    assert len(bomb) < 1 << 20

    async def send(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})

    assert (await failed(await serve(send))).ref == "crm-huge"


@pytest.mark.parametrize(("header", "low", "high"), [("7", 7, 7), ("", 10, 10), ("soon", 10, 10), ("-5", 10, 10)])
async def test_a_pause_by_seconds(serve: Serve, header: str, low: float, high: float) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": header})

    error = await failed(await serve(busy))
    assert isinstance(error, SourceBusyError)
    assert low <= error.retry_after_s <= high


async def test_a_pause_by_a_date(serve: Serve) -> None:
    async def busy(_: web.Request) -> web.Response:
        until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        return web.Response(status=429, headers={"Retry-After": until})

    error = await failed(await serve(busy))
    assert isinstance(error, SourceBusyError)
    assert 3000 < error.retry_after_s <= 3600


async def test_an_answer_that_breaks_off_and_one_that_is_no_http(serve: Serve) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b"[")
        assert request.transport is not None
        request.transport.close()
        return response

    assert (await failed(await serve(break_off))).ref == "crm-unreachable"

    async def babble(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"220 mail.example.com ESMTP\r\n\r\n")
        request.transport.close()
        return web.Response()

    assert (await failed(await serve(babble))).ref in ("crm-garbage", "crm-unreachable")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that it signed itself, and its key."""
    key, made = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    return made, key


async def test_a_certificate_that_nobody_signed_is_not_trusted_unless_it_is_named(
    certificate: tuple[Path, Path],
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    app = web.Application()

    async def hello(_: web.Request) -> web.Response:
        return web.json_response({"hello": 1})

    app.router.add_get("/x", hello)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=tls)
    url = f"https://127.0.0.1:{server.port}"
    strange = HttpClient("crm", HttpOptions(url=url), 20.0)
    named = HttpClient("crm", HttpOptions(url=url, ca_file=str(certificate[0])), 20.0)
    try:
        error = await failed(strange)
        assert (error.ref, "ca_file" in error.hint) == ("crm-unreachable", True)
        assert await named.fetch_as(dict[str, int], "GET", "/x") == {"hello": 1}
    finally:
        await strange.close()
        await named.close()
        await server.close()


def test_a_certificate_file_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hello")
    for path in ("ca.pem", "missing.pem"):
        with pytest.raises(OffhookError, match="ca_file of the source 'crm'"):
            make_tls("crm", str(tmp_path / path))


async def test_a_token_that_is_not_granted_is_a_refusal(serve: Serve) -> None:
    async def deny(_: web.Request) -> web.Response:
        return web.json_response({"error": "invalid_client"}, status=400)

    client = await serve(deny)
    with pytest.raises(SourceError, match="does not let us in"):
        await fetch_grant(client, dict, "/token", {"client_secret": "s3cret"})


async def test_the_first_error_of_several_questions_is_told_after_all_have_ended() -> None:
    ended: list[int] = []

    async def ask(number: int) -> int:
        ended.append(number)
        if number == 1:
            raise SourceError("crm-failed", "no")
        return number

    assert await gather_all(ask(0), ask(2)) == [0, 2]
    with pytest.raises(SourceError):
        await gather_all(ask(1), ask(3))
    assert ended == [0, 2, 1, 3]


async def test_an_adapter_that_was_never_asked_is_closed_all_the_same() -> None:
    adapter = HttpAdapter("crm", HttpOptions(url="http://127.0.0.1"), "IT", 1.0)
    await adapter.close()
    assert (adapter.name, adapter.http.base) == ("crm", "http://127.0.0.1")
