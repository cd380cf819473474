"""Who asks the same at the same time waits for one answer."""

from __future__ import annotations

import asyncio

import pytest

from crm_bridge.flights import Flights


class Source:
    """Answers when it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def ask(self) -> int:
        self.asked += 1
        await self.may_answer.wait()
        return self.asked

    async def fail(self) -> int:
        self.asked += 1
        await self.may_answer.wait()
        raise ValueError("garbage")


async def test_who_asks_meanwhile_gets_the_same_answer() -> None:
    source, flights = Source(), Flights[int]()
    askers = [asyncio.create_task(flights.join("+34", source.ask)) for _ in range(3)]
    await asyncio.sleep(0)
    assert ("+34" in flights, len(flights)) == (True, 1)
    source.may_answer.set()
    assert await asyncio.gather(*askers) == [1, 1, 1]
    assert "+34" not in flights
    assert await flights.join("+34", source.ask) == 2


async def test_each_key_has_a_question_of_its_own() -> None:
    source, flights = Source(), Flights[int]()
    askers = [asyncio.create_task(flights.join(key, source.ask)) for key in "ab"]
    await asyncio.sleep(0)
    source.may_answer.set()
    assert len(flights) == 2
    await asyncio.gather(*askers)
    assert source.asked == 2


async def test_one_who_gives_up_takes_nobodys_answer_away() -> None:
    source, flights = Source(), Flights[int]()
    first, second = (asyncio.create_task(flights.join("a", source.ask)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    source.may_answer.set()
    assert await second == 1


async def test_an_error_is_everybodys_and_is_not_kept() -> None:
    source, flights = Source(), Flights[int]()
    askers = [asyncio.create_task(flights.join("a", source.fail)) for _ in range(2)]
    await asyncio.sleep(0)
    source.may_answer.set()
    answers = await asyncio.gather(*askers, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["garbage", "garbage"]
    assert await flights.join("a", source.ask) == 2


async def test_the_end_gives_up_what_is_under_way() -> None:
    source, flights = Source(), Flights[int]()
    asker = asyncio.create_task(flights.join("a", source.ask))
    await asyncio.sleep(0)
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await asker
    assert len(flights) == 0
