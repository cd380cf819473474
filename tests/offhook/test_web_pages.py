"""The first page and the three addresses that machines ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import encode_basic_auth

from offhook.web.pages import Condition, standing_pages
from offhook.web.security import WebSettings
from tests.offhook.web_client import Client, open_pages

CONDITIONS = {"store": Condition("store", True, "up"), "pbx": Condition("PBX <main>", True, "up")}


async def check() -> list[Condition]:
    return list(CONDITIONS.values())


async def open_client(password: str | None = None) -> Client:
    settings = WebSettings(password=password)
    return await open_pages(standing_pages(check, lambda: b"calls 1\n"), settings=settings, password=password)


@pytest.fixture
async def pages() -> AsyncIterator[Client]:
    client = await open_client()
    yield client
    await client.close()


@pytest.fixture
def store_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONDITIONS, "store", Condition("store", False, "away", "disk full"))


async def test_the_first_page_leads_on_and_tells_the_condition(pages: Client) -> None:
    text = await (await pages.get("/")).text()
    assert 'href="/metrics"' in text
    assert "PBX &lt;main&gt;" in text
    assert "<main>" not in text.replace('<main id="main">', "")


async def test_alive(pages: Client) -> None:
    answer = await pages.get("/healthz")
    assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_ready_when_all_is_well(pages: Client) -> None:
    answer = await pages.get("/readyz")
    assert answer.status == 200
    assert (await answer.json())["ready"] is True


@pytest.mark.usefixtures("store_away")
async def test_not_ready_says_why(pages: Client) -> None:
    answer = await pages.get("/readyz")
    assert answer.status == 503
    told = await answer.json()
    assert told["ready"] is False
    assert told["conditions"][0] == {"name": "store", "ok": False, "state": "away", "reason": "disk full"}
    assert "disk full" in await (await pages.get("/")).text()


async def test_behind_a_password_the_reasons_are_not_for_all() -> None:
    pages = await open_client("correct horse")
    assert await (await pages.get("/readyz")).json() == {"ready": True}
    told = await (await pages.get("/readyz", headers={"Authorization": encode_basic_auth("x", "correct horse")})).json()
    assert len(told["conditions"]) == 2
    assert (await pages.get("/healthz")).status == 200
    assert (await pages.get("/metrics")).status == 401
    await pages.close()


async def test_the_figures_are_in_prometheus_text(pages: Client) -> None:
    answer = await pages.get("/metrics")
    assert await answer.text() == "calls 1\n"
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
