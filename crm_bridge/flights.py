"""Questions under way: who asks the same meanwhile waits for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

_Answer = TypeVar("_Answer")


class Flights(Generic[_Answer]):
    """At most one question at a time for each key."""

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Task[_Answer]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: str) -> bool:
        return key in self._flights

    async def join(self, key: str, ask: Callable[[], Coroutine[Any, Any, _Answer]]) -> _Answer:
        """The answer of the question under way for ``key``; ``ask`` begins it where there is none.

        It goes on when one who waits gives up. Raises what ``ask`` raises, to all who wait.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(ask())
            flight.add_done_callback(lambda _: self._flights.pop(key))
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """Give up all of them, and wait until each has put its things away."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
