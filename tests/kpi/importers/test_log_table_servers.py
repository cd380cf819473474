"""Logs in the tables of a real MariaDB, a real PostgreSQL and SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cti.model import Call
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.gathering import Gathering
from kpi.importers.lines import Line
from kpi.importers.log_table import LogTable
from kpi.importers.source import SourceError, merged
from tests.kpi.importers.freepbx import ROME, make_tables
from tests.kpi.importers.logged import FOLDERS, lines_of, told
from tests.mariadb import MariadbServer
from tests.postgresql import PostgresqlServer

MORNING = FOLDERS["asterisk-22-mix-1"]
EXACT = {"mysql": "DATETIME(6)", "postgresql": "TIMESTAMP(6)", "sqlite": "DATETIME"}


@pytest.fixture(scope="module")
def mariadb_server() -> Iterator[MariadbServer]:
    server = MariadbServer()
    yield server
    server.stop()


@pytest.fixture(params=["mysql", "postgresql", "sqlite"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    if request.param == "mysql":
        mariadb: MariadbServer = request.getfixturevalue("mariadb_server")
        url = mariadb.make_database().replace("mysql:", "mysql+aiomysql:")
    elif request.param == "postgresql":
        postgresql: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = postgresql.make_database().replace("postgresql:", "postgresql+asyncpg:")
    else:
        url = f"sqlite+aiosqlite:///{tmp_path / 'asteriskcdrdb.sqlite'}"
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


def table(kind: str, engine: AsyncEngine, name: str | None = None) -> LogTable:
    return LogTable(kind, engine, name or kind, f"{kind} of the test", ROME)


async def read(source: LogTable, since: datetime | None = None, until: datetime | None = None) -> list[Line]:
    return [line async for lines in source.lines(since, until) for line in lines]


async def calls_of(*sources: LogTable) -> dict[str, Call]:
    teller = AsteriskLogs("replay")
    gathering, calls = Gathering(teller.is_phone), []
    async for line in merged(sources):
        gathering.take(line)
        for logged in gathering.over():
            calls += teller.tell(logged)
    return {call.call_id: call for call in [*calls, *(one for left in gathering.rest() for one in teller.tell(left))]}


async def test_tables_tell_what_the_files_tell(database: AsyncEngine) -> None:
    await make_tables(database, MORNING, "cdr", "cel", "queue_log", time=EXACT[database.dialect.name])
    calls = await calls_of(table("queue_log", database), table("cdr", database), table("cel", database))
    files = {call.call_id: call for call in told(MORNING, "queue_log", "cdr", "cel")[0]}
    assert calls.keys() == files.keys()
    for call_id, call in files.items():
        for part in ("direction", "caller", "dialled", "queue", "outcome", "ended_by", "ended_at", "talks"):
            assert getattr(calls[call_id], part) == getattr(call, part), (call_id, part)


async def test_freepbxs_whole_seconds_tell_the_same_calls(database: AsyncEngine) -> None:
    """FreePBX's cel holds seconds only; its ids keep the order."""
    await make_tables(database, MORNING, "cel", "queue_log")
    if database.dialect.name != "mysql":
        async with database.begin() as connection:
            cut = (
                "date_trunc('second', eventtime)"
                if database.dialect.name == "postgresql"
                else "substr(eventtime, 1, 19)"
            )
            await connection.execute(text(f"UPDATE cel SET eventtime = {cut}"))
    calls = await calls_of(table("queue_log", database), table("cel", database))
    files = {call.call_id: call for call in told(MORNING, "queue_log", "cel")[0]}
    assert calls.keys() == files.keys()
    for part in ("direction", "caller", "dialled", "queue", "outcome", "answered_by"):
        wrong = [one for one, call in files.items() if getattr(calls[one], part) != getattr(call, part)]
        assert len(wrong) <= 6, (part, wrong)  # what happens within one second comes in any order


@pytest.mark.parametrize("kind", ["queue_log", "cdr", "cel"])
async def test_of_a_table_only_the_time_asked_for_is_read(database: AsyncEngine, kind: str) -> None:
    await make_tables(database, MORNING, kind, time=EXACT[database.dialect.name])
    since = datetime(2026, 11, 21, 19, 45, tzinfo=UTC)
    lines = await read(table(kind, database), since, since + timedelta(seconds=30))
    expected = [line for line in lines_of(MORNING, kind) if _in(line, since, since + timedelta(seconds=30))]
    assert 0 <= len(expected) - len(lines) < 5  # a line whose time is cut is as late as its second
    assert await read(table(kind, database), since + timedelta(days=9)) == []


def _in(line: Line, since: datetime, until: datetime) -> bool:
    begin = getattr(line, "started_at", None) or line.at  # type: ignore[union-attr]
    end = getattr(line, "ended_at", None) or begin
    return bool(end >= since and begin <= until)


@pytest.mark.parametrize("column", ["VARCHAR(16)", "INTEGER"])
async def test_seconds_since_1970_are_times_too(database: AsyncEngine, column: str) -> None:
    """queue_log of Asterisk 1.6 and 1.8."""
    async with database.begin() as connection:
        await connection.execute(
            text(
                f"CREATE TABLE queue_log (time {column}, callid VARCHAR(9), queuename VARCHAR(9), agent VARCHAR(9), "
                "event VARCHAR(20), data VARCHAR(99))"
            )
        )
        rows = [{"t": 1_795_000_000 + n if column == "INTEGER" else str(1_795_000_000 + n)} for n in range(50)]
        insert = "INSERT INTO queue_log VALUES (:t, '1.1', 's', 'a', 'CONNECT', '4|1.2|3')"
        await connection.execute(text(insert), rows)
    since = datetime.fromtimestamp(1_795_000_020, UTC)
    lines = await read(table("queue_log", database), since, since + timedelta(seconds=10))
    assert len(lines) == 11
    assert all(line.data[:3] == ("4", "1.2", "3") for line in lines)  # type: ignore[union-attr]


async def test_rows_that_cannot_be_used_are_counted(database: AsyncEngine) -> None:
    await make_tables(database, FOLDERS["asterisk-22-S01"], "cdr")
    async with database.begin() as connection:
        await connection.execute(text("INSERT INTO cdr (calldate, channel) VALUES ('2026-11-21 20:27:00', '')"))
    source = table("cdr", database)
    assert len(await read(source)) == await source.size() - 1
    assert [bad.why for bad in source.bad.kept] == ["it has no channel"]


async def test_a_table_that_is_not_there_or_another_one_is_an_error_for_people(database: AsyncEngine) -> None:
    assert not await table("cdr", database).exists()
    with pytest.raises(SourceError, match="cdr of the test cannot be read"):
        await read(table("cdr", database))
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE cdr (x INT)"))
    assert await table("cdr", database).exists()
    with pytest.raises(SourceError, match="the table has no column calldate or start"):
        await read(table("cdr", database))


async def test_a_database_that_does_not_answer_is_an_error_without_its_password() -> None:
    engine = create_async_engine("mysql+aiomysql://u:hunter2@127.0.0.1:1/x")
    with pytest.raises(SourceError) as raised:
        await read(table("cdr", engine))
    assert "hunter2" not in str(raised.value)
    await engine.dispose()
