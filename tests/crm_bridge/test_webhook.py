"""Signed messages to a real receiver, whatever it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.contact import SourceBusyError, SourceError, SourceRefusedError, SourceSparedError
from crm_bridge.delivery import Delivery
from crm_bridge.outbox import Outbox, State
from crm_bridge.settings import CrmSettings
from crm_bridge.webhook import Webhook, message_id, open_webhook
from crm_bridge.webhook_settings import WebhookEvent, WebhookSettings
from cti.errors import OffhookError
from tests.crm_bridge.ended import ended_call
from tests.crm_bridge.receiver import OTHER_SECRET, SECRET, Receiver
from tests.crm_bridge.scene import START, Clock
from tests.pbx.lab.processes import free_port

CRM = CrmSettings(default_region="IT")


@asynccontextmanager
async def opened(receiver: Receiver, secret: str = SECRET, **settings: Any) -> AsyncIterator[Webhook]:
    webhook = open_webhook(WebhookSettings(name="site", url=receiver.url, **settings), secret, CRM)
    try:
        yield webhook
    finally:
        await webhook.close()


async def test_a_message_arrives_signed_and_at_its_address() -> None:
    async with Receiver() as receiver, opened(receiver, f"{OTHER_SECRET} {SECRET}") as webhook:
        await webhook.post("msg_1", '{"type":"call.ended"}')
        assert [(got.message_id, got.body) for got in receiver.got] == [("msg_1", {"type": "call.ended"})]
        assert receiver.paths == ["POST /hooks/calls?key=k1"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, SourceError),
        (404, SourceError),
        (304, SourceError),
        (302, SourceError),
        (401, SourceRefusedError),
        (403, SourceRefusedError),
        (429, SourceBusyError),
    ],
)
async def test_what_is_not_taken_is_told(status: int, kind: type[SourceError]) -> None:
    async with Receiver() as receiver, opened(receiver) as webhook:
        receiver.statuses = [status]
        receiver.headers = {"Retry-After": "7", "Location": "http://127.0.0.1:1/"}
        with pytest.raises(SourceError) as caught:
            await webhook.post("msg_1", "{}")
        assert type(caught.value) is kind
        assert not isinstance(caught.value, SourceBusyError) or caught.value.retry_after_s == 7
        assert "secret answer" not in str(caught.value)
        assert receiver.asked == 1


async def test_a_receiver_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm_bridge.webhook.ANSWER_S", 0.05)
    async with Receiver() as receiver, opened(receiver) as webhook:
        receiver.gate = asyncio.Event()
        with pytest.raises(SourceError) as caught:
            await webhook.post("msg_1", "{}")
        assert caught.value.ref in ("crm-slow", "crm-unreachable")
        assert receiver.got == []


async def test_nobody_there_is_told_so() -> None:
    settings = WebhookSettings(name="site", url=f"http://127.0.0.1:{free_port()}/hook")
    webhook = open_webhook(settings, SECRET, CRM)
    with pytest.raises(SourceError, match="cannot be reached"):
        await webhook.post("msg_1", "{}")
    await webhook.close()


async def test_a_receiver_that_fails_is_left_alone() -> None:
    async with Receiver() as receiver, opened(receiver) as webhook:
        receiver.statuses = [500] * 5
        for _ in range(5):
            with pytest.raises(SourceError):
                await webhook.post("msg_1", "{}")
        assert webhook.rest_left_s() > 0
        with pytest.raises(SourceSparedError):
            await webhook.post("msg_1", "{}")
        assert receiver.asked == 5


async def test_a_receiver_that_is_down_gets_the_call_once_it_is_up(any_engine: AsyncEngine) -> None:
    clock, box = Clock(), Outbox(any_engine)
    clock.pass_s(3600)
    async with Receiver() as receiver, opened(receiver) as webhook:
        await box.store(webhook.entries(ended_call(), None), clock())
        delivery = Delivery(box, [webhook], now=clock, chance=lambda: 1.0)
        receiver.statuses = [500, 503, 429]
        receiver.headers = {"Retry-After": "120"}
        for _ in range(4):
            await delivery.look(webhook)
            clock.pass_s(120)
        (row,) = await box.fetch()
        assert (row.state, row.attempts, receiver.asked) == (State.DONE, 0, 4)
        ((sent_id, body),) = receiver.got
        assert sent_id == message_id("webhook:site", "main:17.0", 1)
        assert (body["type"], body["data"]["number"]) == ("call.ended", "+393351234567")


async def test_what_was_taken_in_the_moment_of_a_crash_comes_again_under_its_id(any_engine: AsyncEngine) -> None:
    box = Outbox(any_engine)
    async with Receiver() as receiver, opened(receiver) as webhook:
        await box.store(webhook.entries(ended_call(), None), START)
        (row,) = await box.fetch()
        await webhook.send(row)
        await webhook.send(row)
        assert len(receiver.got) == 2
        assert len({got.message_id for got in receiver.got}) == 1


async def test_it_is_told_of_what_it_asked_for() -> None:
    async with Receiver() as receiver, opened(receiver, events=(WebhookEvent.OFFERED,), queues=("sales",)) as webhook:
        call = ended_call()
        assert webhook.wants(WebhookEvent.OFFERED, call)
        assert not webhook.wants(WebhookEvent.ANSWERED, call)
        assert not webhook.wants(WebhookEvent.OFFERED, ended_call(queue="support", stays=()))
        assert list(webhook.entries(call, None)) == []
        assert receiver.asked == 0


async def test_numbers_may_stay_in_the_house() -> None:
    async with Receiver() as receiver, opened(receiver, numbers=False) as webhook:
        (entry,) = webhook.entries(ended_call(), "https://pbx/393351234567.wav")
        assert "3351234567" not in entry.payload
        assert entry.match_key == "+393351234567"  # so that it is erased with the person


@pytest.mark.parametrize("secret", [None, "", "whsec_aGVsbG8="])
def test_without_a_secret_nothing_is_sent(secret: str | None) -> None:
    with pytest.raises(OffhookError, match="'site'") as caught:
        open_webhook(WebhookSettings(name="site", url="https://example.com/x"), secret, CRM)
    assert caught.value.ref == "webhook-secret"
