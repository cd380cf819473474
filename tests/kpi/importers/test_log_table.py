"""A log in a database's table: the rows of the time asked for, in the order they were written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kpi.importers.lines import QueueLine
from kpi.importers.log_table import LogTable
from kpi.importers.source import SourceError

ROME = ZoneInfo("Europe/Rome")
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COLUMNS = "callid TEXT, queuename TEXT, agent TEXT, event TEXT, data1 TEXT, data2 TEXT"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'logs.sqlite'}")
    yield engine
    await engine.dispose()


async def fill(engine: AsyncEngine, time_type: str, times: list[object]) -> LogTable:
    async with engine.begin() as connection:
        await connection.execute(text(f"CREATE TABLE queue_log (id INTEGER PRIMARY KEY, time {time_type}, {COLUMNS})"))
        for n, time in enumerate(times, 1):
            await connection.execute(
                text("INSERT INTO queue_log VALUES (:id, :time, :callid, 'sales', 'Anna', 'CONNECT', '3', '')"),
                {"id": n, "time": time, "callid": f"{n}.1"},
            )
    return LogTable("queue_log", engine, "queue_log", "queue_log of the test", ROME)


async def read(table: LogTable, since: datetime | None = None, until: datetime | None = None) -> list[QueueLine]:
    lines = [line async for some in table.lines(since, until) for line in some]
    assert all(isinstance(line, QueueLine) for line in lines)
    return [line for line in lines if isinstance(line, QueueLine)]


async def test_times_are_the_machines_local_ones(engine: AsyncEngine) -> None:
    table = await fill(engine, "DATETIME", ["2026-03-02 10:00:00.000000", "2026-03-02 11:30:00.500000"])
    lines = await read(table)
    assert [line.at for line in lines] == [NINE, NINE + timedelta(hours=1, minutes=30, seconds=0.5)]
    assert [(line.callid, line.queue, line.agent, line.event, line.data[0]) for line in lines] == [
        ("1.1", "sales", "Anna", "CONNECT", "3"),
        ("2.1", "sales", "Anna", "CONNECT", "3"),
    ]
    assert (await table.size(), table.position) == (2, 2)


async def test_seconds_since_1970_are_read_as_such(engine: AsyncEngine) -> None:
    table = await fill(engine, "TEXT", [str(int(NINE.timestamp()) + 60 * n) for n in range(3)])
    lines = await read(table, NINE + timedelta(seconds=30), NINE + timedelta(seconds=90))
    assert [line.at for line in lines] == [NINE + timedelta(minutes=1)]


async def test_only_the_time_asked_for_is_given(engine: AsyncEngine) -> None:
    hours = [f"2026-03-02 {hour:02}:00:00.000000" for hour in range(24)]
    table = await fill(engine, "DATETIME", list(hours))
    lines = await read(table, NINE, NINE + timedelta(hours=2))
    assert [line.callid for line in lines] == ["11.1", "12.1", "13.1"]


async def test_a_row_that_cannot_be_read_is_listed_with_its_id(engine: AsyncEngine) -> None:
    table = await fill(engine, "TEXT", ["2026-03-02 10:00:00", "yesterday"])
    assert [line.at for line in await read(table)] == [NINE]
    assert [(bad.number, bad.source) for bad in table.bad.kept] == [(2, "queue_log of the test")]


async def test_a_table_that_is_not_there_or_has_no_time_is_an_error_that_names_it(engine: AsyncEngine) -> None:
    with pytest.raises(SourceError, match="cdr of the test cannot be read"):
        await read(LogTable("cdr", engine, "cdr", "cdr of the test", ROME))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE cel (id INTEGER, appname TEXT)"))
    with pytest.raises(SourceError, match="has no column eventtime"):
        await read(LogTable("cel", engine, "cel", "cel of the test", ROME))
