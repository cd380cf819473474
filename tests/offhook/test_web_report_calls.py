"""From a number to its calls, to one call, to its events."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.call_note import NotedCustomer, NotedText, NoteKey
from crm_bridge.call_notes import CallNotes
from crm_bridge.schema import metadata as crm_metadata
from cti.model import CallEnded, Origin, Party
from cti.pbx.settings import PbxSettings
from kpi.batch import Batch
from kpi.removed import Retained, note_retained
from kpi.schema import metadata
from kpi.store import Store
from offhook.replay import replay
from offhook.web.report_calls import CALLS_A_PAGE, call_pages
from tests.cti.journaled import fill, recorded
from tests.kpi.calls import abandoned_call, answered_call
from tests.offhook.web_client import Client, open_pages
from tests.tables import made_tables

PBX = PbxSettings(name="main", username="offhook", trunks=["trunk"])
DAY = "period=2026-03-02"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with made_tables(f"sqlite:///{tmp_path / 'offhook.sqlite'}", metadata) as made:
        yield made


async def open_client(engine: AsyncEngine, journal: Path | None) -> Client:
    part = call_pages(Store(engine), "UTC", {"main": PBX}, journal)
    return await open_pages(part)


@pytest.fixture
async def pages(engine: AsyncEngine) -> AsyncIterator[Client]:
    calls = [answered_call(str(n), start=n) for n in range(CALLS_A_PAGE + 5)]
    lost = abandoned_call("lost", start=500, caller=Party("+390255501", "Eve <i>"))
    await Store(engine).store(Batch(calls=(*calls, lost)))
    client = await open_client(engine, None)
    yield client
    await client.close()


async def text_of(pages: Client, address: str) -> str:
    answer = await pages.get(address)
    assert answer.status == 200, address
    return await answer.text()


def ids(text: str) -> list[str]:
    return re.findall(r"/reports/call\?pbx=milan&amp;id=([^\"]+)", text)


async def test_all_calls_a_page_at_a_time(pages: Client) -> None:
    first = await text_of(pages, f"/reports/calls?{DAY}")
    more = unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])  # type: ignore[index]
    rest = await text_of(pages, more)
    found = ids(first) + ids(rest)
    assert len(found) == len(set(found)) == CALLS_A_PAGE + 6
    assert 'rel="next"' not in rest


async def test_only_those_that_are_asked_for(pages: Client) -> None:
    assert ids(await text_of(pages, f"/reports/calls?{DAY}&outcome=abandoned")) == ["lost"]
    assert len(ids(await text_of(pages, f"/reports/calls?{DAY}&agent=101"))) == CALLS_A_PAGE
    assert ids(await text_of(pages, f"/reports/calls?{DAY}&queue=nobody")) == []


@pytest.mark.parametrize("query", ["period=someday", f"{DAY}&outcome=won", f"{DAY}&direction=up"])
async def test_what_cannot_be_asked(pages: Client, query: str) -> None:
    assert (await pages.get(f"/reports/calls?{query}")).status == 400


async def test_one_call_on_its_time_line(pages: Client) -> None:
    text = await text_of(pages, "/reports/call?pbx=milan&id=7")
    for kind in ("leg", "stay", "ring", "talk"):
        assert f'class="bar-{kind}"' in text
    hostile = await text_of(pages, "/reports/call?pbx=milan&id=lost")
    assert "Eve &lt;i&gt;" in hostile


@pytest.mark.parametrize("query", ["", "pbx=milan", "pbx=rome&id=7", "pbx=milan&id=%27%3B"])
async def test_a_call_that_there_is_not(pages: Client, query: str) -> None:
    assert (await pages.get(f"/reports/call?{query}")).status == 404


async def test_where_no_journal_is_kept_it_is_said(pages: Client) -> None:
    assert "no journal is kept" in await text_of(pages, "/reports/events?pbx=milan&id=7")


async def test_the_events_of_a_call(engine: AsyncEngine, tmp_path: Path) -> None:
    (session,) = fill(tmp_path, recorded("asterisk-22/S01"), pbx="main")
    (call,) = [one.call for one in replay(tmp_path / "main" / session, ("trunk",)) if isinstance(one, CallEnded)]
    origin = Origin("main", session, call.origin.offset, call.origin.event)
    await Store(engine).store(Batch(calls=(msgspec.structs.replace(call, pbx="main", origin=origin),)))
    client = await open_client(engine, tmp_path)
    try:
        text = await text_of(client, f"/reports/events?pbx=main&id={call.call_id}")
    finally:
        await client.close()
    assert text.count("<li><details>") > 10
    assert f'<span class="offset">{origin.offset}</span> Newchannel' in text


def test_talk_is_what_all_agents_talked() -> None:
    assert answered_call(talk=60).talk_s == 60
    assert abandoned_call().talk_s is None


async def test_what_agents_noted_is_on_the_calls_page_as_text(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(crm_metadata.create_all)
    await Store(engine).store(Batch(calls=(answered_call("7"),)))
    notes = CallNotes(engine)
    customer = NotedCustomer(source="book", contact_id="2", name="Mary <i>", on_behalf=True)
    await notes.store(NoteKey("milan", "7", "101"), datetime.now(UTC), NotedText("<b>two</b>", "Offer"), customer)
    part = call_pages(Store(engine), "UTC", {"main": PBX}, None, notes)
    client = await open_pages(part)
    text = await text_of(client, "/reports/call?pbx=milan&id=7")
    await client.close()
    assert "What agents noted" in text
    assert "&lt;b&gt;two&lt;/b&gt;" in text
    assert "on behalf of <bdi>Mary &lt;i&gt;</bdi>" in text


async def test_what_was_removed_because_of_its_age_is_told(pages: Client, engine: AsyncEngine) -> None:
    assert "removed because of their age" not in await text_of(pages, f"/reports/calls?{DAY}")
    async with engine.begin() as connection:
        await note_retained(connection, Retained.CALLS, datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC))
        await note_retained(connection, Retained.NUMBERS, datetime(2026, 3, 1, tzinfo=UTC))
    text = await text_of(pages, f"/reports/calls?{DAY}")
    assert "Calls that began before 2026-03-02 09:00:30 were removed because of their age" in text
    assert "were taken out of calls" not in text
    answer = await pages.get("/reports/call?pbx=milan&id=none")
    assert (answer.status, "Calls are removed when they are old" in await answer.text()) == (404, True)
