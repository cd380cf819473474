"""The desk's routes, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from sqlalchemy import text as sql

from crm_bridge.pop import DeskId
from crm_bridge.settings import CrmSettings
from cti.model import CallOutcome, RingResult
from offhook.web.desk_cookie import COOKIE
from tests.browser.desk_house import DeskHouse, desk_house
from tests.crm_bridge.scene import HOSTILE, Clock, Scene, WallClock, agent_event, until

ANNA = DeskId("main", "101")
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;;-- Žofia Müller 北京"


class Browser:
    """Somebody at a page of the house, by plain HTTP."""

    def __init__(self, house: DeskHouse) -> None:
        self.house = house
        self.http = ClientSession(cookie_jar=CookieJar(unsafe=True))

    async def get(self, path: str) -> ClientResponse:
        return await self.http.get(self.house.url + path)

    async def post(self, path: str, *, origin: str | None = None, **form: str) -> ClientResponse:
        headers = {"Origin": origin or self.house.url}
        return await self.http.post(self.house.url + path, data=form, headers=headers, allow_redirects=False)

    async def sit_down(self, agent: str = "101") -> None:
        assert (await self.post("/desk/login", agent=agent)).status == 303


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with desk_house(tmp_path, heartbeat_s=0.1) as made:
        for agent, name in (("101", "Anna Rossi"), ("102", "Bruno <b>Esposito</b>")):
            made.desk.apply(agent_event(Clock(), agent, name))
        yield made


@pytest.fixture
async def browser(house: DeskHouse) -> AsyncIterator[Browser]:
    made = Browser(house)
    yield made
    await made.http.close()


def ring(
    house: DeskHouse, number: str | None = "+393351234509", name: str | None = None, clock: Clock | None = None
) -> Scene:
    return house.ring(number, "101", call_id=f"{number}{name}", name=name, clock=clock or Clock())


def pop_id(house: DeskHouse) -> str:
    return house.desk.view(ANNA).cards[0].pop_id


async def looked_up(house: DeskHouse) -> None:
    def done() -> bool:
        match = house.desk.view(ANNA).cards[0].match
        return match is not None and not match.pending and not match.silent

    await until(done)


async def next_content(answer: ClientResponse) -> str:
    """The next content in an event stream, past the beats."""
    while True:
        event = (await answer.content.readuntil(b"\n\n")).decode()
        if not event.startswith("event:"):
            return "\n".join(line.removeprefix("data: ") for line in event.splitlines())


async def test_without_a_desk_one_chooses_an_extension(browser: Browser) -> None:
    text = await (await browser.get("/desk")).text()
    assert "Which extension rings on your table?" in text
    assert "Anna Rossi" in text
    assert "Bruno &lt;b&gt;Esposito&lt;/b&gt;" in text


async def test_the_cookie_is_for_the_desk_only_and_no_script_reads_it(browser: Browser) -> None:
    answer = await browser.post("/desk/login", agent="101")
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(COOKIE)
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/desk"))
    text = await (await browser.get("/desk")).text()
    assert "Anna Rossi" in text
    assert "No call" in text


@pytest.mark.parametrize("agent", ["", "<script>", "1" * 60, "10 1", "a/b"])
async def test_a_wrong_extension_is_refused_and_shown_as_text(browser: Browser, agent: str) -> None:
    answer = await browser.post("/desk/login", agent=agent)
    text = await answer.text()
    assert answer.status == 400
    assert "Write your extension" in text
    assert 'value="<script>' not in text


async def test_leaving_the_desk(browser: Browser) -> None:
    await browser.sit_down()
    await browser.post("/desk/logout")
    assert "Which extension" in await (await browser.get("/desk")).text()


@pytest.mark.parametrize("path", ["/desk/events", "/desk/card?pop=x", "/desk/find?pop=x"])
async def test_nothing_is_told_to_who_sits_at_no_desk(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status == 403


async def test_a_page_of_another_site_changes_nothing(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house)
    answer = await browser.post("/desk/shown", origin="https://evil.example", pop=pop_id(house))
    assert answer.status == 403
    assert house.desk.counts.shown == 0


async def test_the_page_forbids_what_it_does_not_need(browser: Browser) -> None:
    policy = (await browser.get("/desk")).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_page_and_push_are_one_content_and_hostile_text_is_text(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house, name=HOSTILE)
    await looked_up(house)
    page = await (await browser.get("/desk")).text()
    async with await browser.get("/desk/events") as answer:
        pushed = await next_content(answer)
    for text in (page, pushed):
        assert text.count(ESCAPED) >= 2
        assert "<script>alert" not in text
        assert "Müller &amp; Söhne &lt;b&gt;GmbH&lt;/b&gt;" in text
        assert "Credit stop" in text
        assert "1,234.50 EUR" in text
        assert "Heat pump &#34;Alba&#34; 9 kW" in text
        assert "Bought" in text.partition("Old order")[0]
        assert "Leak after installation" in text


async def test_a_push_comes_for_each_change_of_this_desk(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    async with await browser.get("/desk/events") as answer:
        assert "No call" in await next_content(answer)
        call = ring(house, "+442079460008")
        while "Mary Smith" not in await next_content(answer):
            pass
        house.desk.apply(call.offer_ended("101", RingResult.ELSEWHERE))
        house.desk.apply(call.answered("102"))
        while "Answered by Bruno" not in (text := await next_content(answer)):
            pass
        assert "No call" in text
    await until(lambda: house.pages.screens.count == 0)


async def test_the_receipt_is_counted(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house)
    assert (await browser.post("/desk/shown", pop=pop_id(house))).status == 204
    assert (await browser.post("/desk/shown", pop="rubbish")).status == 204
    assert house.desk.counts.shown == 1


async def test_several_customers_are_offered_and_the_choice_is_kept(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house, "+393331234517")
    await looked_up(house)
    page = await (await browser.get("/desk")).text()
    assert "2 customers have this number" in page
    assert "Rossi Carlo" in page
    assert "Rossi Paola" in page
    paola = next(one for one in house.desk.view(ANNA).cards[0].match.candidates if one.name == "Rossi Paola")  # type: ignore[union-attr]
    answer = await browser.post("/desk/choose", pop=pop_id(house), source="book", contact=paola.contact_id)
    assert "is kept as the caller for" in await answer.text()
    ring(house, "+393331234517", "again")
    await until(lambda: [card.headline for card in house.desk.view(ANNA).cards] == ["Rossi Paola", "Rossi Paola"])
    assert "chosen by Anna Rossi (101)" in house.desk.view(ANNA).cards[1].match.why  # type: ignore[union-attr]


async def test_an_anonymous_caller_is_found_by_any_field(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house, None)
    pop = pop_id(house)
    assert "Find the customer" in await (await browser.get("/desk")).text()
    assert 'name="q"' in await (await browser.get(f"/desk/find?pop={pop}")).text()
    for asked in ("zofia", "O-101", "milano", "zofia@example.com", "C-1"):
        assert ESCAPED in await (await browser.get(f"/desk/find?pop={pop}&q={asked}")).text()
    nobody = await (await browser.get(f"/desk/find?pop={pop}&q=%3Cimg%20src=x%3E")).text()
    assert "Nobody with" in nobody
    assert "<img" not in nobody
    assert "Nobody" not in await (await browser.get(f"/desk/find?pop={pop}&q=")).text()


async def test_calling_for_somebody_else(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house, "+390299999999")
    await looked_up(house)
    answer = await browser.post("/desk/choose", pop=pop_id(house), source="book", contact="2", on_behalf="1")
    assert "is whom the caller phones for" in await answer.text()
    assert "For <bdi>Mary Smith</bdi>" in await (await browser.get("/desk")).text()


async def test_a_choice_that_is_gone_says_what_to_do(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house)
    answer = await browser.post("/desk/choose", pop=pop_id(house), source="book", contact="999")
    assert "this customer is no longer there: search again" in await answer.text()


async def test_a_past_call_can_be_looked_at_again(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    call = ring(house)
    await looked_up(house)
    pop = pop_id(house)
    house.desk.apply(call.ended(CallOutcome.ABANDONED))
    text = await (await browser.get(f"/desk/card?pop={pop}")).text()
    assert "Caller hung up" in text
    assert ESCAPED in text


async def test_nobody_sees_the_calls_of_another_desk(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down("102")
    ring(house)
    pop = pop_id(house)
    assert (await browser.get(f"/desk/card?pop={pop}")).status == 404
    assert (await browser.post("/desk/choose", pop=pop, source="book", contact="1")).status == 404
    assert "335" not in await (await browser.get("/desk")).text()


async def test_streams_end_when_the_program_stops(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    answer = await browser.get("/desk/events")
    await next_content(answer)
    async with asyncio.timeout(4):
        await house.shut()
    assert house.pages.screens.count == 0
    answer.close()


async def test_an_extension_that_the_pbx_has_not_named_has_a_desk(browser: Browser) -> None:
    await browser.sit_down("777")
    text = await (await browser.get("/desk")).text()
    assert "Extension 777" in text
    assert "has not named this extension yet" in text


async def test_only_a_desk_with_pages_of_a_crm_may_hold_its_tab_and_frame_them(tmp_path: Path) -> None:
    settings = CrmSettings(
        pop_url="https://crm.example.com/?p={e164}",
        frame_origins=("https://crm.example.com", "https://erp.example.com"),
    )
    async with desk_house(tmp_path, settings=settings) as house:
        browser = Browser(house)
        await browser.sit_down()
        page = await browser.get("/desk")
        policy = page.headers["Content-Security-Policy"]
        assert policy.endswith("; frame-src https://crm.example.com https://erp.example.com")
        assert "default-src 'none'" in policy
        assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
        assert 'id="crm-tab"' in await page.text()
        await browser.http.close()


async def test_a_desk_without_them_may_not(browser: Browser) -> None:
    await browser.sit_down()
    page = await browser.get("/desk")
    assert "frame-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert 'id="crm-tab"' not in await page.text()


async def ticket_of(browser: Browser) -> str:
    page = await (await browser.get("/desk")).text()
    return page.partition('name="ticket" value="')[2].partition('"')[0]


async def test_a_note_is_stored_and_answered_with_the_edit_that_it_is(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    call = ring(house)
    await looked_up(house)
    assert 'name="note"' not in await (await browser.get("/desk")).text()
    house.desk.apply(call.answered("101"))
    ticket, pop = await ticket_of(browser), pop_id(house)
    form = {"pop": pop, "ticket": ticket, "note": HOSTILE, "disposition": "Offer", "edit": "7"}
    assert 'data-saved="7"' in await (await browser.post("/desk/note", **form)).text()
    form["edit"] = "<b>"
    assert 'data-saved=""' in await (await browser.post("/desk/note", **form)).text()
    (note,) = await house.notes.fetch("main", call.call.call_id)
    assert (note.text.note, note.text.disposition, note.customer.contact_id) == (HOSTILE, "Offer", "1")
    page = await (await browser.get("/desk")).text()
    assert f">{ESCAPED}</textarea>" in page
    assert "<script>alert" not in page


async def test_a_note_needs_the_ticket_of_that_desk(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    call = ring(house)
    house.desk.apply(call.answered("101"))
    ticket = await ticket_of(browser)
    assert (await browser.post("/desk/note", ticket=ticket[:-2], note="x")).status == 403
    assert (await browser.post("/desk/note", note="x")).status == 403
    assert (await browser.post("/desk/note", origin="https://evil.example", ticket=ticket, note="x")).status == 403
    await browser.sit_down("102")
    assert (await browser.post("/desk/note", ticket=ticket, note="x")).status == 403
    assert await house.notes.fetch("main", call.call.call_id) == []


async def test_a_note_that_cannot_be_stored_is_said_to_be_tried_again(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    house.desk.apply(ring(house).answered("101"))
    ticket = await ticket_of(browser)
    async with house.engine.begin() as connection:
        await connection.execute(sql("DROP TABLE call_notes"))
    said = await (await browser.post("/desk/note", pop=pop_id(house), ticket=ticket, note="x")).text()
    assert "data-again" in said
    assert "Not saved: the notes on calls cannot be read or written" in said


async def test_the_ended_call_stays_with_its_note_until_it_is_put_away(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    call = ring(house, clock=WallClock())
    house.desk.apply(call.answered("101"))
    pop = pop_id(house)
    house.desk.apply(call.released("101"))
    house.desk.apply(call.ended())
    assert "After the call" in await (await browser.get("/desk")).text()
    assert (await browser.post("/desk/done", pop=pop)).status == 204
    page = await (await browser.get("/desk")).text()
    assert "After the call" not in page
    assert 'name="note"' in await (await browser.get(f"/desk/card?pop={pop}")).text()


async def test_what_was_chosen_can_be_taken_back(browser: Browser, house: DeskHouse) -> None:
    await browser.sit_down()
    ring(house, "+393331234517")
    await looked_up(house)
    await browser.post("/desk/choose", pop=pop_id(house), source="book", contact="3")
    assert "That is somebody else" in await (await browser.get("/desk")).text()
    assert (await browser.post("/desk/unchoose", pop=pop_id(house))).status == 200
    assert "2 customers have this number" in await (await browser.get("/desk")).text()
