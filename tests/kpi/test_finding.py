"""What is found from the calls, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from cti.model import Call, CallOutcome, Direction, Party
from kpi.batch import Batch
from kpi.coverage import Stretch
from kpi.finding import at_once
from kpi.gaps import StreamBack, StreamLost
from kpi.measure import Dimension
from kpi.opening import parse_opening
from kpi.parameters import Conditions, Parameters, SiteParameters
from kpi.question import Hours, ReportQuestion
from kpi.store import Store
from tests.kpi.calls import NINE, abandoned_call, answered_call, at

DAY_S = 86_400.0
ANNA, BRUNO = Party("+390255501"), Party("+390255502")
WEEK = ReportQuestion(since=NINE, until=at(7 * DAY_S), by=(), measures=("repeat_callers",), time_zone="UTC")
LATER = at(90 * DAY_S)


async def numbers(
    store: Store, *keys: str, now: datetime = LATER, site: SiteParameters | None = None, **more: Any
) -> list[Any]:
    question = ReportQuestion(**{"since": WEEK.since, "until": WEEK.until, "by": (), "measures": keys} | more)
    report = await store.fetch_report(question, site or SiteParameters(), now)
    return list(report.total.numbers)


async def rows(store: Store, key: str, *by: Dimension, **more: Any) -> dict[tuple[str, ...], float | None]:
    question = ReportQuestion(**{"since": WEEK.since, "until": WEEK.until, "by": by, "measures": (key,)} | more)
    report = await store.fetch_report(question, SiteParameters(), LATER)
    return {row.key: row.numbers[0] for row in report.rows}


def calling(call_id: str, day: float, caller: Party = ANNA, **fields: Any) -> Call:
    return answered_call(call_id, start=day * DAY_S, caller=caller, **fields)


def placed(call_id: str, day: float, number: str) -> Call:
    told = {"direction": Direction.OUTBOUND, "queue": None, "stays": (), "rings": (), "talks": ()}
    return answered_call(call_id, start=day * DAY_S, dialled=number, outcome=CallOutcome.NO_ANSWER, **told)


async def test_who_calls_again_within_the_days_is_a_repeat_caller(store: Store) -> None:
    await store.store_calls(
        [
            calling("before", -3),
            calling("1", 0),
            calling("2", 0.5, stay_queue="support"),
            calling("3", 0.6, BRUNO),
            calling("4", 6),
            calling("withheld", 1, Party(None)),
        ]
    )
    assert await numbers(store, "repeat_callers", "repeat_rate") == [3, 3 / 4]
    two_days = SiteParameters(default=Conditions(parameters=Parameters(repeat_days=2)))
    assert await numbers(store, "repeat_callers", site=two_days) == [1]
    assert await rows(store, "repeat_callers", Dimension.QUEUE) == {("sales",): 2, ("support",): 1}


async def test_a_contact_is_resolved_when_nobody_had_to_call_again(store: Store) -> None:
    await store.store_calls(
        [
            calling("1", 0),
            calling("2", 1),
            calling("3", 0, BRUNO),
            abandoned_call("4", start=DAY_S, caller=Party("+390255503")),
            calling("after", 7.5),
        ]
    )
    assert await numbers(store, "fcr") == [1 / 3]
    assert await numbers(store, "fcr", now=at(7.5 * DAY_S)) == [1 / 2]
    assert await numbers(store, "fcr", now=at(3 * DAY_S)) == [None]


async def test_lost_callers_are_called_back_whoever_calls_them(store: Store) -> None:
    await store.store_calls(
        [
            abandoned_call("1", start=0, caller=ANNA),
            placed("early", -0.1, BRUNO.number or ""),
            abandoned_call("2", start=60, caller=BRUNO),
            abandoned_call("3", start=90, caller=Party("+390255504")),
            placed("back", 0.2, ANNA.number or ""),
            placed("late", 8, "+390255504"),
            calling("4", 1),
        ]
    )
    assert await numbers(store, "callbacks", "callback_rate") == [1, 1 / 3]


async def test_the_peak_counts_calls_that_began_before_and_is_found_for_each_row(store: Store) -> None:
    await store.store_calls(
        [
            answered_call("1", start=-600, wait=5, talk=900),
            answered_call("2", start=10, wait=5, talk=100),
            answered_call("3", start=60, wait=5, talk=3_600, stay_queue="support"),
            answered_call("4", start=115, wait=5, talk=5),
            answered_call("5", start=4_000, wait=5, talk=5),
        ]
    )
    assert await numbers(store, "concurrent_peak") == [3]
    assert await rows(store, "concurrent_peak", Dimension.QUEUE) == {("sales",): 2, ("support",): 1}
    by_hour = await rows(store, "concurrent_peak", Dimension.HOUR, time_zone="UTC")
    assert by_hour == {("09:00",): 3, ("10:00",): 1}
    assert await rows(store, "concurrent_peak", Dimension.QUEUE, Dimension.HOUR, time_zone="UTC") == {
        ("sales", "09:00"): 2,
        ("sales", "10:00"): 1,
        ("support", "09:00"): 1,
        ("support", "10:00"): 1,
    }


@given(
    st.lists(st.tuples(st.integers(-7_200, 7_200), st.integers(0, 7_200)), max_size=12),
)
def test_the_peak_is_that_of_counting_at_each_instant(calls: list[tuple[int, int]]) -> None:
    stretches: list[Stretch] = sorted((at(begin), at(begin + length)) for begin, length in calls)
    since, until = NINE, at(5_400)
    counted = [
        sum(begin <= moment < end for begin, end in stretches)
        for moment in {since, *(begin for begin, _ in stretches if since <= begin < until)}
    ]
    assert max((many for _, many in at_once(stretches, since, until)), default=0) == max(counted)
    instants = [moment for moment, _ in at_once(stretches, since, until)]
    assert instants == sorted(instants)
    assert all(since <= moment < until for moment in instants)


async def test_coverage_of_days_pbxs_and_the_whole(store: Store) -> None:
    lost = (StreamLost("milan", at(3_600), "cut"), StreamBack("milan", at(3_600 + 0.25 * DAY_S)))
    await store.store(Batch(turns=lost))
    await store.store(Batch(turns=(StreamLost("rome", at(2 * DAY_S), "cut"),)))
    midnight = NINE - timedelta(hours=9)
    four_days = {"since": midnight, "until": midnight + timedelta(days=4), "time_zone": "UTC"}
    by_day = await rows(store, "coverage", Dimension.DAY, **four_days)
    assert by_day == pytest.approx(
        {("2026-03-02",): 0.75, ("2026-03-03",): 1, ("2026-03-04",): 9 / 24, ("2026-03-05",): 0}
    )
    assert await numbers(store, "coverage", **four_days) == [pytest.approx(sum(by_day.values()) / 4)]
    by_pbx = await rows(store, "coverage", Dimension.PBX, **four_days)
    assert by_pbx == pytest.approx({("milan",): 1 - 0.25 / 4, ("rome",): (2 + 9 / 24) / 4})
    assert await numbers(store, "coverage", **four_days | {"pbxs": ("milan",)}) == [pytest.approx(1 - 0.25 / 4)]


async def test_what_is_to_come_is_not_missing(store: Store) -> None:
    await store.store(Batch(turns=(StreamLost("milan", at(0), "cut"), StreamBack("milan", at(60)))))
    assert await numbers(store, "coverage", now=at(600)) == [0.9]
    assert await numbers(store, "coverage", now=at(-600)) == [1.0]


async def test_opening_hours_and_filters_hold_for_what_is_found(store: Store) -> None:
    await store.store_calls(
        [calling("1", 0), calling("2", 0.01), calling("3", 0.5), calling("4", 0.51, stay_queue="x")]
    )
    site = SiteParameters(default=Conditions(opening=parse_opening(["mon-sun 08:00-18:00"])))
    assert await numbers(store, "repeat_callers", "concurrent_peak", site=site, hours=Hours.OPEN) == [1, 1]
    assert await numbers(store, "repeat_callers", site=site, hours=Hours.CLOSED) == [2]
    assert await numbers(store, "repeat_callers", queues=("x",)) == [1]
    assert await numbers(store, "repeat_callers", agents=("101",)) == [None]
    assert await numbers(store, "repeat_callers", dids=("+390221000100",)) == [3]
    assert await numbers(store, "repeat_callers", dids=("+39",)) == [0]


def test_days_are_long_enough_for_this_file() -> None:
    assert (WEEK.until - WEEK.since, WEEK.since.tzinfo) == (timedelta(days=7), UTC)
