"""The last calls on the card are those of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import text

from crm_bridge.call_note import NotedCustomer, NotedText, NoteKey
from crm_bridge.call_notes import CallNotes
from crm_bridge.settings import CrmSettings
from cti.model import Call, CallOutcome, Direction, Origin, Party, Talk
from kpi.store import Store
from offhook.database import make_engine, migrate
from offhook.past_calls import e164_of, last_calls_from, past_call

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ITALY = CrmSettings(default_region="IT")


def call(number: str, minute: int) -> Call:
    at = AT + timedelta(minutes=minute)
    talks = (
        Talk(agent="101", started_at=at, ended_at=at + timedelta(seconds=20), hold_s=5.0),
        Talk(agent="102", started_at=at, ended_at=at + timedelta(seconds=10)),
    )
    return Call(
        pbx="main",
        call_id=f"{minute}.{number[-2:]}",
        direction=Direction.INBOUND,
        caller=Party(number),
        dialled="+390221000100",
        offered_at=at,
        origin=Origin("main", "s", 0, "Newchannel"),
        queue="sales",
        ended_at=at + timedelta(seconds=30),
        outcome=CallOutcome.ANSWERED,
        talks=talks,
    )


def test_a_call_as_the_card_shows_it() -> None:
    past = past_call(call("+393331234501", 0))
    assert (past.direction, past.outcome, past.queue, past.agents) == ("inbound", "answered", "sales", ("101", "102"))
    assert past.talk_s == 25.0
    assert past_call(msgspec.structs.replace(call("1", 0), talks=(), outcome=None)).talk_s is None


def test_numbers_as_this_site_reads_them() -> None:
    assert e164_of(ITALY, "0221000100") == "+390221000100"
    assert e164_of(ITALY, "101") is None
    assert e164_of(ITALY, "anonymous") is None


async def test_calls_of_all_the_customers_numbers_newest_first(tmp_path: Path) -> None:
    engine = make_engine("sqlite:///x.sqlite", beside=tmp_path)
    await migrate(engine)
    store = Store(engine, lambda number: e164_of(ITALY, number))
    await store.store_calls([call("3331234501", 0), call("+393331234502", 1), call("+393331234503", 2)])
    fetch = last_calls_from(store)
    found = await fetch(["+393331234501", "00393331234501", "3331234501", "+393331234502"])
    assert [one.at for one in found] == [AT + timedelta(minutes=1), AT]
    assert list(await fetch(["101"])) == []
    await engine.dispose()


async def test_what_agents_noted_comes_with_the_call(tmp_path: Path) -> None:
    engine = make_engine("sqlite:///x.sqlite", beside=tmp_path)
    await migrate(engine)
    store, notes = Store(engine, lambda number: e164_of(ITALY, number)), CallNotes(engine)
    await store.store_calls([call("3331234501", 0), call("3331234501", 1)])
    customer = NotedCustomer(source="book", contact_id="2", name="Mary Smith", on_behalf=True)
    await notes.store(NoteKey("main", "0.01", "101"), AT, NotedText("wants two", "Offer"), customer)
    await notes.store(NoteKey("main", "1.01", "102"), AT, customer=NotedCustomer(name="Carla"))
    newer, older = await last_calls_from(store, notes)(["+393331234501"])
    assert newer.notes == ()
    (note,) = older.notes
    assert (note.agent, note.note, note.disposition, note.on_behalf_of) == ("101", "wants two", "Offer", "Mary Smith")
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE call_notes"))
    assert [one.notes for one in await last_calls_from(store, notes)(["+393331234501"])] == [(), ()]
    await engine.dispose()
