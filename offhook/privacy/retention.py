"""How long each kind of data is kept, and what is old let go of: some at a time, so that nobody waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge import old_rows
from kpi import retention
from kpi.removed import Retained
from kpi.retention import Place
from offhook.privacy.kept import changing, reading
from offhook.privacy.settings import RetentionSettings

PAUSE_S = 0.05  # between two batches: others write then
Count = Callable[[AsyncConnection, datetime], Awaitable[int]]
Find = Callable[[AsyncConnection, datetime, Place | None], Awaitable[list[Place]]]
Work = Callable[[AsyncConnection, list[Place]], Awaitable[int]]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of data that goes by its age: ``before`` is None where it is kept for ever."""

    name: str
    days: int
    before: datetime | None
    count: Count
    remove: Callable[[AsyncEngine, datetime], Awaitable[int]]


def kinds(settings: RetentionSettings, now: datetime) -> Iterator[Kind]:
    """All kinds, in the order in which they are looked at."""
    calls = (Retained.CALLS, retention.fetch_old_calls, retention.remove_calls)
    numbers = (Retained.NUMBERS, retention.fetch_numbered_calls, retention.forget_customers)
    yield _kind("calls", settings, now, retention.count_old, partial(_work_on_calls, *calls))
    yield _kind("numbers", settings, now, retention.count_numbered, partial(_work_on_calls, *numbers))
    yield _kind("oddities", settings, now, retention.count_oddities, _remove_oddities)
    for name in old_rows.DATED:
        count = partial(_count_rows, name)
        yield _kind(name, settings, now, count, partial(_remove_rows, name))


def _kind(
    name: str,
    settings: RetentionSettings,
    now: datetime,
    count: Count,
    remove: Callable[[AsyncEngine, datetime], Awaitable[int]],
) -> Kind:
    days: int = getattr(settings, f"{name}_days")
    before = now - timedelta(days=days) if days else None
    return Kind(name=name, days=days, before=before, count=count, remove=remove)


async def count_old(engine: AsyncEngine, settings: RetentionSettings, now: datetime) -> dict[str, int]:
    """How much of each kind would be let go of. Raises StoreError."""
    counts = {}
    for kind in kinds(settings, now):
        async with reading(engine) as connection:
            counts[kind.name] = await kind.count(connection, kind.before) if kind.before is not None else 0
    return counts


async def let_go(engine: AsyncEngine, settings: RetentionSettings, now: datetime) -> dict[str, int]:
    """Let go of all that is old; how much of each kind that was. Raises StoreError; what is done stays done."""
    return {
        kind.name: await kind.remove(engine, kind.before) if kind.before is not None else 0
        for kind in kinds(settings, now)
    }


async def _work_on_calls(done: Retained, find: Find, work: Work, engine: AsyncEngine, before: datetime) -> int:
    after: Place | None = None
    total = 0
    while True:
        async with reading(engine) as connection:
            places = await find(connection, before, after)
        if not places:
            break
        async with changing(engine) as connection:
            total += await work(connection, places)
        after = places[-1]
        await asyncio.sleep(PAUSE_S)
    async with changing(engine) as connection:
        await retention.note_done(connection, done, before)
    return total


async def _remove_oddities(engine: AsyncEngine, before: datetime) -> int:
    return await _until_none(engine, partial(retention.remove_oddities, before=before))


async def _remove_rows(name: str, engine: AsyncEngine, before: datetime) -> int:
    return await _until_none(engine, partial(old_rows.remove_old, kind=name, before=before))


async def _count_rows(name: str, connection: AsyncConnection, before: datetime) -> int:
    return await old_rows.count_old(connection, name, before)


async def _until_none(engine: AsyncEngine, remove: Callable[[AsyncConnection], Awaitable[int]]) -> int:
    total = 0
    while True:
        async with changing(engine) as connection:
            removed = await remove(connection)
        if not removed:
            return total
        total += removed
        await asyncio.sleep(PAUSE_S)


def retention_lines(settings: RetentionSettings, counts: dict[str, int], now: datetime, *, dry: bool) -> Iterator[str]:
    """What was let go of, or would be, for the terminal."""
    word = "would go" if dry else "went"
    for kind in kinds(settings, now):
        if kind.before is None:
            yield f"{kind.name}: kept for ever"
        else:
            yield f"{kind.name}: {counts[kind.name]:,} older than {kind.days} days ({kind.before:%Y-%m-%d}) {word}"
