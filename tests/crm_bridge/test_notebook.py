"""The notebook writes what changed, and waits for what is under way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from crm_bridge.call_note import CallNote, NotedCustomer, NotedText, NoteKey
from crm_bridge.call_notes import CallNotes, NotesError
from crm_bridge.desk_settings import DeskSettings
from crm_bridge.notebook import MOST_OPEN, Notebook
from cti.errors import OffhookError
from tests.crm_bridge.scene import START, Clock

KEY = NoteKey("main", "1.0", "101")


async def test_only_what_changed_is_written(engine: AsyncEngine) -> None:
    clock, notes = Clock(), CallNotes(engine)
    book = Notebook(notes, DeskSettings(), clock)
    first = await book.store(KEY, None, text=NotedText("one"))
    clock.pass_s(60)
    await book.store(KEY, first, text=NotedText("one"))
    assert [note.updated_at for note in await notes.fetch("main", "1.0")] == [START]
    second = await book.store(KEY, first, customer=NotedCustomer(name="Mary"))
    assert (second.text.note, second.customer.name) == ("one", "Mary")
    assert await notes.fetch("main", "1.0") == [second]
    assert second.updated_at == START + timedelta(seconds=60)


def test_where_there_is_a_choice_it_is_held_to_and_what_was_stored_may_stay(engine: AsyncEngine) -> None:
    book = Notebook(CallNotes(engine), DeskSettings(dispositions=("Order",)))
    book.check(NotedText("", "Order"), "sales", NotedText())
    book.check(NotedText("", "Old one"), "sales", NotedText("", "Old one"))
    book.check(NotedText("no word", ""), "sales", NotedText())
    with pytest.raises(OffhookError, match="desk-no-such-disposition"):
        book.check(NotedText("", "Old one"), "sales", NotedText())


async def test_what_is_read_beside_the_call_is_told_and_nothing_is_not(engine: AsyncEngine) -> None:
    notes, told = CallNotes(engine), list[CallNote]()
    await notes.store(KEY, START, NotedText("before"))
    book = Notebook(notes, DeskSettings())
    for call_id in ("1.0", "2.0"):
        book.begin_fetch("main", call_id, told.extend)
    book.begin_move(NoteKey("main", "3.0", "101"), KEY)
    await book.close()
    assert [note.text.note for note in told] == ["before"]


async def test_a_database_that_is_away_is_logged_beside_the_call_and_told_to_who_writes(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE call_notes"))
    book = Notebook(CallNotes(engine), DeskSettings())
    with capture_logs() as logs:
        for number in range(MOST_OPEN + 5):
            book.begin_fetch("main", str(number), lambda _: None)
        await book.close()
    assert [log["count"] for log in logs] == [1, 10, 100]
    with pytest.raises(NotesError):
        await book.store(KEY, None, text=NotedText("x"))
