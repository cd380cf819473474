"""From the PBX's socket to a webhook's receiver and into a CRM: once each, whatever is stored again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.activity import CallActivity
from crm_bridge.call_note import NotedText, NoteKey
from crm_bridge.call_notes import CallNotes
from crm_bridge.contact import Contact
from crm_bridge.lookup import Lookup
from crm_bridge.number import Number
from crm_bridge.number_choices import NumberChoices
from crm_bridge.outbox import Entry, Outbox, State
from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.webhook_settings import WebhookEvent, WebhookSettings
from cti.errors import OffhookError
from cti.feed import Feed
from cti.model import Call
from kpi.schema import CallSource
from kpi.store import Store
from offhook.run import Offhook, open_store
from offhook.settings import Settings
from offhook.write_back import WriteBack, open_webhooks
from tests.crm_bridge.ended import ended_call
from tests.crm_bridge.receiver import SECRET, Receiver
from tests.crm_bridge.stubborn import someone
from tests.cti.link_contract import until as until_within
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import pbx_settings, recorded, settings_for

LONG_AGO = datetime(2020, 1, 1, 9, 0, tzinfo=UTC)  # before today, whatever day that is
LIVE = (WebhookEvent.OFFERED, WebhookEvent.ANSWERED, WebhookEvent.ENDED)
CRM = CrmSettings(
    default_region="IT", sources=(SourceSettings(name="crm", kind="odoo", write_calls=True, write_after_s=0.0),)
)
ANNA = someone("Anna Rossi", "+393351234567", "crm", "7")

until = partial(until_within, bound_s=90.0)


class Crm:
    """A CRM that keeps one record for each call."""

    def __init__(self) -> None:
        self.records: dict[str, CallActivity] = {}
        self.asked = 0

    async def find(self, number: Number) -> list[Contact]:
        return [ANNA]

    async def write_call(self, activity: CallActivity) -> str:
        self.asked += 1
        self.records[activity.call_id] = activity
        return f"activity {activity.call_id}"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with open_store(Settings(), tmp_path) as opened:
        yield opened


def telling(pbx: ScriptedPbx, receiver: Receiver, **settings: Any) -> Settings:
    webhook = WebhookSettings(name="site", url=receiver.url, secret=SECRET, events=LIVE, **settings)
    return msgspec.structs.replace(settings_for(pbx_settings(pbx)), webhook=(webhook,))


async def test_a_call_is_told_as_it_happens_and_once_it_is_over(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx, Receiver() as receiver:
        async with Offhook(telling(pbx, receiver), tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            await pbx.send(recorded("S01"))
            await until(lambda: any(got.body["type"] == "call.ended" for got in receiver.got))
            await until(lambda: {got.body["type"] for got in receiver.got} == set(LIVE))
            await until(lambda: house.write_back.delivery.counts["webhook:site"].delivered == 1)
            figures = house.metrics().decode()
        ended = next(got for got in receiver.got if got.body["type"] == "call.ended")
        assert ended.body["data"]["agents"] == ["101"]
        assert ended.body["data"]["outcome"] == "answered"
        assert 'offhook_outbox_deliveries_total{result="delivered",target="webhook:site"} 1.0' in figures
        count = len(receiver.got)
        async with Offhook(telling(pbx, receiver), tmp_path) as house:  # what the journal tells again is told to nobody
            await until(lambda: house.lines[0].link.connected)
            await until(lambda: house.recorder.backlog == 0)
            assert [row.state for row in await house.write_back.outbox.fetch()] == [State.DONE]
        assert len(receiver.got) == count


async def test_without_anybody_to_tell_nothing_is_kept(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx, Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
        await until(lambda: house.lines[0].link.connected)
        await pbx.send(recorded("S01"))
        await until(lambda: house.recorder.stored == 1)
        assert not house.write_back.needed
        assert await house.write_back.outbox.fetch() == []
        assert "target=" not in house.metrics().decode()


async def write(engine: AsyncEngine, crm: Crm, *calls: Call, source: CallSource = CallSource.LIVE) -> WriteBack:
    """Store these calls, and deliver what comes of it."""
    back = WriteBack(Settings(crm=CRM), engine)
    lookup = Lookup({"crm": crm}, CRM)
    back.connect(lookup, CallNotes(engine), lambda _, agent: f"Agent {agent}", NumberChoices(engine))
    over = [msgspec.structs.replace(call, ended_at=LONG_AGO) for call in calls]
    await Store(engine, beside=back.note).store_calls(over, source=source)
    (target,) = back.delivery.targets
    while await back.delivery.look(target):
        pass
    await lookup.close()
    return back


async def test_a_stored_call_goes_into_the_crm_once(engine: AsyncEngine) -> None:
    crm = Crm()
    for _ in range(3):
        await write(engine, crm, ended_call(), ended_call(call_id="18.0"))
    assert crm.asked == 2
    told = crm.records["main:17.0"]
    assert (told.contact_id, told.contact_name, told.agents) == ("7", "Anna Rossi", ("Agent 101",))


async def test_a_call_of_a_gap_is_written_and_one_of_an_old_log_never(engine: AsyncEngine) -> None:
    crm = Crm()
    await write(engine, crm, ended_call(call_id="old"), source=CallSource.IMPORTED)
    await write(engine, crm, ended_call(call_id="gap"), source=CallSource.FILLED)
    assert list(crm.records) == ["main:gap"]


async def test_what_is_known_better_later_brings_the_record_up_to_date(engine: AsyncEngine) -> None:
    crm = Crm()
    await write(engine, crm, ended_call(queue=None))
    await write(engine, crm, ended_call(queue="sales"), source=CallSource.COMPLETED)
    assert (crm.asked, crm.records["main:17.0"].queue) == (2, "sales")


async def test_a_note_that_comes_late_is_in_the_record_too(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_bridge.clerk.SETTLING", timedelta(0))
    crm = Crm()
    back = await write(engine, crm, ended_call())
    assert crm.records["main:17.0"].note == ""
    notes = CallNotes(engine)
    (row,) = await back.outbox.fetch()
    assert row.done_at is not None
    await notes.store(NoteKey("main", "17.0", "101"), row.done_at, NotedText("Wants an offer", "Offer"))
    lookup = Lookup({"crm": crm}, CRM)
    back.connect(lookup, notes, lambda _, agent: agent, NumberChoices(engine))
    work = asyncio.create_task(back.run(Feed().follow("webhooks")))
    try:
        await until(lambda: crm.records["main:17.0"].note == "Wants an offer")
    finally:
        await back.close()
        await work
        await lookup.close()


async def until_empty(box: Outbox) -> None:
    async with asyncio.timeout(60):
        while await box.fetch():  # noqa: ASYNC110  the database tells nobody
            await asyncio.sleep(0.05)


async def test_what_was_told_once_is_forgotten_though_nobody_is_to_be_told_now(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    async with open_store(Settings(), tmp_path) as engine:
        entry = Entry(target="crm:gone", kind="call", key="main:1", payload="{}", due_at=long_ago)
        await Outbox(engine).store([entry], long_ago)
        (row,) = await Outbox(engine).claim("crm:gone", 1, long_ago)
        await Outbox(engine).finish(row, long_ago)
    async with ScriptedPbx() as pbx, Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
        await until_empty(house.write_back.outbox)


def test_a_webhook_without_a_secret_is_a_fault_of_the_settings() -> None:
    settings = Settings(webhook=(WebhookSettings(name="site", url="https://example.com/x"),))
    with pytest.raises(OffhookError, match="'site'"):
        open_webhooks(settings)
