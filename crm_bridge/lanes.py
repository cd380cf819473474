"""What is on its way, each in the lane of its call: within a lane one follows the other, the lanes do not wait."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar

LANES: Final = 4

_Letter = TypeVar("_Letter")


class Lanes(Generic[_Letter]):
    """``deliver`` is called for each letter, and never raises; at most ``most`` wait in each lane."""

    def __init__(self, deliver: Callable[[_Letter], Awaitable[None]], most: int) -> None:
        self._deliver = deliver
        self._queues: list[asyncio.Queue[_Letter]] = [asyncio.Queue(most) for _ in range(LANES)]

    def put(self, call: str, letter: _Letter) -> bool:
        """Have it delivered behind what else there is of this call; False where there is no room."""
        try:
            self._queues[zlib.crc32(call.encode("utf-8", "replace")) % LANES].put_nowait(letter)
        except asyncio.QueueFull:
            return False
        return True

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Deliver while this is open; what waits at its end is given up."""
        tasks = [asyncio.create_task(self._serve(queue)) for queue in self._queues]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, queue: asyncio.Queue[_Letter]) -> None:
        while True:
            await self._deliver(await queue.get())
