"""From calls in the store to the agents needed next week, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from kpi.batch import Batch
from kpi.erlang import Target, agents_needed
from kpi.staffing import StaffingQuestion, fetch_needs
from kpi.store import Store
from tests.kpi.calls import abandoned_call, answered_call

MONDAY = date(2026, 3, 16)  # two weeks after the calls of tests.kpi.calls
WEEK_S = timedelta(weeks=1).total_seconds()


def question(**fields: object) -> StaffingQuestion:
    return StaffingQuestion(**{"first_day": MONDAY, "days": 7, "zone": UTC, "weeks": 2} | fields)  # type: ignore[arg-type]


async def store_two_mondays(store: Store) -> None:
    calls = [
        answered_call(f"{week}.{n}", start=week * WEEK_S + n * 25, talk=120, stay_queue=("sales", "support")[n % 2])
        for week in (0, 1)
        for n in range(60)
    ]
    lost = [abandoned_call(f"lost.{n}", start=n * 25) for n in range(20)]
    direct = answered_call("direct", talk=3_000, queue=None, stays=(), rings=(), talks=())
    await store.store(Batch(calls=(*calls, *lost, direct)))


async def test_next_monday_is_planned_from_two_mondays(store: Store) -> None:
    await store_two_mondays(store)
    (need,) = await fetch_needs(store, question())
    slot = need.half_hour
    assert slot.starts_at == datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    assert (slot.calls, slot.handle_s, slot.days) == (70.0, 120.0, 2)  # those who gave up need an agent too
    assert need.staffing == agents_needed(70 * 120 / 1800, 120, Target())


async def test_a_queue_of_its_own(store: Store) -> None:
    await store_two_mondays(store)
    (need,) = await fetch_needs(store, question(queue="support", closed=frozenset({date(2026, 3, 2)})))
    assert (need.half_hour.calls, need.half_hour.days) == (30.0, 1)


async def test_where_there_is_no_past_nothing_is_planned(store: Store) -> None:
    assert await fetch_needs(store, question()) == []
    await store_two_mondays(store)
    assert await fetch_needs(store, question(queue="nobody's")) == []
    assert await fetch_needs(store, question(pbx="rome")) == []
