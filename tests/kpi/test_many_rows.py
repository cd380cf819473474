"""Rows written a column at a time are those that SQLAlchemy would have written."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import CallOutcome, Direction, StayOutcome
from kpi import schema
from kpi.columns import NaiveInstantError
from kpi.many_rows import execute_many, inserting, upserting
from kpi.schema import CallSource, TallySpan
from tests.kpi.calls import at

CALL: dict[str, Any] = {
    "pbx": "milan\x00",
    "call_id": "1" * 300,
    "direction": Direction.INBOUND,
    "caller_number": "+39\x00",
    "caller_name": "Ada\ud800" * 200,
    "dialled": None,
    "customer_e164": None,
    "queue": "",
    "offered_at": at(0.123456),
    "queued_at": None,
    "answered_at": None,
    "ended_at": at(-0.5),
    "outcome": CallOutcome.ABANDONED,
    "ended_by": None,
    "click_to_dial": False,
    "source": CallSource.FILLED,
    "session": "s",
    "byte_offset": 2**40,
    "event": "Hangup",
}
TALLY: dict[str, Any] = {
    **{column.name: 3 for column in schema.tallies.columns},
    **{name: {} for name in schema.HISTOGRAMS},
    "talk_times": {1: 2, 90: 1},
    "pauses": {"pranzo": 5},
    "span": TallySpan.QUARTER,
    "starts_at": at(0),
    "pbx": "milan",
    "queue": "sales",
    "agent": "",
    "direction": None,
    "did": "",
}


def others(row: dict[str, Any]) -> list[dict[str, Any]]:
    key = "call_id" if "call_id" in row else "agent"
    return [row, row | {key: "2"}, row | {key: "3"}]


@pytest.mark.parametrize(("table", "row"), [(schema.calls, CALL), (schema.tallies, TALLY)], ids=["calls", "tallies"])
@pytest.mark.parametrize("count", [1, 3])
async def test_what_is_written_is_the_same(engine: AsyncEngine, table: Table, row: Any, count: int) -> None:
    written: list[Any] = []
    for in_one_go in (True, False):
        async with engine.connect() as connection:
            if in_one_go:
                await execute_many(connection, inserting, table, others(row)[:count])
            else:
                await connection.execute(insert(table), others(row)[:count])
            written.append((await connection.execute(select(table).order_by(*table.primary_key))).all())
    assert written[0] == written[1]
    assert len(written[0]) == count


async def test_an_upsert_replaces_what_has_the_same_key(engine: AsyncEngine) -> None:
    stay = {"pbx": "milan", "queue": "sales", "joined_at": at(0), "left_at": None, "agent": None, "position": 2**40}
    first = stay | {"call_id": "1", "n": 0, "outcome": None, "key": None}
    async with engine.connect() as connection:
        await execute_many(connection, inserting, schema.calls, [CALL | {"pbx": "milan", "call_id": "1"}])
        for row in (first, first | {"outcome": StayOutcome.ANSWERED, "agent": "101"}):
            await execute_many(connection, upserting, schema.stays, [row])
        [found] = (await connection.execute(select(schema.stays))).mappings()
    assert (found["outcome"], found["agent"], found["position"]) == (StayOutcome.ANSWERED, "101", 2**31 - 1)


async def test_nothing_is_written_of_nothing(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await execute_many(connection, inserting, schema.stays, [])


async def test_an_instant_without_a_zone_is_refused(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(NaiveInstantError):
            await execute_many(connection, inserting, schema.calls, [CALL | {"offered_at": at(0).replace(tzinfo=None)}])
