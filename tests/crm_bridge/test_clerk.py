"""Each call that has ended is put into the outbox once, with the call or not at all; a later note has it told again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.call_note import NotedText, NoteKey
from crm_bridge.call_notes import CallNotes
from crm_bridge.clerk import SETTLING, CallClerk, LateNotes
from crm_bridge.outbox import Entry, Outbox, State
from crm_bridge.settings import CrmSettings, SourceSettings
from cti.model import Call
from tests.crm_bridge.ended import ended_call
from tests.crm_bridge.scene import START, Clock

CRM = CrmSettings(
    sources=(
        SourceSettings(name="odoo", kind="odoo", write_calls=True),
        SourceSettings(name="zoho", kind="odoo", write_calls=True, write_queues=("sales",)),
        SourceSettings(name="book"),
    )
)


class Hook:
    """A webhook that wants each call."""

    def entries(self, call: Call, recording: str | None) -> Iterator[Entry]:
        assert call.ended_at is not None
        yield Entry(
            target="webhook:site", kind="call.ended", key=call.call_id, payload=recording or "", due_at=call.ended_at
        )


def clerk() -> CallClerk:
    return CallClerk(CRM, {"main": "https://pbx/{call_id}.wav"}, [Hook()], Clock())


async def note(engine: AsyncEngine, *calls: Call) -> int:
    async with engine.begin() as connection:
        return await clerk().note(connection, calls)


async def test_each_who_wants_the_call_is_told_once(any_engine: AsyncEngine) -> None:
    assert await note(any_engine, ended_call()) == 3
    assert await note(any_engine, ended_call()) == 0
    assert await note(any_engine, ended_call(queue=None, stays=(), call_id="18.0")) == 2
    assert await note(any_engine, ended_call(call_id="19.0", ended_at=None)) == 0
    rows = await Outbox(any_engine).fetch()
    assert sorted((row.target, row.key) for row in rows) == [
        ("crm:odoo", "main:17.0"),
        ("crm:odoo", "main:18.0"),
        ("crm:zoho", "main:17.0"),
        ("webhook:site", "17.0"),
        ("webhook:site", "18.0"),
    ]
    assert {row.payload for row in rows if row.target == "webhook:site"} == {
        "https://pbx/17.0.wav",
        "https://pbx/18.0.wav",
    }


async def test_a_call_that_is_not_stored_is_not_told(any_engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError, match="the power is cut"):
        async with any_engine.begin() as connection:
            await clerk().note(connection, [ended_call()])
            raise RuntimeError("the power is cut")
    assert await Outbox(any_engine).fetch() == []


async def test_a_note_that_comes_after_the_call_was_told_has_it_told_again(any_engine: AsyncEngine) -> None:
    clock, box, notes = Clock(), Outbox(any_engine), CallNotes(any_engine)
    late = LateNotes(box, notes, clock)
    assert await late.look() == 0
    await note(any_engine, ended_call())
    clock.pass_s(200)
    for target in ("crm:odoo", "crm:zoho"):
        (row,) = await box.claim(target, 5, clock())
        await box.finish(row, clock(), "r1")
    clock.pass_s(60)
    await notes.store(NoteKey("main", "17.0", "101"), clock(), NotedText("Wants an offer", "Offer"))
    assert await late.look() == 2
    assert await late.look() == 0
    again = await box.claim("crm:odoo", 5, clock() + SETTLING)
    assert [(row.key, row.version, row.remote_id) for row in again] == [("main:17.0", 2, "r1")]
    await box.finish(again[0], clock(), "r1", noted_at=clock())
    assert await late.look() == 0
    assert {row.state for row in await box.fetch(target="crm:odoo")} == {State.DONE}


async def test_notes_from_before_a_start_are_looked_at_too(any_engine: AsyncEngine) -> None:
    clock, box = Clock(), Outbox(any_engine)
    await note(any_engine, ended_call())
    (row,) = await box.claim("crm:odoo", 5, START + timedelta(hours=1))
    await box.finish(row, START, "r1")
    await CallNotes(any_engine).store(NoteKey("main", "17.0", "101"), START, NotedText("late"))
    clock.pass_s(86_400)
    assert await LateNotes(box, CallNotes(any_engine), clock).look() == 1
