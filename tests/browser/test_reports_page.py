"""The reports in a real browser: lines are drawn, passports open, numbers lead to calls; the console stays quiet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from kpi.batch import Batch
from kpi.parameters import SiteParameters
from kpi.schema import metadata
from kpi.store import Store
from offhook.database import make_engine
from offhook.web.app import WebServer, make_app
from offhook.web.report_calls import call_pages
from offhook.web.reports import report_pages
from offhook.web.security import WebSettings
from tests.kpi.calls import abandoned_call, answered_call

pytestmark = pytest.mark.asyncio(loop_scope="module")
DAY_S = 86_400
HOSTILE = "<img src=x onerror=alert(1)>"
PERIOD = "period=2026-03-02..2026-03-06"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder: Path = tmp_path_factory.mktemp("reports")
    engine = make_engine(f"sqlite:///{folder / 'offhook.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    store = Store(engine)
    calls = [answered_call(f"{day}.{n}", start=day * DAY_S + n * 600) for day in range(5) for n in range(day + 2)]
    lost = [abandoned_call(f"lost.{n}", start=n * 900, stay_queue="sales") for n in range(3)]
    hostile = answered_call("hostile", start=30, stay_queue=HOSTILE)
    await store.store(Batch(calls=(*calls, *lost, hostile)))
    parts = [report_pages(store, SiteParameters()), call_pages(store, "UTC", {}, None)]
    server = WebServer(WebSettings(listen="127.0.0.1:0"), await make_app(WebSettings(), None, parts))
    await server.start()
    yield server.url
    await server.stop()
    await engine.dispose()


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    complaints: list[str] = []
    page = await chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(30_000)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await page.close()
    assert complaints == []


async def test_days_are_lines_and_a_heading_opens_to_its_formula(url: str, page: Page) -> None:
    await page.goto(f"{url}/reports?{PERIOD}&by=day&m=offered&m=abandon_rate")
    await expect(page.locator(".chart canvas")).to_be_visible()
    await expect(page.locator(".u-legend")).to_contain_text("Offered")
    passport = page.locator(".passport-text").last
    await expect(passport).to_be_hidden()
    await page.locator(".passport summary").last.click()
    await expect(passport).to_be_visible()
    await expect(passport).to_contain_text("B / ")


async def test_a_week_by_hour_is_a_heat_map(url: str, page: Page) -> None:
    await page.goto(f"{url}/reports?{PERIOD}&by=weekday&by=hour&m=offered")
    await expect(page.locator("td.heat-9")).to_have_count(2)  # Monday with its lost calls, and Friday
    hottest = page.locator("td.heat-9").first
    colour = await hottest.evaluate("cell => getComputedStyle(cell).backgroundColor")
    assert colour not in ("rgba(0, 0, 0, 0)", "transparent")
    assert await page.locator("table.report tbody th").all_inner_texts() == ["mon", "tue", "wed", "thu", "fri"]


async def test_from_a_number_to_its_calls_to_the_time_line(url: str, page: Page) -> None:
    await page.goto(f"{url}/reports?{PERIOD}&by=queue&m=offered")
    await expect(page.locator("table.report tbody th").first).to_have_text(HOSTILE)
    await page.get_by_role("link", name="sales").click()
    await expect(page.locator("table.report tbody tr")).to_have_count(23)
    await page.locator("table.report tbody a").first.click()
    await expect(page.locator("svg.timeline rect.bar-talk")).to_have_count(1)


async def test_the_form_asks_what_it_shows(url: str, page: Page) -> None:
    await page.goto(f"{url}/reports?{PERIOD}&by=queue")
    await page.get_by_label("Period").fill("2026-03-02")
    await page.get_by_label("and by").select_option("hour")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_label("Period")).to_have_value("2026-03-02")
    await expect(page.locator("h2")).to_have_text("Calls by queue and hour")
