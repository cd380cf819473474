"""The CRM's own pages from the desk, in a real browser: one tab for all calls, a link, a frame where it may be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from crm_bridge.about import Part, Telling
from crm_bridge.contact import Contact, ContactNumber, Incident, Order, SourceError, SourceRefusedError, Touch
from crm_bridge.number import Number
from crm_bridge.settings import CrmSettings, QueueSettings
from tests.browser.agents import Agents
from tests.browser.desk_house import DeskHouse, desk_house
from tests.crm_bridge.scene import HOSTILE, WallClock, agent_event, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ZOFIA, MARY, ELENA = "+393351234509", "+442079460008", "+393357654321"


class Crm:
    """A CRM on another origin: its pages say what they were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        app = web.Application()
        app.router.add_get("/{page:.*}", self._show)
        self._server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    async def __aenter__(self) -> Crm:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    async def _show(self, request: web.Request) -> web.Response:
        if request.path != "/favicon.ico":
            self.asked.append(request.path_qs)
        return web.Response(
            text="<!doctype html><title>CRM</title><h1>Customer in the CRM</h1>", content_type="text/html"
        )


class ErpSource:
    """Knows Žofia too, by the same name, and has what the book does not; its page is in the CRM."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def find(self, number: Number) -> list[Contact]:
        if number.key != ZOFIA:
            return []
        numbers, page = (ContactNumber(ZOFIA, ZOFIA),), f"{self.url}/customer/z"
        incident = Incident(reference="E-9", title="Invoice questioned", state="open")
        return [
            Contact(source="erp", contact_id="z", name=HOSTILE, numbers=numbers, url=page, incidents=(incident,)),
        ]


class SlowCrm(Telling):
    """Says at once who it is, and what he has ordered once ``gate`` is open; its tickets may not be read."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        tellers = {Part.ORDERS: self._orders, Part.INCIDENTS: self._incidents, Part.CONTACTS: self._touches}
        self.ask_about(tellers, tellers)

    async def find(self, number: Number) -> list[Contact]:
        numbers = (ContactNumber(ELENA, ELENA),)
        return [Contact(source="sales", contact_id="7", name="Elena Bianchi", numbers=numbers)] * (number.key == ELENA)

    async def _orders(self, contact: Contact) -> list[Order]:
        await self.gate.wait()
        return [Order(reference="S00017", title=HOSTILE, state="to deliver", placed_on=date(2026, 11, 2))]

    async def _incidents(self, contact: Contact) -> list[Incident]:
        raise SourceRefusedError("crm-refused", "crm.example.com does not permit the question", "HTTP 403", "")

    async def _touches(self, contact: Contact) -> list[Touch]:
        return [Touch(on=date(2026, 11, 18), kind="e-mail", title="Re: your offer", direction="in", by="Dana O'Neill")]


class Away:
    """Has never answered."""

    async def find(self, number: Number) -> list[Contact]:
        raise SourceError("crm-unreachable", "crm.example.com cannot be reached", "", "check url")


@pytest_asyncio.fixture(loop_scope="module")
async def crm() -> AsyncIterator[Crm]:
    async with Crm() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def slow() -> AsyncIterator[SlowCrm]:
    made = SlowCrm()
    yield made
    made.gate.set()


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path, crm: Crm, slow: SlowCrm) -> AsyncIterator[DeskHouse]:
    settings = CrmSettings(
        pop_url=f"{crm.url}/find?phone={{e164}}&queue={{queue}}",
        queue={"quiet": QueueSettings(pop_url="")},
        frame_origins=(crm.url,),
    )
    more = {"erp": ErpSource(crm.url), "sales": slow, "old-crm": Away()}
    async with desk_house(tmp_path, heartbeat_s=0.5, settings=settings, more=more) as made:
        made.desk.apply(agent_event(WallClock(), "101", "Anna Rossi"))
        yield made


async def test_each_call_opens_in_the_same_tab_until_the_agent_talks(
    house: DeskHouse, crm: Crm, agents: Agents
) -> None:
    page = await agents.sit_down("101")
    button = page.locator("#crm-tab")
    await expect(button).to_have_text("CRM tab off")
    async with page.context.expect_page() as opening:
        await button.click()
    tab = await opening.value
    await expect(button).to_have_attribute("aria-pressed", "true")

    first = house.ring(MARY, "101", call_id="1", queue="a b&c")
    await until(lambda: crm.asked == ["/find?phone=%2B442079460008&queue=a%20b%26c"])
    house.desk.apply(first.ended())
    second = house.ring("+393339999999", "101", call_id="2")
    await until(lambda: len(crm.asked) == 2)
    await expect(tab).to_have_url(f"{crm.url}/find?phone=%2B393339999999&queue=sales")
    assert len(page.context.pages) == 2

    house.desk.apply(second.answered("101"))
    await expect(page.locator("[data-phase=talking]")).to_be_visible()
    house.ring(MARY, "101", call_id="3")
    await expect(page.locator("#news")).to_have_attribute("data-ringing", re.compile(r".+"))
    assert len(crm.asked) == 2


async def test_without_the_switch_there_is_a_link_on_the_card(house: DeskHouse, crm: Crm, agents: Agents) -> None:
    page = await agents.sit_down("101")
    house.ring(MARY, "101", call_id="4")
    link = page.get_by_role("link", name="Open in the CRM")
    await expect(link).to_have_attribute("href", f"{crm.url}/find?phone=%2B442079460008&queue=sales")
    assert crm.asked == []
    async with page.context.expect_page() as opening:
        await link.click()
    await expect(await opening.value).to_have_title("CRM")


async def test_a_queue_without_a_page_opens_none(house: DeskHouse, crm: Crm, agents: Agents) -> None:
    page = await agents.sit_down("101")
    house.ring(MARY, "101", call_id="5", queue="quiet")
    await expect(page.locator(".who-name")).to_have_text("Mary Smith")
    assert await page.get_by_role("link", name="Open in the CRM").count() == 0


async def test_the_card_says_what_came_from_where_and_frames_the_customers_page(
    house: DeskHouse, crm: Crm, agents: Agents, tmp_path: Path
) -> None:
    page = await agents.sit_down("101")
    house.ring(ZOFIA, "101", call_id="6")
    sources = page.locator(".sources")
    await expect(sources).to_contain_text("old-crm · crm.example.com cannot be reached")
    await expect(sources).to_contain_text(re.compile(r"book as of \d\d:\d\d"))
    await expect(page.get_by_role("heading", name=re.compile("Open orders")).locator(".from")).to_have_text("from book")
    await expect(page.frame_locator(".crm-page").get_by_role("heading")).to_have_text("Customer in the CRM")
    own = page.get_by_role("link", name="Customer's page")
    await expect(own).to_have_attribute("href", f"{crm.url}/customer/z")
    await expect(own).to_have_attribute("rel", "noopener noreferrer")
    await page.screenshot(path=tmp_path / "card.png", full_page=True)
    assert (tmp_path / "card.png").stat().st_size > 10_000


async def test_the_card_is_there_first_and_is_filled_in(
    house: DeskHouse, slow: SlowCrm, agents: Agents, tmp_path: Path
) -> None:
    page = await agents.sit_down("101")
    house.ring(ELENA, "101", call_id="8")
    await expect(page.locator(".who-name")).to_have_text("Elena Bianchi")
    orders = page.get_by_role("heading", name=re.compile("Open orders"))
    assert await orders.count() == 0
    slow.gate.set()
    await expect(orders).to_be_visible()
    await expect(page.locator(".card-facts")).to_contain_text(HOSTILE)
    await expect(page.get_by_text("Re: your offer")).to_be_visible()
    unread = page.locator(".unread")
    await expect(unread).to_have_text(
        "sales: incidents could not be read: crm.example.com does not permit the question"
    )
    await page.screenshot(path=tmp_path / "card.png", full_page=True)
    assert (tmp_path / "card.png").stat().st_size > 10_000
