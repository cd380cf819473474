"""Letters in lanes."""

from __future__ import annotations

import asyncio

from crm_bridge.lanes import LANES, Lanes
from tests.crm_bridge.scene import until


class Desk:
    """Takes letters once its gate for their call is open."""

    def __init__(self) -> None:
        self.took: list[tuple[str, int]] = []
        self.shut: set[str] = set()
        self.opened = asyncio.Event()

    async def deliver(self, letter: tuple[str, int]) -> None:
        if letter[0] in self.shut:
            await self.opened.wait()
        self.took.append(letter)


def calls_of_two_lanes() -> tuple[str, str]:
    """Two calls that do not wait for each other."""
    for other in map(str, range(100)):
        lanes = Lanes(Desk().deliver, 1)
        if lanes.put("one", ("one", 0)) and lanes.put(other, (other, 0)):
            return "one", other
    raise AssertionError("all calls have one lane")


async def test_one_call_is_in_order_and_holds_up_no_other() -> None:
    desk = Desk()
    slow, quick = calls_of_two_lanes()
    desk.shut = {slow}
    lanes = Lanes(desk.deliver, 10)
    async with lanes.served():
        for n in range(3):
            assert lanes.put(slow, (slow, n))
            assert lanes.put(quick, (quick, n))
        await until(lambda: len(desk.took) == 3)
        assert desk.took == [(quick, n) for n in range(3)]
        desk.opened.set()
        await until(lambda: len(desk.took) == 6)
    assert desk.took[3:] == [(slow, n) for n in range(3)]


async def test_there_is_a_bound_to_what_waits_and_at_the_end_it_is_given_up() -> None:
    desk = Desk()
    lanes = Lanes(desk.deliver, 2)
    assert [lanes.put("\ud800", ("x", n)) for n in range(3)] == [True, True, False]
    assert sum(lanes.put(str(n), ("x", n)) for n in range(1_000)) == 2 * (LANES - 1)
    desk.shut = {"x"}
    async with lanes.served():
        await asyncio.sleep(0)
    assert desk.took == []
