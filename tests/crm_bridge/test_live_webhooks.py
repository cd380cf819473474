"""What rings is told at once, in order, and never late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from crm_bridge import live_webhooks as module
from crm_bridge.live_webhooks import LiveWebhooks
from crm_bridge.settings import CrmSettings
from crm_bridge.webhook import open_webhook
from crm_bridge.webhook_settings import WebhookEvent, WebhookSettings
from cti.feed import Feed
from tests.crm_bridge.receiver import SECRET, Receiver
from tests.crm_bridge.scene import Clock, Scene, until

LIVE = (WebhookEvent.OFFERED, WebhookEvent.ANSWERED)


@asynccontextmanager
async def telling(receiver: Receiver, feed: Feed, live_s: float = 30.0) -> AsyncIterator[LiveWebhooks]:
    settings = WebhookSettings(name="site", url=receiver.url, events=LIVE)
    webhook = open_webhook(settings, SECRET, CrmSettings(default_region="IT"))
    live, follower = LiveWebhooks([webhook], live_s), feed.follow("webhooks")
    task = asyncio.create_task(live.run(follower))
    try:
        yield live
    finally:
        follower.close()
        await asyncio.wait({task}, timeout=10)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await webhook.close()


async def test_the_events_of_a_call_arrive_in_order() -> None:
    feed, scene = Feed(), Scene("17.0", "+393351234567", Clock())
    async with Receiver() as receiver, telling(receiver, feed) as live:
        for event in (scene.started(), scene.queued(), scene.offered("101"), scene.answered("101"), scene.ended()):
            feed.publish(event)
        await until(lambda: live.counts["webhook:site"].sent == 2)
        assert [(got.body["type"], got.body["data"]["agent"]) for got in receiver.got] == [
            ("call.offered", "101"),
            ("call.answered", "101"),
        ]
        assert len({got.message_id for got in receiver.got}) == 2


async def test_a_receiver_that_stumbles_gets_it_again_under_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    feed, scene = Feed(), Scene("17.0", None, Clock())
    async with Receiver() as receiver, telling(receiver, feed):
        receiver.statuses = [500, 503]
        feed.publish(scene.offered("101"))
        await until(lambda: receiver.got)
        assert receiver.asked == 3


async def test_what_is_late_is_given_up() -> None:
    feed, scene = Feed(), Scene("17.0", None, Clock())
    async with Receiver() as receiver, telling(receiver, feed, live_s=0.2) as live:
        receiver.gate = asyncio.Event()
        feed.publish(scene.offered("101"))
        feed.publish(scene.answered("101"))
        await until(lambda: live.counts["webhook:site"].late == 2)
        assert receiver.got == []


async def test_a_receiver_that_hangs_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 8)
    feed = Feed()
    async with Receiver() as receiver, telling(receiver, feed) as live:
        receiver.gate = asyncio.Event()
        for n in range(100):
            feed.publish(Scene(f"{n}.0", None, Clock()).offered("101"))
        await until(lambda: live.counts["webhook:site"].dropped >= 80)
        receiver.gate.set()
        await until(lambda: live.counts["webhook:site"].sent + live.counts["webhook:site"].dropped == 100)
        assert live.counts["webhook:site"].late == 0
