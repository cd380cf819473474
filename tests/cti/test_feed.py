"""The feed: in order, at once, and nobody's fault is another's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given, settings, strategies as st

from cti.feed import Feed, Follower, Guard
from cti.model import CallEvent, Origin, PbxBack, PbxLost

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def event(number: int) -> PbxBack:
    return PbxBack(at=AT, origin=Origin("hq", "s", number, "back"), pbx="hq")


def number(event: CallEvent) -> int:
    return event.origin.offset


async def read(follower: Follower, count: int) -> list[int]:
    async with asyncio.timeout(5):
        return [number(await anext(follower)) for _ in range(count)]


async def read_all(follower: Follower) -> list[int]:
    async with asyncio.timeout(5):
        return [number(event) async for event in follower]


def test_handlers_are_called_at_once_and_in_order() -> None:
    feed, told = Feed(), list[str]()
    feed.attach("first", lambda event: told.append(f"first {number(event)}"))
    feed.attach("second", lambda event: told.append(f"second {number(event)}"))
    feed.publish(event(1))
    feed.publish(event(2))
    assert told == ["first 1", "second 1", "first 2", "second 2"]
    assert feed.published == 2


def test_a_detached_handler_is_called_no_more() -> None:
    feed, told = Feed(), list[int]()
    feed.attach("one", lambda event: told.append(number(event)))
    feed.publish(event(1))
    feed.detach("one")
    feed.detach("one")
    feed.publish(event(2))
    assert told == [1]


def test_two_handlers_may_not_have_one_name() -> None:
    feed = Feed()
    feed.attach("desk", lambda _: None)
    with pytest.raises(ValueError, match="'desk' is attached already"):
        feed.attach("desk", lambda _: None)


def test_a_handler_that_raises_is_counted_and_the_others_go_on() -> None:
    feed, told = Feed(), list[int]()

    def fail(event: CallEvent) -> None:
        raise KeyError(number(event))

    feed.attach("faulty", fail)
    feed.attach("sound", lambda event: told.append(number(event)))
    for n in range(3):
        feed.publish(event(n))
    assert (feed.failures, told) == ({"faulty": 3}, [0, 1, 2])


def test_what_a_handler_publishes_comes_after_what_it_was_given() -> None:
    feed, told = Feed(), list[str]()

    def echo(given: CallEvent) -> None:
        told.append(f"echo {number(given)}")
        if number(given) < 3:
            feed.publish(event(number(given) + 1))

    feed.attach("echo", echo)
    feed.attach("last", lambda event: told.append(f"last {number(event)}"))
    feed.publish(event(1))
    assert told == ["echo 1", "last 1", "echo 2", "last 2", "echo 3", "last 3"]


def test_a_handler_may_attach_and_detach_while_it_is_called() -> None:
    feed, told = Feed(), list[str]()

    def once(_: CallEvent) -> None:
        told.append("once")
        feed.detach("once")
        feed.attach("next", lambda _: told.append("next"))

    feed.attach("once", once)
    feed.publish(event(1))
    feed.publish(event(2))
    assert told == ["once", "next"]


async def test_followers_read_at_their_own_pace() -> None:
    feed = Feed()
    quick, slow = feed.follow("quick"), feed.follow("slow")
    feed.publish(event(1))
    assert await read(quick, 1) == [1]
    feed.publish(event(2))
    feed.publish(event(3))
    assert (quick.waiting, slow.waiting) == (2, 3)
    assert await read(slow, 3) == [1, 2, 3]
    assert await read(quick, 2) == [2, 3]


async def test_a_follower_that_waits_is_woken() -> None:
    feed = Feed()
    follower = feed.follow("one")
    waiting = asyncio.create_task(read(follower, 2))
    await asyncio.sleep(0)
    feed.publish(event(1))
    feed.publish(event(2))
    assert await waiting == [1, 2]


async def test_a_reader_that_was_cancelled_loses_nothing() -> None:
    feed = Feed()
    follower = feed.follow("one")
    waiting = asyncio.create_task(read(follower, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    feed.publish(event(1))
    assert await read(follower, 1) == [1]


async def test_a_full_queue_loses_the_new_events_and_says_where() -> None:
    feed = Feed()
    follower = feed.follow("slow", size=2)
    for n in range(1, 6):
        feed.publish(event(n))
    assert (follower.waiting, follower.missed, follower.resync, feed.missed) == (2, 3, False, {"slow": 3})
    assert await read(follower, 1) == [1]
    assert not follower.resync
    feed.publish(event(6))
    assert await read(follower, 1) == [2]
    assert follower.resync, "the gap is after event 2"
    follower.resync = False
    assert await read(follower, 1) == [6]
    assert (follower.resync, follower.missed) == (False, 3)


async def test_a_gap_is_told_once() -> None:
    feed = Feed()
    follower = feed.follow("slow", size=1)
    told = 0
    for n in range(10):
        feed.publish(event(n))
    while follower.waiting:
        await read(follower, 1)
        told += follower.resync
        follower.resync = False
    assert (told, follower.missed) == (1, 9)


@settings(max_examples=200, deadline=None)
@given(size=st.integers(1, 5), steps=st.lists(st.sampled_from("pr"), max_size=60))
def test_every_event_is_read_or_missed_and_each_gap_is_told(size: int, steps: list[str]) -> None:
    async def walk() -> None:
        feed = Feed()
        follower = feed.follow("any", size)
        published, seen = 0, [-1]
        gap_told = False
        for step in [*steps, *"r" * size]:
            if step == "p":
                feed.publish(event(published))
                published += 1
            elif follower.waiting:
                seen += await read(follower, 1)
                assert gap_told or seen[-1] == seen[-2] + 1
                gap_told, follower.resync = follower.resync, False
            assert follower.waiting <= size
        assert len(seen) - 1 + follower.missed == published
        assert gap_told == (seen[-1] != published - 1)

    asyncio.run(walk())


async def test_a_closed_follower_reads_what_waits_and_ends() -> None:
    feed = Feed()
    follower = feed.follow("one")
    feed.publish(event(1))
    follower.close()
    follower.close()
    feed.publish(event(2))
    assert await read_all(follower) == [1]
    assert follower.missed == 0


async def test_closing_the_feed_ends_all_followers() -> None:
    feed = Feed()
    waiting, behind = feed.follow("waiting"), feed.follow("behind")
    task = asyncio.create_task(read_all(waiting))
    await asyncio.sleep(0)
    feed.publish(event(1))
    feed.close()
    assert await task == [1]
    assert await read_all(behind) == [1]


async def test_losses_of_all_of_one_name_are_counted_also_after_they_left() -> None:
    feed = Feed()
    left, stays = feed.follow("browser", size=1), feed.follow("browser", size=2)
    for n in range(4):
        feed.publish(event(n))
    left.close()
    assert feed.missed == {"browser": left.missed + stays.missed} == {"browser": 5}


def test_a_queue_holds_at_least_one_event() -> None:
    with pytest.raises(ValueError, match="at least 1 event, got 0"):
        Feed().follow("none", size=0)


def test_a_guard_tells_whether_the_call_went_well() -> None:
    guard, given_ = Guard(), list[Any]()
    assert guard.call("sound", given_.append, 1)
    assert not guard.call("faulty", int, "no number")
    assert (given_, guard.failures) == ([1], {"faulty": 1})


def test_the_log_has_the_place_but_not_the_text_and_not_each_time() -> None:
    guard = Guard()

    def fail(name: str) -> None:
        raise ValueError(f"cannot use {name} +39 333 1234567")

    with structlog.testing.capture_logs() as logs:
        for _ in range(250):
            guard.call("desk", fail, "Žofia")
    assert [(line["follower"], line["error"], line["count"]) for line in logs] == [
        ("desk", "ValueError", count) for count in (1, 10, 100)
    ]
    assert logs[0]["at"].startswith("test_feed.py:")
    assert "Žofia" not in str(logs)
    assert "333" not in str(logs)


def test_a_guard_lets_through_what_is_no_fault() -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Guard().call("any", leave)


async def test_all_kinds_of_events_go_through() -> None:
    feed = Feed()
    follower = feed.follow("one")
    lost = PbxLost(at=AT, origin=Origin("hq", "", 0, "lost"), pbx="hq", cause="cut")
    feed.publish(lost)
    assert await anext(follower) is lost
