"""Notes and choices in a real browser: kept over the call's end and a restart, and shown to who comes next."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from crm_bridge.call_note import NotedText
from crm_bridge.desk_settings import DeskSettings
from tests.browser.agents import Agents
from tests.browser.desk_house import DeskHouse, desk_house
from tests.crm_bridge.scene import HOSTILE, WallClock, agent_event

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARY, ROSSI = "+442079460008", "+393331234517"
SETTINGS = DeskSettings(dispositions=("Order", "Offer", "Complaint"))


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with desk_house(tmp_path, heartbeat_s=0.5, desk_settings=SETTINGS) as made:
        for agent, name in (("101", "Anna Rossi"), ("102", "Bruno Esposito")):
            made.desk.apply(agent_event(WallClock(), agent, name))
        yield made


async def until_stored(house: DeskHouse, call_id: str, *texts: NotedText) -> None:
    stored: list[NotedText] = []
    for _ in range(2_000):
        stored = [note.text for note in await house.notes.fetch("main", call_id)]
        if stored == list(texts):
            return
        await asyncio.sleep(0.01)
    assert stored == list(texts)


async def kept(page: Page, name: str) -> None:
    """The page says that the agent's choice is stored: the card has shown it before."""
    await expect(page.locator("#side p[role=status]")).to_contain_text(name)


async def test_a_note_is_saved_while_it_is_typed_and_goes_on_after_the_call(house: DeskHouse, agents: Agents) -> None:
    page = await agents.sit_down("101")
    scene = house.ring(MARY, "101", call_id="1")
    await expect(page.locator("article h2")).to_have_text("Mary Smith")
    assert await page.get_by_label("Your note").count() == 0
    house.answer(scene, "101")
    await page.get_by_label("Your note").fill(HOSTILE)
    await expect(page.locator(".note-state")).to_have_text(re.compile(r"saved \d\d:\d\d"))
    await page.locator(".chip", has_text="Offer").click()
    await until_stored(house, "1", NotedText(HOSTILE, "Offer"))

    await page.get_by_label("Your note").press_sequentially(" and")
    house.desk.apply(scene.ended())
    await expect(page.locator(".card--wrap-up .phase")).to_contain_text(re.compile(r"After the call\s+0:\d\d"))
    note = page.get_by_label("Your note")
    await expect(note).to_have_value(HOSTILE + " and")
    await expect(note).to_be_focused()
    await note.press_sequentially(" more")
    await until_stored(house, "1", NotedText(HOSTILE + " and more", "Offer"))

    await page.reload()
    await expect(page.get_by_label("Your note")).to_have_value(HOSTILE + " and more")
    await expect(page.get_by_role("radio", name="Offer")).to_be_checked()
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_text("No call")).to_be_visible()
    await page.locator(".past-button").click()
    await page.locator("#side").get_by_label("Your note").fill("later")
    await until_stored(house, "1", NotedText("later", "Offer"))


async def test_what_was_typed_while_the_program_was_away_is_saved_when_it_is_back(
    house: DeskHouse, agents: Agents
) -> None:
    page = await agents.sit_down("101")
    house.answer(house.ring(MARY, "101", call_id="2"), "101")
    await expect(page.get_by_label("Your note")).to_be_visible()
    listen = house.url.removeprefix("http://")
    await house.shut()
    await page.get_by_label("Your note").fill("typed without a server")
    await expect(page.locator(".note-state")).to_have_text("Not saved yet. Trying again …")
    await house.open(listen)
    await until_stored(house, "2", NotedText("typed without a server", ""))
    await expect(page.locator(".note-state")).to_have_text(re.compile("saved"))
    assert await page.evaluate("localStorage.getItem('offhook-drafts')") == "{}"


async def test_what_a_page_left_unsaved_is_sent_by_the_next_one_though_the_call_is_gone(
    house: DeskHouse, agents: Agents
) -> None:
    page = await agents.sit_down("101")
    house.answer(house.ring(MARY, "101", call_id="3"), "101")
    ticket = await page.locator("form.note input[name=ticket]").get_attribute("value")
    gone = {"pop": "gone-1", "note": "from before the crash", "disposition": "", "at": 0}
    await page.evaluate(
        "([ticket, draft]) => localStorage.setItem('offhook-drafts',"
        " JSON.stringify({[ticket]: {...draft, at: Date.now() - 60000}}))",
        [ticket, gone],
    )
    await page.reload()
    await until_stored(house, "3", NotedText("from before the crash", ""))
    await expect(page.get_by_label("Your note")).to_have_value("from before the crash")


async def test_the_colleague_who_gets_the_call_reads_the_note_as_text(house: DeskHouse, agents: Agents) -> None:
    anna, bruno = await agents.sit_down("101"), await agents.sit_down("102")
    scene = house.ring(MARY, "101", call_id="4")
    house.answer(scene, "101")
    await anna.get_by_label("Your note").fill(f"wants an offer {HOSTILE}")
    for event in (scene.released("101"), scene.transferred("101", "102"), scene.offered("102", None)):
        house.desk.apply(event)
    noted = bruno.locator(".colleague")
    await expect(noted).to_contain_text("Noted by Anna Rossi (101) on this call")
    await expect(noted).to_contain_text(f"wants an offer {HOSTILE}")
    assert await noted.locator("script").count() == 0


async def test_the_remembered_choice_says_who_chose_and_can_be_taken_back(house: DeskHouse, agents: Agents) -> None:
    page = await agents.sit_down("101")
    first = house.ring(ROSSI, "101", call_id="5")
    await page.get_by_role("button", name=re.compile("Rossi Paola")).click()
    await expect(page.locator("article h2")).to_have_text("Rossi Paola")
    await kept(page, "Rossi Paola")
    house.desk.apply(first.ended())
    house.ring(ROSSI, "101", call_id="6")
    sure = page.locator("article .sure")
    await expect(sure).to_contain_text(re.compile(r"chosen by Anna Rossi \(101\) on \d+ \w+ \d{4} among 2"))
    await page.get_by_role("button", name="That is somebody else").click()
    await expect(sure).to_contain_text("2 customers have this number")
    await page.get_by_role("button", name=re.compile("Rossi Carlo")).click()
    await expect(page.locator("article h2")).to_have_text("Rossi Carlo")
    await kept(page, "Rossi Carlo")
    choice = await house.choices.chosen(ROSSI)
    assert choice is not None and choice.contact_id == "3"


async def test_calling_on_behalf_of_another_is_shown_stored_and_taken_back(house: DeskHouse, agents: Agents) -> None:
    page = await agents.sit_down("101")
    house.answer(house.ring(MARY, "101", call_id="7"), "101")
    await page.get_by_role("button", name="Calls on behalf of").click()
    await page.locator("#q").fill("paola")
    await expect(page.locator(".found-one")).to_have_count(1)
    assert await page.get_by_role("button", name="This one calls").count() == 0
    await page.get_by_role("button", name="Calls for them").click()
    await expect(page.locator("article h2")).to_have_text("Mary Smith")
    await expect(page.locator(".who-for")).to_contain_text("calls for Rossi Paola")
    await kept(page, "Rossi Paola")
    (note,) = await house.notes.fetch("main", "7")
    assert (note.customer.name, note.customer.on_behalf) == ("Rossi Paola", True)
    assert await house.choices.chosen(MARY) is None
    await page.get_by_role("button", name="Not on behalf of anybody").click()
    await expect(page.locator(".who-for")).to_have_count(0)
    await expect(page.locator(".sure")).to_contain_text("the customer has this number")


async def test_an_unknown_number_given_a_customer_is_his_from_then_on(house: DeskHouse, agents: Agents) -> None:
    page = await agents.sit_down("101")
    first = house.ring("+390299999999", "101", call_id="8")
    await page.get_by_role("button", name="Find the customer").click()
    await page.locator("#q").fill("mary@example.com")
    await page.get_by_role("button", name="This one calls").click()
    await expect(page.locator("article h2")).to_have_text("Mary Smith")
    await kept(page, "Mary Smith")
    house.desk.apply(first.ended())
    house.ring("+390299999999", "101", call_id="9")
    await expect(page.locator("article h2")).to_have_text("Mary Smith")
    await expect(page.locator("article .sure")).to_contain_text("chosen by Anna Rossi (101) on")


@pytest.mark.parametrize("width", [1280, 400])
async def test_note_and_what_matters_first_fit_on_the_screen(house: DeskHouse, agents: Agents, width: int) -> None:
    page = await agents.sit_down("101")
    await page.set_viewport_size({"width": width, "height": 800})
    house.answer(house.ring("+393351234509", "101", call_id="10"), "101")
    await expect(page.locator(".badge--stopped")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    for part in (".badge--stopped", ".badge--incident", "form.note textarea"):
        box = await page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 800, part
