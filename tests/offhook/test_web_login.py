"""The one password: who gets in, how long, and how often it may be guessed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import encode_basic_auth, web

from offhook.web.login import (
    COOKIE,
    FAILURE_WINDOW_S,
    FAILURES_ALLOWED,
    MAX_SESSIONS,
    SESSION_S,
    Attempts,
    Password,
    Sessions,
    safe_next,
)
from offhook.web.security import WebSettings
from tests.offhook.web_client import Client, open_pages, own_origin

PASSWORD = "correct horse"


def one_page(app: web.Application) -> None:
    async def show(_: web.Request) -> web.Response:
        return web.Response(text="inside")

    app.router.add_get("/inside", show)


@pytest.fixture
async def pages() -> AsyncIterator[Client]:
    client = await open_pages(one_page, settings=WebSettings(password=PASSWORD), password=PASSWORD)
    yield client
    await client.close()


async def log_in(pages: Client, password: str, **form: str) -> Any:
    told = {"password": password, **form}
    return await pages.post("/login", data=told, headers=own_origin(pages), allow_redirects=False)


async def test_a_browser_is_led_to_the_log_in_and_back(pages: Client) -> None:
    answer = await pages.get("/inside?x=1", headers={"Accept": "text/html"}, allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"] == "/login?next=/inside?x%3D1"
    answer = await log_in(pages, PASSWORD, next="/inside?x=1")
    assert (answer.status, answer.headers["Location"]) == (303, "/inside?x=1")
    assert await (await pages.get("/inside")).text() == "inside"


async def test_the_cookie_is_kept_from_scripts_and_other_sites(pages: Client) -> None:
    cookie = (await log_in(pages, PASSWORD)).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_behind_https_the_cookie_stays_there() -> None:
    settings = WebSettings(password=PASSWORD, public_url="https://offhook.example.com")
    client = await open_pages(settings=settings, password=PASSWORD)
    assert "Secure" in (await log_in(client, PASSWORD)).headers["Set-Cookie"]
    await client.close()


async def test_a_program_without_password_is_told_to_give_it(pages: Client) -> None:
    answer = await pages.get("/inside")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


async def test_a_scraper_gets_in_by_basic(pages: Client) -> None:
    for _ in range(3):
        assert (
            await pages.get("/inside", headers={"Authorization": encode_basic_auth("prometheus", PASSWORD)})
        ).status == 200
    assert (
        await pages.get("/inside", headers={"Authorization": encode_basic_auth("prometheus", "wrong")})
    ).status == 401
    assert (await pages.get("/inside", headers={"Authorization": "Basic %%%"})).status == 401


async def test_a_wrong_password_shows_the_form_again(pages: Client) -> None:
    answer = await log_in(pages, "<b>wrong</b>")
    text = await answer.text()
    assert answer.status == 401
    assert "That is not the password." in text
    assert "wrong</b>" not in text
    assert COOKIE not in answer.cookies


async def test_guessing_is_slowed_down(pages: Client) -> None:
    for _ in range(FAILURES_ALLOWED):
        assert (await log_in(pages, "wrong")).status == 401
    answer = await log_in(pages, PASSWORD)
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= FAILURE_WINDOW_S + 1
    assert (await pages.get("/inside", headers={"Authorization": encode_basic_auth("x", PASSWORD)})).status == 401


async def test_many_guesses_at_once_are_many_failures(pages: Client) -> None:
    answers = await asyncio.gather(*(log_in(pages, "wrong") for _ in range(FAILURES_ALLOWED * 3)))
    assert sum(answer.status == 401 for answer in answers) == FAILURES_ALLOWED


async def test_after_a_wrong_password_the_way_on_is_not_forgotten(pages: Client) -> None:
    assert 'value="/inside?x=1"' in await (await log_in(pages, "wrong", next="/inside?x=1")).text()


async def test_who_logs_out_is_out(pages: Client) -> None:
    await log_in(pages, PASSWORD)
    token = next(cookie.value for cookie in pages.session.cookie_jar if cookie.key == COOKIE)
    await pages.post("/logout", headers={"Origin": str(pages.make_url("/")).rstrip("/")}, allow_redirects=False)
    assert (await pages.get("/inside", headers={"Cookie": f"{COOKIE}={token}"})).status == 401


async def test_a_forged_cookie_is_nobody(pages: Client) -> None:
    for value in ("x", "é", "", "a" * 5000):
        assert (await pages.get("/inside", headers={"Cookie": f"{COOKIE}={value}"})).status == 401


async def test_what_needs_no_password(pages: Client) -> None:
    assert (await pages.get("/login")).status == 200
    assert (await pages.get("/static/app.css")).status == 200


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    token = sessions.open()
    assert sessions.knows(token)
    assert not sessions.knows(token + "x")
    clock.now += SESSION_S + 1
    assert not sessions.knows(token)


def test_sessions_are_bounded() -> None:
    sessions = Sessions()
    first = sessions.open()
    for _ in range(MAX_SESSIONS):
        last = sessions.open()
    assert not sessions.knows(first)
    assert sessions.knows(last)


def test_the_wait_passes_and_concerns_one_address() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FAILURES_ALLOWED):
        assert attempts.wait_s("192.0.2.1") == 0
        attempts.failed("192.0.2.1")
    assert attempts.wait_s("192.0.2.1") == FAILURE_WINDOW_S
    assert attempts.wait_s("192.0.2.2") == 0
    clock.now += FAILURE_WINDOW_S
    assert attempts.wait_s("192.0.2.1") == 0


def test_a_right_password_forgets_the_wrong_ones() -> None:
    attempts = Attempts()
    for _ in range(FAILURES_ALLOWED):
        attempts.failed("192.0.2.1")
    attempts.succeeded("192.0.2.1")
    assert attempts.wait_s("192.0.2.1") == 0


async def test_the_password_is_kept_as_a_hash_only() -> None:
    password = Password(PASSWORD)
    assert PASSWORD not in str(vars(password))
    assert await password.check(PASSWORD)
    assert not await password.check(PASSWORD + " ")


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/a\r\nX: y", "/x\\y"]
)
def test_the_log_in_leads_nowhere_else(path: str) -> None:
    assert safe_next(path) == "/"


def test_the_log_in_leads_back() -> None:
    assert safe_next("/desk?agent=101") == "/desk?agent=101"
