"""Addresses and headers: who is refused, and what each answer carries."""

from __future__ import annotations

import pytest
from aiohttp import web

from cti.errors import OffhookError
from offhook.web.security import HEADERS, MAX_REQUEST_BYTES, AddressRule, WebSettings, is_loopback, parse_listen
from tests.offhook.web_client import open_pages


def echo_page(app: web.Application) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app.router.add_route("*", "/echo", echo)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8088", ("127.0.0.1", 8088)),
        ("[::1]:8088", ("::1", 8088)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_is_host_and_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_listen(text) == expected


@pytest.mark.parametrize("text", ["8088", ":8088", "host", "host:", "host:x", "host:65536", "::1:8088", "host:٣"])
def test_no_address_is_an_error_that_shows_one(text: str) -> None:
    with pytest.raises(ValueError, match="like "):
        parse_listen(text)


def test_what_only_this_machine_reaches() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.0.2.1", "pbx.example.com"))


@pytest.mark.parametrize("settings", [{"listen": "0.0.0.0:1"}, {"public_url": "https://offhook.example.com"}])
def test_pages_open_to_others_need_a_password(settings: dict[str, str]) -> None:
    with pytest.raises(OffhookError) as caught:
        WebSettings(**settings)
    assert caught.value.ref == "config-open-web"
    assert WebSettings(**settings, password="long enough").listen


@pytest.mark.parametrize("url", ["offhook.example.com", "ftp://x", "https://x/path", "https://[x"])
def test_a_public_url_is_scheme_and_host(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        WebSettings(public_url=url, password="long enough")


def test_the_password_is_not_printed() -> None:
    assert "long enough" not in repr(WebSettings(password="long enough"))


def test_on_loopback_only_own_names_are_known() -> None:
    rule = AddressRule.of(WebSettings(listen="127.0.0.1:8088"))
    known = ("127.0.0.1:8088", "localhost:9000", "[::1]:8088", "LOCALHOST")
    assert all(rule.knows_host(host) for host in known)
    assert not any(rule.knows_host(host) for host in ("evil.example", "127.0.0.1.evil.example", "", "[", "192.0.2.1"))


def test_behind_a_proxy_its_name_is_known_too() -> None:
    rule = AddressRule.of(WebSettings(public_url="https://offhook.example.com", password="long enough"))
    assert rule.knows_host("offhook.example.com")
    assert not rule.knows_host("other.example.com")
    assert rule.knows_origin("https://offhook.example.com", "127.0.0.1:8088")


def test_an_origin_is_ours_when_it_is_where_the_request_went() -> None:
    rule = AddressRule.of(WebSettings())
    assert rule.knows_origin("http://localhost:8088", "localhost:8088")
    assert not any(
        rule.knows_origin(origin, "localhost:8088")
        for origin in ("", "null", "http://localhost:1", "http://evil.example")
    )


async def test_a_foreign_host_is_refused() -> None:
    pages = await open_pages(echo_page)
    answer = await pages.get("/echo", headers={"Host": "evil.example"})
    assert answer.status == 421
    assert "[web] listen" in await answer.text()
    await pages.close()


async def test_a_change_needs_our_own_origin() -> None:
    pages = await open_pages(echo_page)
    own = str(pages.make_url("/")).rstrip("/")
    assert (await pages.post("/echo", data=b"x")).status == 403
    assert (await pages.post("/echo", data=b"x", headers={"Origin": "http://evil.example"})).status == 403
    assert (await pages.post("/echo", data=b"x", headers={"Origin": "null"})).status == 403
    assert (await pages.post("/echo", data=b"x", headers={"Origin": own})).status == 200
    assert (await pages.get("/echo", headers={"Origin": "http://evil.example"})).status == 200
    await pages.close()


async def test_a_request_has_a_bound() -> None:
    pages = await open_pages(echo_page)
    own = str(pages.make_url("/")).rstrip("/")
    answer = await pages.post("/echo", data=b"x" * (MAX_REQUEST_BYTES + 1), headers={"Origin": own})
    assert answer.status == 413
    await pages.close()


@pytest.mark.parametrize("path", ["/echo", "/none", "/static/app.css", "/static/none.css"])
async def test_each_answer_carries_the_headers(path: str) -> None:
    pages = await open_pages(echo_page)
    answer = await pages.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Server" not in answer.headers
    await pages.close()


def test_the_policy_allows_no_inline_script_and_no_other_site() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
