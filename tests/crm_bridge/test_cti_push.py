"""Calls told to a help desk that may be slow, away or unwilling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from crm_bridge.contact import SourceError
from crm_bridge.cti_push import CtiPush, LiveListener
from crm_bridge.cti_story import CtiStory
from crm_bridge.http_source import HttpClient
from crm_bridge.options import HttpOptions
from cti.feed import Feed
from cti.model import CallOutcome
from offhook.replay import replay
from tests.crm_bridge.scene import Clock, Scene, until
from tests.crm_bridge.vendors.crm_server import SECRET
from tests.crm_bridge.vendors.opened import opened
from tests.crm_bridge.vendors.zammad import CTI_TOKEN, Vendor

RECORDINGS = Path(__file__).parents[1] / "recordings"
PATH = f"/api/v1/cti/{CTI_TOKEN}"


@asynccontextmanager
async def pushing(
    vendor: Vendor, live_s: float = 30.0, client: type[HttpClient] = HttpClient
) -> AsyncIterator[tuple[Feed, CtiPush]]:
    """A feed whose events are told to this server."""
    http = client("desk", HttpOptions(url=vendor.url), 30.0)
    feed, push = Feed(), CtiPush("desk", http, PATH, CtiStory("IT"), live_s)
    task = asyncio.create_task(push.run(feed.follow("live desk")))
    try:
        yield feed, push
    finally:
        feed.close()
        await task
        await http.close()


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with Vendor() as made:
        yield made


class Impatient(HttpClient):
    """Waits for the answer to the first request only after it has given it up."""

    gave_up = False

    async def fetch_as(self, *question: Any, **more: Any) -> Any:
        answer = await super().fetch_as(*question, **more)
        if self.gave_up:
            return answer
        self.gave_up = True
        raise SourceError("crm-slow", "it did not answer in time", "", "is it overloaded?")


def events(vendor: Vendor) -> list[str]:
    return [str(one["event"]) for one in vendor.heard]


def calls(count: int) -> Iterator[Scene]:
    return (Scene(str(number), f"33512345{number:02}", Clock()) for number in range(count))


async def test_a_recording_is_in_the_caller_log_as_it_happened(vendor: Vendor) -> None:
    folder, expected = RECORDINGS / "asterisk-22" / "S08", CtiStory("IT")
    story = [message for event in replay(folder, ("trunk",)) for message in expected.apply(event)]
    assert {"newCall", "answer", "hangup"} == {message.body["event"] for message in story}
    async with pushing(vendor) as (feed, push):
        for event in replay(folder, ("trunk",)):
            feed.publish(event)
        await until(lambda: push.counts.sent == len(story))
    assert vendor.heard == [message.body for message in story]
    assert {entry["state"] for entry in vendor.caller_log.values()} == {"hangup"}


async def test_many_calls_at_once_keep_each_their_order(vendor: Vendor) -> None:
    async with pushing(vendor) as (feed, push):
        scenes = list(calls(40))
        for scene in scenes:
            feed.publish(scene.queued())
        for scene in scenes:
            feed.publish(scene.answered("101"))
        for scene in scenes:
            feed.publish(scene.ended())
        await until(lambda: push.counts.sent == 120)
    assert {(one["state"], one["answered"]) for one in vendor.caller_log.values()} == {("hangup", "101")}
    assert len(vendor.caller_log) == 40


async def test_what_rang_too_long_ago_is_not_told_nor_how_it_ended(vendor: Vendor) -> None:
    async with pushing(vendor, live_s=-1.0) as (feed, push):
        [scene] = calls(1)
        for event in (scene.queued(), scene.answered("101"), scene.ended()):
            feed.publish(event)
        await until(lambda: push.counts.late == 1)
    assert vendor.heard == []


async def test_the_end_of_a_call_that_was_told_is_told_though_the_line_broke(vendor: Vendor) -> None:
    async with pushing(vendor) as (feed, push):
        [scene] = calls(1)
        feed.publish(scene.queued())
        await until(lambda: push.counts.sent == 1)
        vendor.cut = True
        with capture_logs() as logs:
            feed.publish(scene.ended(CallOutcome.ABANDONED))
            await until(lambda: push.counts.failed >= 2)
            vendor.cut = False
            await until(lambda: push.counts.sent == 2)
    assert events(vendor) == ["newCall", "hangup"]
    assert [one["event"] for one in logs] == ["a help desk does not take calls", "a help desk takes calls again"]
    assert CTI_TOKEN not in str(logs)
    assert "335" not in str(logs)


async def test_one_that_does_not_answer_delays_nobody(vendor: Vendor) -> None:
    vendor.mood = "slow"
    async with pushing(vendor) as (feed, push):
        for scene in calls(30):
            feed.publish(scene.queued())
            feed.publish(scene.ended())
        other = feed.follow("other")
        [last] = calls(1)
        feed.publish(last.started())
        assert (await anext(other)).call.call_id == "0"  # type: ignore[attr-defined]
        await until(lambda: len(vendor.asked) == 4)
    assert push.counts.sent == 0


async def test_more_than_can_wait_is_dropped_and_counted(vendor: Vendor) -> None:
    vendor.mood = "slow"
    async with pushing(vendor) as (feed, push):
        [scene] = calls(1)
        for _ in range(600):
            feed.publish(scene.queued())
            feed.publish(scene.ended())
            scene.becomes(ended_at=None)
        await until(lambda: push.counts.dropped > 0)


async def test_a_slow_answer_may_have_arrived_so_the_end_is_told_too(vendor: Vendor) -> None:
    async with pushing(vendor, client=Impatient) as (feed, push):
        [scene] = calls(1)
        feed.publish(scene.queued())
        feed.publish(scene.ended())
        await until(lambda: push.counts.sent == 1)
    assert (events(vendor), push.counts.failed) == (["newCall", "hangup"], 1)


@pytest.mark.parametrize("mood", ["refused", "failed", "html"])
async def test_who_does_not_want_a_call_is_not_told_its_end(vendor: Vendor, mood: str) -> None:
    vendor.mood = mood
    async with pushing(vendor) as (feed, push):
        first, second = calls(2)
        for scene in (first, second):
            feed.publish(scene.queued())
            feed.publish(scene.ended())
        await until(lambda: push.counts.failed == 2)
    assert len(vendor.asked) == 2


async def test_the_adapter_listens_only_with_a_token_and_asks_with_it(vendor: Vendor) -> None:
    async with opened(Vendor()) as plain:
        assert not isinstance(plain, LiveListener)
    other = Vendor()
    async with opened(other, cti_token=CTI_TOKEN) as crm:
        assert isinstance(crm, LiveListener)
        feed = Feed()
        task = asyncio.create_task(crm.hear(feed.follow("live crm")))
        [scene] = calls(1)
        feed.publish(scene.queued())
        feed.publish(scene.ended())
        await until(lambda: len(other.heard) == 2)
        feed.close()
        await task
        found: list[Any] = await crm.search("anna", 5)
    assert [one.name for one in found] == ["Anna Rossi"]
    live = [one for one in other.asked if one.path == PATH]
    assert [one.headers.get("Authorization") for one in live] == [None, None]
    assert SECRET not in str([one.headers for one in live])
