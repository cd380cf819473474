"""A recorder at work in a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cti.feed import Feed
from kpi.recorder import Recorder
from kpi.store import Store


async def until(what: str, condition: Callable[[], bool], within_s: float = 20) -> None:
    """Return as soon as the condition holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while not condition():
        assert loop.time() < end, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def recording(store: Store, **options: Any) -> AsyncIterator[tuple[Feed, Recorder]]:
    """A recorder at work; what is left is written at the end."""
    feed = Feed()
    recorder = Recorder(feed.follow("recorder"), store, **{"batch_wait_s": 0.02, "backoff_first_s": 0.02} | options)
    task = asyncio.create_task(recorder.run())
    yield feed, recorder
    assert await recorder.close() == 0
    await task
