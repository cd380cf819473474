"""What was mailed is kept, on both databases."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from kpi.mails import fetch_mailed, store_mailed
from tests.kpi.calls import at


async def test_the_last_time_counts(engine: AsyncEngine) -> None:
    for name, seconds in (("week", 0), ("day", 10), ("week", 20)):
        async with engine.begin() as connection:
            await store_mailed(connection, name, at(seconds))
    async with engine.connect() as connection:
        assert await fetch_mailed(connection) == {"week": at(20), "day": at(10)}
