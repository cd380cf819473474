"""What is chosen in Python is what is chosen in SQL."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi import rows, schema
from kpi.batch import Batch
from kpi.measure import Dimension
from kpi.opening import parse_opening
from kpi.parameters import Conditions, SiteParameters
from kpi.question import Hours, ReportQuestion
from kpi.report import _COLUMNS
from kpi.slices import OF_TIME, Slicing
from kpi.store import Store
from tests.kpi.calls import NINE, at
from tests.kpi.day import CALLS, SPANS

ROME = ZoneInfo("Europe/Rome")
SITE = SiteParameters(
    default=Conditions(opening=parse_opening(["mon 10:15-24:00"])),
    queues={"sales": Conditions(opening=parse_opening(["mon 10:00-10:15"]))},
)


@pytest.mark.parametrize("hours", Hours)
@pytest.mark.parametrize(
    "chosen", [{}, {"queues": ("sales",)}, {"agents": ("101",)}, {"pbxs": ("rome",)}, {"queues": ("", "x")}]
)
async def test_conditions_and_keys_are_the_same_in_both(
    store: Store, engine: AsyncEngine, hours: Hours, chosen: dict[str, tuple[str, ...]]
) -> None:
    await store.store(Batch(calls=CALLS, spans=SPANS))
    question = ReportQuestion(since=NINE, until=at(2_700), by=(), hours=hours, **chosen)
    slicing = Slicing(question, SITE, ROME)
    by = (Dimension.QUEUE, *OF_TIME)
    quarters = schema.tallies.c.span == schema.TallySpan.QUARTER
    async with engine.connect() as connection:
        everything = (await connection.execute(select(schema.tallies).where(quarters))).mappings().all()
        wanted = select(*slicing.group(_COLUMNS, by)).where(quarters, *slicing.conditions(_COLUMNS))
        in_sql = sorted(map(tuple, await connection.execute(wanted)))
    keys = [rows.tally_key_from(row) for row in everything]
    assert sorted(tuple(slicing.values(key, by)) for key in keys if slicing.has(key)) == in_sql
    assert in_sql or hours is not Hours.ALL or "rome" in chosen.get("pbxs", ())


def test_nobody_and_no_direction_are_no_rows() -> None:
    def key(dimension: Dimension, value: object) -> object:
        question = ReportQuestion(since=NINE, until=at(900), by=(dimension,))
        return Slicing(question, SITE, ROME).row_key([value])

    assert key(Dimension.AGENT, "") is None
    assert key(Dimension.DIRECTION, None) is None
    assert key(Dimension.QUEUE, "") == ((0, ""),)
    assert key(Dimension.HALF_HOUR, 19) == ((19, "09:30"),)
