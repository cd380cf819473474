"""Partitions by month and BRIN, on a real PostgreSQL; on SQLite nothing of it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import AgentState
from kpi.batch import Batch, Span
from kpi.partitions import MONTHS_AHEAD, PartitionKeeper, drop_before, fetch_months, is_partition
from kpi.reading import CallFilter
from kpi.schema import PARTITIONED, SpanKind
from kpi.store import Store
from offhook.database import make_engine, migrate
from tests.kpi.calls import NINE, abandoned_call, answered_call, at
from tests.kpi.stored import all_spans, all_tallies, recomputed
from tests.postgresql import PostgresqlServer

DAY_S = 86_400
IDLE = Span(
    pbx="milan", agent="101", kind=SpanKind.STATE, state=AgentState.IDLE, started_at=at(0), ended_at=at(100)
)  # fmt: skip


@pytest.fixture
async def postgresql(postgresql_server: PostgresqlServer) -> AsyncIterator[AsyncEngine]:
    """A database as the program makes it."""
    engine = make_engine(postgresql_server.make_database())
    await migrate(engine)
    yield engine
    await engine.dispose()


async def placed(engine: AsyncEngine, table: str, what: str = "count(*)") -> dict[str, object]:
    """By partition, those with rows."""
    async with engine.connect() as connection:
        found = await connection.execute(text(f"SELECT tableoid::regclass::text, {what} FROM {table} GROUP BY 1"))
        rows: list[Any] = list(found)
        return dict(rows)


async def plan(engine: AsyncEngine, statement: str) -> str:
    async with engine.connect() as connection:
        return "\n".join((await connection.execute(text(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}"))).scalars())


async def made(engine: AsyncEngine, now: datetime) -> list[str]:
    return await PartitionKeeper(engine, lambda: now).look()


async def test_rows_land_in_their_months_partition(postgresql: AsyncEngine) -> None:
    assert len(await made(postgresql, NINE)) == len(PARTITIONED) * (1 + MONTHS_AHEAD)
    store = Store(postgresql)
    calls = [answered_call("1"), answered_call("2", start=40 * DAY_S), abandoned_call("3", start=400 * DAY_S)]
    await store.store_calls(calls)
    await store.store(Batch(spans=(IDLE, msgspec.structs.replace(IDLE, started_at=at(40 * DAY_S), ended_at=None))))
    months = await placed(postgresql, "tallies", "min(date_trunc('month', starts_at AT TIME ZONE 'UTC'))")
    assert months["tallies_2026_03"] == datetime(2026, 3, 1)  # noqa: DTZ001
    assert months["tallies_2026_04"] == datetime(2026, 4, 1)  # noqa: DTZ001
    assert set(months) == {"tallies_2026_03", "tallies_2026_04", "tallies_default"}
    assert set(await placed(postgresql, "agent_spans")) == {"agent_spans_2026_03", "agent_spans_2026_04"}
    assert await all_tallies(postgresql) == recomputed(*calls, spans=[IDLE])


async def test_what_came_before_its_partition_moves_there(postgresql: AsyncEngine) -> None:
    store = Store(postgresql)
    calls = [answered_call("1"), answered_call("2", start=-900 * DAY_S)]
    await store.store_calls(calls)
    await store.store(Batch(spans=(IDLE,)))
    before = await all_tallies(postgresql)
    assert set(await placed(postgresql, "tallies")) == {"tallies_default"}
    assert {"tallies_2023_09", "tallies_2026_03", "agent_spans_2026_03"} <= {*await made(postgresql, NINE)}
    assert await all_tallies(postgresql) == before == recomputed(*calls, spans=[IDLE])
    assert await all_spans(postgresql) == [IDLE]
    left = await placed(postgresql, "tallies", "max(starts_at)")
    assert left["tallies_default"] == datetime(1970, 1, 1, tzinfo=UTC)  # the sums for counters
    await store.store_calls([*calls, answered_call("3", start=-900 * DAY_S, wait=9)])
    assert await all_tallies(postgresql) == recomputed(*await store.fetch_calls(CallFilter()), spans=[IDLE])
    assert await made(postgresql, NINE) == []


async def test_rebuilding_finds_nothing_to_mend(postgresql: AsyncEngine) -> None:
    await made(postgresql, NINE)
    store = Store(postgresql)
    await store.store_calls([answered_call("1"), answered_call("2", start=40 * DAY_S)])
    assert (await store.rebuild_tallies()).different == 0


async def test_a_question_about_a_month_reads_its_partitions_only(postgresql: AsyncEngine) -> None:
    await made(postgresql, NINE)
    await Store(postgresql).store_calls([answered_call(str(n), start=n * 20 * DAY_S) for n in range(4)])
    since, until = "'2026-04-01 00:00+00'", "'2026-05-01 00:00+00'"
    told = await plan(
        postgresql,
        f"SELECT sum(started) FROM tallies WHERE span = 'quarter' AND starts_at >= {since} AND starts_at < {until}",
    )
    assert "tallies_2026_04" in told
    assert not [name for name in ("tallies_2026_03", "tallies_2026_05", "tallies_default") if name in told]


async def test_months_that_are_over_are_dropped_at_once(postgresql: AsyncEngine) -> None:
    await made(postgresql, NINE)
    store = Store(postgresql)
    calls = [answered_call("1"), answered_call("2", start=40 * DAY_S)]
    await store.store_calls(calls)
    totals = await store.fetch_totals()
    assert await drop_before(postgresql, datetime(2026, 4, 20, tzinfo=UTC)) == [
        "tallies_2026_03",
        "removed_tallies_2026_03",
        "agent_spans_2026_03",
    ]
    async with postgresql.connect() as connection:
        assert min(await fetch_months(connection, "tallies")) == datetime(2026, 4, 1, tzinfo=UTC)
    kept = {key for key in recomputed(*calls) if key.starts_at.year == 1970 or key.starts_at.month == 4}
    assert {*await all_tallies(postgresql)} == kept
    assert await store.fetch_totals() == totals
    assert await store.fetch_call("milan", "1") == calls[0]


async def test_the_running_program_makes_months_ahead(postgresql: AsyncEngine) -> None:
    today = [datetime(2026, 11, 30, 23, 59, tzinfo=UTC)]
    keeper = PartitionKeeper(postgresql, lambda: today[0])
    assert {"tallies_2026_11", "tallies_2026_12", "tallies_2027_01", "agent_spans_2027_01"} <= {*await keeper.look()}
    today[0] += timedelta(minutes=2)
    assert await keeper.look() == ["tallies_2027_02", "removed_tallies_2027_02", "agent_spans_2027_02"]
    assert await keeper.look() == []


async def test_two_programs_make_them_once(postgresql: AsyncEngine) -> None:
    keepers = [PartitionKeeper(postgresql, lambda: NINE) for _ in range(3)]
    done = await asyncio.gather(*(keeper.look() for keeper in keepers))
    assert sum(map(len, done)) == len(PARTITIONED) * (1 + MONTHS_AHEAD)


async def test_writers_and_the_keeper_do_not_lose_each_others_rows(postgresql: AsyncEngine) -> None:
    store, calls = Store(postgresql), [answered_call(str(n), start=n * 5 * DAY_S) for n in range(30)]
    keeper = PartitionKeeper(postgresql, lambda: NINE)
    await asyncio.gather(*(store.store_calls([call]) for call in calls[:15]), keeper.look())
    await asyncio.gather(keeper.look(), *(store.store_calls([call]) for call in calls[15:]))
    assert await all_tallies(postgresql) == recomputed(*calls)


async def test_a_database_that_is_away_is_no_end(tmp_path: Path) -> None:
    engine = make_engine("postgresql://offhook@127.0.0.1:1/none")
    assert await PartitionKeeper(engine).look() == []
    await engine.dispose()
    engine = make_engine(f"sqlite:///{tmp_path / 'offhook.sqlite'}")
    assert await PartitionKeeper(engine).look() == []
    assert await drop_before(engine, NINE) == []
    await engine.dispose()


async def test_a_long_stretch_of_calls_is_found_by_brin(postgresql: AsyncEngine) -> None:
    async with postgresql.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO calls (pbx, call_id, direction, offered_at, click_to_dial, session, byte_offset, event)"
                " SELECT 'milan', n::text, 'inbound', at, false, 's', n, 'x' FROM generate_series(1, 60000) n,"
                " LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 min' AS at) told"
            )
        )
    async with postgresql.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE calls"))
    told = await plan(
        postgresql,
        "SELECT count(*), max(outcome) FROM calls"
        " WHERE offered_at >= '2026-01-05 00:00+00' AND offered_at < '2026-01-25 00:00+00'",
    )
    assert "brin_calls_offered_at" in told


def test_a_partition_is_known_by_its_name() -> None:
    names = [
        "tallies_2026_11",
        "agent_spans_default",
        "tallies",
        "tallies_2026_1",
        "tallies_made_anew",
        "calls_2026_11",
    ]
    assert [name for name in names if is_partition(name)] == ["tallies_2026_11", "agent_spans_default"]
