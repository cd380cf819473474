"""Partitions by month, on PostgreSQL: of the tallies and of the agents' days, which grow for ever and are read by time.

Both have the time in their keys, so a row is in the partition of its month however often it is written again. A month
begins in UTC. Beside the months stands ``_default``: it takes whatever has no month's partition yet, so nothing is
ever refused, and keeps the sums for counters, which are of 1970.

Calls and their parts are not partitioned: what makes writing a call twice harmless is that there is one row by
``(pbx, call_id)``, and PostgreSQL keeps that for a partitioned table only with the time in the key; but a call told
again by another log may have begun at another second. docs/architecture.md weighs that.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import MetaData, Table, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kpi.schema import PARTITIONED, metadata

MONTHS_AHEAD = 2
CHECK_S = 3_600.0
LOCK_WAIT_S = 5  #: longer than that, and whoever writes meanwhile waits too: it is tried again later
ADVISORY_LOCK = 0x0FF400D  # any number, the same on every node, unlike that of the migrations
_AFTER_ALL_TIME = datetime(1971, 1, 1, tzinfo=UTC)
_MONTH = re.compile(r"_(\d{4})_(\d{2})$")

log = structlog.get_logger(__name__)


def is_partition(name: str) -> bool:
    """Whether a table of this name is a partition.

    >>> is_partition("tallies_2026_11"), is_partition("tallies_default"), is_partition("tallies")
    (True, True, False)
    """
    return any(re.fullmatch(rf"{table}_(\d{{4}}_\d{{2}}|default)", name) for table in PARTITIONED)


class PartitionKeeper:
    """Makes the partitions of the coming months, and of older ones that history was imported into, before anybody asks.

    ``now`` gives the present.
    """

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine, self._now = engine, now

    async def run(self) -> None:
        """Look once an hour, until it is cancelled. What fails, a lock not given in time, is tried again then."""
        while True:
            await asyncio.sleep(CHECK_S)
            await self.look()

    async def look(self) -> list[str]:
        """Make what is missing now; the partitions made, none of a table for which that was not possible."""
        if self._engine.dialect.name != "postgresql":
            return []
        made: list[str] = []
        for table in PARTITIONED:
            try:
                async with self._engine.begin() as connection:
                    made += await make_partitions(connection, table, self._now())
            except (SQLAlchemyError, OSError) as error:
                log.warning("partitions not made, rows go to the default one", table=table, cause=type(error).__name__)
        if made:
            log.info("partitions made", partitions=made)
        return made


async def make_partitions(connection: AsyncConnection, table: str, now: datetime) -> list[str]:
    """Make a table's missing partitions from the month of ``now`` up to MONTHS_AHEAD, and of every month that the
    default one holds rows of: these move. The names of those made.

    One table a transaction: nobody's order of tables can be the other way round.
    """
    await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'"))
    await connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
    column, there = PARTITIONED[table], await fetch_months(connection, table)
    if {*_ahead(now), *await _fetch_stray_months(connection, table, column)} <= there.keys():
        return []
    await connection.execute(text(f"LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE"))
    strays = await _fetch_stray_months(connection, table, column)
    missing = sorted({*_ahead(now), *strays} - there.keys())
    return [await _make_month(connection, table, month, holds_rows=month in strays) for month in missing]


async def fetch_months(connection: AsyncConnection, table: str) -> dict[datetime, str]:
    """The names of a table's partitions by the month that each is of."""
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:name)")
    names = (await connection.execute(query, {"name": table})).scalars()
    return {datetime(int(m[1]), int(m[2]), 1, tzinfo=UTC): name for name in names if (m := _MONTH.search(name))}


async def drop_before(engine: AsyncEngine, before: datetime) -> list[str]:
    """Drop the partitions of the months that are over by ``before``, at once whatever they hold; their names.

    For the retention of tallies and agents' days on PostgreSQL: what is left of the month of ``before`` itself, the
    rows of months without a partition, and calls with their parts are for whoever deletes row by row; calls that stay
    are counted again by ``kpi.rebuild``. Sums for counters stay. Nothing on SQLite. Raises SQLAlchemyError where a lock
    is not given in time.
    """
    if engine.dialect.name != "postgresql":
        return []
    dropped: list[str] = []
    for table in PARTITIONED:
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'"))
            months = await fetch_months(connection, table)
            over = [name for month, name in sorted(months.items()) if _after(month) <= before]
            for name in over:
                await connection.execute(text(f"DROP TABLE {name}"))
        dropped += over
    return dropped


async def _fetch_stray_months(connection: AsyncConnection, table: str, column: str) -> set[datetime]:
    default = _part(table, f"{table}_default")
    at = default.c[column]
    month: Any = func.date_trunc("month", func.timezone("UTC", at))
    found = await connection.execute(select(month).where(at >= _AFTER_ALL_TIME).distinct())
    return {month.replace(tzinfo=UTC) for (month,) in found}


def _part(table: str, name: str) -> Table:
    """The partition of this name, as a table of its own."""
    return metadata.tables[table].to_metadata(MetaData(), name=name)


async def _make_month(connection: AsyncConnection, table: str, month: datetime, *, holds_rows: bool) -> str:
    """Made beside and attached, which lets others read and write the months that are there."""
    name = f"{table}_{month:%Y_%m}"
    since, until = _literal(month), _literal(_after(month))
    await connection.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    if holds_rows:
        column = PARTITIONED[table]
        default, made = _part(table, f"{table}_default"), _part(table, name)
        moved = delete(default).where(default.c[column] >= month, default.c[column] < _after(month)).returning(default)
        await connection.execute(insert(made).from_select(made.columns.keys(), select(moved.cte())))
    await connection.execute(
        text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({since}) TO ({until})")
    )
    return name


def _ahead(now: datetime) -> Iterator[datetime]:
    month = datetime(now.astimezone(UTC).year, now.astimezone(UTC).month, 1, tzinfo=UTC)
    for _ in range(MONTHS_AHEAD + 1):
        yield month
        month = _after(month)


def _after(month: datetime) -> datetime:
    """The month that follows.

    >>> _after(datetime(2026, 12, 1, tzinfo=UTC)).date().isoformat()
    '2027-01-01'
    """
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _literal(at: datetime) -> str:
    return f"'{at:%Y-%m-%d} 00:00:00+00'"
