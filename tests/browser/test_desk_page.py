"""The desk in a real browser: the pop comes and goes by itself, and hostile callers stay text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from crm_bridge.pop import DeskId
from cti.model import AgentState, CallOutcome, Direction, PbxLost, RingResult
from tests.browser.agents import Agents
from tests.browser.desk_house import DeskHouse, desk_house
from tests.cable import Cable
from tests.crm_bridge.scene import HOSTILE, ORIGIN, Clock, Scene, WallClock, agent_event, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNA = DeskId("main", "101")


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with desk_house(tmp_path, heartbeat_s=0.5) as made:
        for agent, name in (("101", "Anna Rossi"), ("102", "Bruno Esposito"), ("103", "Žofia Kováčová")):
            made.desk.apply(agent_event(WallClock(), agent, name))
        yield made


async def test_the_pop_appears_without_a_reload_and_a_hostile_caller_is_text(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    await page.evaluate("window.neverReloaded = true")
    await expect(page.get_by_text("No call")).to_be_visible()
    house.ring("+393351234509", "101", name=HOSTILE)
    card = page.locator("article.card--offered")
    await expect(card.locator("h2")).to_have_text(HOSTILE)
    await expect(card).to_contain_text("Müller & Söhne <b>GmbH</b>")
    await expect(card).to_contain_text("Credit stop")
    await expect(card).to_contain_text("3rd call in 5 days about Offer")
    await expect(card).to_contain_text("Leak after installation")
    await expect(card).to_contain_text('Heat pump "Alba" 9 kW')
    await expect(card.locator("script, b, i")).to_have_count(0)
    assert await page.title() == f"☎ {HOSTILE}"
    assert await page.evaluate("window.neverReloaded")
    assert agents.complaints == []


async def test_the_receipt_says_when_the_pop_was_on_the_screen(agents: Agents, house: DeskHouse) -> None:
    await agents.sit_down("101")
    house.ring("+442079460008", "101")
    await until(lambda: house.desk.counts.shown == 1)
    assert 0 < house.desk.counts.delay.sum_s < 5
    assert house.desk.view(ANNA).cards[0].seen


async def test_ring_all_closes_for_the_losers_and_stays_for_who_answered(agents: Agents, house: DeskHouse) -> None:
    pages = [await agents.sit_down(agent) for agent in ("101", "102", "103")]
    call = house.ring("+442079460008", "101", "102", "103")
    for page in pages:
        await expect(page.locator("article h2")).to_have_text("Mary Smith")
    for agent, result in (("102", RingResult.ANSWERED), ("101", RingResult.ELSEWHERE), ("103", RingResult.ELSEWHERE)):
        house.desk.apply(call.offer_ended(agent, result))
    house.desk.apply(call.answered("102"))
    for page in (pages[0], pages[2]):
        await expect(page.locator("article")).to_have_count(0)
        await expect(page.locator("#past")).to_contain_text("Answered by Bruno Esposito (102)")
        assert await page.title() == re.sub("☎.*", "", await page.title())
    await expect(pages[1].locator("article.card--talking h2")).to_have_text("Mary Smith")
    house.desk.apply(call.released("102"))
    house.desk.apply(call.ended())
    await expect(pages[1].locator("article.card--wrap-up h2")).to_have_text("Mary Smith")
    await pages[1].get_by_role("button", name="Done").click()
    await expect(pages[1].locator("article")).to_have_count(0)
    await expect(pages[1].locator("#past")).to_contain_text("Talked")
    assert agents.complaints == []


async def test_a_transfer_pops_on_the_next_agent(agents: Agents, house: DeskHouse) -> None:
    anna, bruno = await agents.sit_down("101"), await agents.sit_down("102")
    call = house.ring("+442079460008", "101")
    house.answer(call, "101")
    await expect(anna.locator("article.card--talking")).to_be_visible()
    for event in (call.released("101"), call.transferred("101", "102"), call.offered("102", None)):
        house.desk.apply(event)
    await expect(bruno.locator("article.card--offered h2")).to_have_text("Mary Smith")
    await expect(anna.locator("#past")).to_contain_text("Handed on to Bruno Esposito (102)")


async def test_the_agent_chooses_among_several_by_keyboard(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    house.ring("+393331234517", "101", name="STUDIO ROSSI")
    await expect(page.locator("article")).to_contain_text("2 customers have this number")
    await page.get_by_role("button", name=re.compile("Rossi Paola")).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("article h2")).to_have_text("Rossi Paola")
    await expect(page.locator("article")).to_contain_text("chosen by Anna Rossi (101)")
    await expect(page.locator("#side")).to_contain_text("is kept as the caller for")
    await page.keyboard.press("Escape")
    await expect(page.locator("#side")).to_be_empty()
    assert agents.complaints == []


async def test_an_anonymous_caller_is_found_while_typing(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    house.ring(None, "101")
    await expect(page.locator("article h2")).to_have_text("Number withheld")
    await page.get_by_role("button", name="Find the customer").click()
    await expect(page.locator("#q")).to_be_focused()
    await page.keyboard.type("o-100x")
    await expect(page.locator("#found")).to_contain_text("Nobody with")
    await page.keyboard.press("Backspace")
    await expect(page.locator(".found-one")).to_contain_text(HOSTILE)
    house.desk.apply(agent_event(WallClock(), "101", "Anna Rossi", AgentState.RINGING))
    await expect(page.locator("#person")).to_contain_text("Ringing")
    await expect(page.locator("#q")).to_have_value("o-100")
    await page.get_by_role("button", name="This one calls").click()
    await expect(page.locator("article h2")).to_have_text(HOSTILE)
    assert agents.complaints == []


async def test_the_clocks_run_and_the_talk_does_not_count_the_wait(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    clock = Clock()
    clock.now = WallClock()()
    clock.pass_s(-90)
    call = Scene("1", "+442079460008", clock)
    for event in (call.started(), call.queued(), call.offered("101")):
        house.desk.apply(event)
    await expect(page.locator(".phase")).to_contain_text(re.compile("waited 1:3[1-9]"))
    clock.pass_s(90)
    house.answer(call, "101")
    await expect(page.locator(".card--talking .phase .ticker")).to_have_text(re.compile("0:0[1-9]"))
    await expect(page.locator(".card--talking .phase")).to_contain_text("waited 1:30")


async def test_a_second_call_while_talking_is_a_strip_on_top(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    first = house.ring("+442079460008", "101")
    house.answer(first, "101")
    house.ring("+393351234509", "101", call_id="2")
    await expect(page.locator("#cards > article")).to_have_count(2)
    await expect(page.locator("#cards > article").nth(0)).to_have_class(re.compile("strip"))
    await expect(page.locator("#cards > article").nth(0)).to_contain_text("Credit stop")
    await expect(page.locator("#cards > article").nth(1)).to_contain_text("Mary Smith")


async def test_an_agents_own_call_shows_whom_he_calls(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    call = Scene("1", "101", WallClock(), direction=Direction.OUTBOUND, dialled="+442079460008")
    house.desk.apply(call.started())
    await expect(page.locator("article.card--dialling h2")).to_have_text("Mary Smith")
    house.desk.apply(call.ended(CallOutcome.NO_ANSWER))
    await expect(page.locator("#past")).to_contain_text("No answer")


async def test_two_tabs_show_one_pop_and_one_of_them_leads(agents: Agents, house: DeskHouse) -> None:
    first = await agents.sit_down("101")
    second = await agents.page(first.context)
    await second.goto(house.url + "/desk")
    await until(lambda: house.pages.screens.count == 2)
    house.ring("+442079460008", "101")
    for tab, leads in ((first, "no"), (second, "yes")):
        await expect(tab.locator("article h2")).to_have_text("Mary Smith")
        await expect(tab.locator("#news")).to_have_attribute("data-leads", leads)
    assert house.desk.counts.offered == 1
    await second.close()
    await expect(first.locator("#news")).to_have_attribute("data-leads", "yes")


async def test_of_many_tabs_the_oldest_sleeps_and_can_be_woken(agents: Agents, house: DeskHouse) -> None:
    first = await agents.sit_down("101")
    for _ in range(3):
        tab = await agents.page(first.context)
        await tab.goto(house.url + "/desk")
    await expect(first.locator("#put-aside")).to_be_visible()
    await first.bring_to_front()
    await first.get_by_role("button", name="Use this tab").click()
    await expect(first.locator("#put-aside")).to_be_hidden()
    house.ring("+442079460008", "101")
    await expect(first.locator("article h2")).to_have_text("Mary Smith")


async def test_a_hidden_tab_gets_the_pop_too(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    await page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
        "Object.defineProperty(document, 'visibilityState', {get: () => 'hidden', configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    house.ring("+442079460008", "101")
    await expect(page).to_have_title("☎ Mary Smith")
    assert house.desk.counts.shown == 0
    await page.evaluate(
        "delete document.hidden; delete document.visibilityState;document.dispatchEvent(new Event('visibilitychange'))"
    )
    await until(lambda: house.desk.counts.shown == 1)


async def test_a_lost_link_is_told_and_what_was_missed_is_there_after(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    listen = house.url.removeprefix("http://")
    await house.shut()
    await expect(page.locator("#link-down")).to_be_visible()
    house.ring("+442079460008", "101")
    await house.open(listen)
    await expect(page.locator("article h2")).to_have_text("Mary Smith", timeout=15_000)
    await expect(page.locator("#link-down")).to_be_hidden()


@pytest.mark.parametrize("it_worked_before", [True, False])
async def test_a_link_that_has_gone_deaf_is_noticed_and_replaced(
    agents: Agents, house: DeskHouse, it_worked_before: bool
) -> None:
    async with Cable(int(house.url.rpartition(":")[2])) as cable:
        page = await agents.sit_down("101", address=f"http://127.0.0.1:{cable.port}")
        if it_worked_before:
            await page.evaluate("new Promise(done => live.addEventListener('beat', () => done(), {once: true}))")
        cable.stuck = True
        house.ring("+442079460008", "101")
        await expect(page.locator("#link-down")).to_be_visible(timeout=15_000)
        await expect(page.get_by_text("No call")).to_be_visible()
        cable.stuck = False
        await expect(page.locator("article h2")).to_have_text("Mary Smith", timeout=20_000)
        await expect(page.locator("#link-down")).to_be_hidden()


async def test_a_lost_pbx_is_told(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    house.desk.apply(PbxLost(at=WallClock()(), origin=ORIGIN, pbx="main", cause="closed"))
    await expect(page.get_by_role("alert")).to_contain_text("No news from the telephone system")


async def test_the_page_fits_a_narrow_window(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101", viewport={"width": 360, "height": 700}, color_scheme="dark")
    house.ring("+393351234509", "101")
    await expect(page.locator("article h2")).to_have_text(HOSTILE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    name = await page.locator("article h2").bounding_box()
    badge = await page.locator(".badge--stopped").bounding_box()
    assert name is not None and badge is not None
    assert badge["y"] + badge["height"] < 700


async def test_what_is_said_aloud_is_the_caller_once(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    call = house.ring("+442079460008", "101")
    await expect(page.locator("#announce")).to_have_text(re.compile(r"Ringing: .+, sales"))
    house.desk.apply(call.ended(CallOutcome.ABANDONED))
    await expect(page.locator("#announce")).to_have_text("")


async def test_a_past_call_opens_beside_and_by_keyboard(agents: Agents, house: DeskHouse) -> None:
    page = await agents.sit_down("101")
    call = house.ring("+393351234509", "101")
    await expect(page.locator("article h2")).to_have_text(HOSTILE)
    house.desk.apply(call.offer_ended("101", RingResult.MISSED))
    await expect(page.locator("#past")).to_contain_text("1 missed")
    await page.locator(".past-button").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#side article h2")).to_have_text(HOSTILE)
    assert agents.complaints == []
