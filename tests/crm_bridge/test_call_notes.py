"""Notes on calls are stored as they are typed, part by part, and found again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crm_bridge.call_note import NotedCustomer, NotedText, NoteKey, noted_customer
from crm_bridge.call_notes import CALLS_AT_ONCE, CallNotes, NotesError
from crm_bridge.contact import Contact
from crm_bridge.schema import metadata
from tests.crm_bridge.scene import HOSTILE, START
from tests.postgresql import PostgresqlServer
from tests.tables import made_tables

KEY = NoteKey("main", "1.0", "101")
LATER = START + timedelta(seconds=5)
MARY = Contact(source="book", contact_id="2", name="Mary Smith")


@pytest.fixture
def notes(engine: AsyncEngine) -> CallNotes:
    return CallNotes(engine)


async def test_each_part_is_stored_without_touching_the_other(notes: CallNotes) -> None:
    await notes.store(KEY, START, customer=noted_customer(MARY, "+39335", on_behalf=True))
    await notes.store(KEY, LATER, text=NotedText(HOSTILE, "Offer"))
    (note,) = await notes.fetch("main", "1.0")
    assert (note.key, note.text, note.updated_at) == (KEY, NotedText(HOSTILE, "Offer"), LATER)
    assert note.customer == NotedCustomer(
        source="book", contact_id="2", name="Mary Smith", on_behalf=True, match_key="+39335"
    )
    await notes.store(KEY, LATER, customer=noted_customer(None, "+39335"))
    (note,) = await notes.fetch("main", "1.0")
    assert (note.text.note, note.customer) == (HOSTILE, NotedCustomer(match_key="+39335"))


async def test_each_agent_of_a_call_has_his_own(notes: CallNotes) -> None:
    await notes.store(KEY, LATER, text=NotedText("second"))
    await notes.store(KEY._replace(agent="102"), START, text=NotedText("first"))
    await notes.store(KEY._replace(call_id="2.0"), START, text=NotedText("another call"))
    assert [(one.key.agent, one.text.note) for one in await notes.fetch("main", "1.0")] == [
        ("102", "first"),
        ("101", "second"),
    ]


async def test_many_calls_are_asked_for_at_once(notes: CallNotes) -> None:
    ids = [f"{number}.0" for number in range(CALLS_AT_ONCE + 3)]
    for one in ids[::50]:
        await notes.store(KEY._replace(call_id=one), START, text=NotedText(one))
    found = await notes.fetch_of(("main", one) for one in ids)
    assert {key: [one.text.note for one in some] for key, some in found.items()} == {
        ("main", one): [one] for one in ids[::50]
    }
    assert await notes.fetch_of([]) == {}


async def test_what_changed_since_comes_oldest_first_and_bounded(notes: CallNotes) -> None:
    for second in (3, 1, 2):
        await notes.store(KEY._replace(call_id=str(second)), START + timedelta(seconds=second), text=NotedText("x"))
    changed = await notes.fetch_changed(START + timedelta(seconds=2))
    assert [one.key.call_id for one in changed] == ["2", "3"]
    assert [one.key.call_id for one in await notes.fetch_changed(START, limit=2)] == ["1", "2"]


async def test_the_note_on_a_consultation_goes_with_it_into_the_customers_call(notes: CallNotes) -> None:
    into = KEY._replace(call_id="2.0")
    await notes.store(KEY, START, text=NotedText("asked by Anna", "Other"))
    await notes.move(KEY, into)
    assert await notes.fetch("main", "1.0") == []
    await notes.store(KEY, LATER, text=NotedText("and again", "Offer"))
    await notes.move(KEY, into)
    (note,) = await notes.fetch("main", "2.0")
    assert (note.text, note.updated_at) == (NotedText("asked by Anna\nand again", "Other"), LATER)
    await notes.move(into, into)
    await notes.move(KEY, into)
    assert len(await notes.fetch("main", "2.0")) == 1


async def test_a_database_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("no database")
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite")
    notes = CallNotes(engine)
    for work in (notes.fetch("main", "1"), notes.store(KEY, START), notes.move(KEY, KEY)):
        with pytest.raises(NotesError, match="notes-unreachable"):
            await work
    await engine.dispose()


async def test_on_postgresql_too(postgresql_server: PostgresqlServer) -> None:
    async with made_tables(postgresql_server.make_database(), metadata) as engine:
        notes = CallNotes(engine)
        await notes.store(KEY, START, text=NotedText("one"))
        await notes.store(KEY, LATER, customer=noted_customer(MARY, None))
        await notes.move(KEY, KEY._replace(call_id="2.0"))
        (note,) = (await notes.fetch_of([("main", "2.0")]))["main", "2.0"]
        assert (note.text.note, note.customer.contact_id, note.updated_at) == ("one", "2", LATER)
        assert await notes.fetch_changed(LATER) == [note]
