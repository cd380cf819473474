"""The databases' local time is the zone's, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import column, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi import schema
from kpi.local_columns import day_of, is_open, local_minute, local_part, written_part
from kpi.local_time import offsets
from kpi.measure import Dimension
from kpi.opening import parse_opening
from kpi.slices import OF_TIME, part_of
from tests.kpi.calls import NINE

ZONES = ("Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe")
SINCE, UNTIL = datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 4, 7, tzinfo=UTC)
QUARTERS = [SINCE + n * timedelta(minutes=15) for n in range((UNTIL - SINCE) // timedelta(minutes=15))]


async def stored_quarters(engine: AsyncEngine) -> None:
    rows = [{"pbx": f"{n}", "began_at": at, "cause": "", "calls_filled": 0} for n, at in enumerate(QUARTERS)]
    async with engine.begin() as connection:
        await connection.execute(insert(schema.gaps), rows)


@pytest.mark.parametrize("zone", ZONES)
async def test_each_part_of_each_quarter_is_that_of_the_wall_clock(engine: AsyncEngine, zone: str) -> None:
    await stored_quarters(engine)
    at = schema.gaps.c.began_at
    minute = local_minute(at, offsets(ZoneInfo(zone), SINCE, UNTIL))
    parts = [local_part(dimension, minute) for dimension in OF_TIME]
    async with engine.connect() as connection:
        found = {row[0]: list(row[1:]) for row in await connection.execute(select(at, *parts))}
    assert len(found) == len(QUARTERS)
    assert found == {one: [part_of(dimension, one, ZoneInfo(zone)) for dimension in OF_TIME] for one in QUARTERS}


async def test_opening_hours_in_sql_are_those_of_the_week(engine: AsyncEngine) -> None:
    await stored_quarters(engine)
    rome = ZoneInfo("Europe/Rome")
    opening = parse_opening(["mon-fri 08:30-18:00", "sun 01:00-04:00"], ["2026-04-06"])
    minute = local_minute(schema.gaps.c.began_at, offsets(rome, SINCE, UNTIL))
    inside = is_open(opening, minute, date(2026, 3, 27), date(2026, 4, 7))
    async with engine.connect() as connection:
        found = set((await connection.execute(select(schema.gaps.c.began_at).where(inside))).scalars())
    local = {one: one.astimezone(rome) for one in QUARTERS}
    assert found == {at for at, there in local.items() if opening.is_open(there.date(), there.hour * 60 + there.minute)}
    assert found


def test_parts_are_written_as_people_do() -> None:
    written = {dimension: written_part(dimension, part_of(dimension, NINE, UTC)) for dimension in OF_TIME}
    assert {dimension: text for dimension, (_, text) in written.items()} == {
        Dimension.HOUR: "09:00",
        Dimension.HALF_HOUR: "09:00",
        Dimension.WEEKDAY: "mon",
        Dimension.DAY: "2026-03-02",
        Dimension.WEEK: "2026-W10",
        Dimension.MONTH: "2026-03",
    }


def test_parts_sort_as_time_goes() -> None:
    days = [datetime(2025, 12, 27, tzinfo=UTC) + n * timedelta(days=1) for n in range(400)]
    for dimension in (Dimension.DAY, Dimension.WEEK, Dimension.MONTH):
        parts = [written_part(dimension, part_of(dimension, day, UTC)) for day in days]
        assert parts == sorted(parts)
    assert day_of(0) == date(1970, 1, 1)
    assert written_part(Dimension.WEEK, part_of(Dimension.WEEK, datetime(2027, 1, 1, tzinfo=UTC), UTC))[1] == "2026-W53"


async def test_the_minute_of_a_plain_column_needs_no_case(engine: AsyncEngine) -> None:
    utc = offsets(ZoneInfo("UTC"), SINCE, UNTIL)
    assert "CASE" not in str(local_minute(column("at"), utc).compile(engine.sync_engine))
