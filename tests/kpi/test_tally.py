"""Tallies add up."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from kpi.histogram import cumulative, within
from kpi.items import tallies_of
from kpi.tally import EMPTY, Tally, add, ever, gather, negative, quarter_of, subtract, total
from tests.kpi.calls import NINE, calls

tallies = st.lists(calls, min_size=1, max_size=3).map(
    lambda some: total(t for c in some for t in tallies_of(c).values())
)
histograms = st.dictionaries(st.integers(0, 900), st.integers(1, 50))


@given(tallies, tallies, tallies)
def test_adding_does_not_depend_on_order(a: Tally, b: Tally, c: Tally) -> None:
    assert add(a, b) == add(b, a)
    assert add(add(a, b), c) == add(a, add(b, c)) == total([c, a, b])
    assert add(a, EMPTY) == a
    assert total([]) == EMPTY


@given(tallies, tallies)
def test_subtracting_takes_back_what_was_added(a: Tally, b: Tally) -> None:
    assert subtract(add(a, b), b) == a
    assert add(subtract(a, b), b) == a
    assert subtract(a, a) == EMPTY
    assert negative(negative(a)) == a


@pytest.mark.parametrize(
    "zone", ["Asia/Kathmandu", "Australia/Eucla", "Asia/Kolkata", "America/St_Johns", "Europe/Rome"]
)
@pytest.mark.parametrize("minutes", range(0, 60, 7))
def test_a_quarter_of_utc_is_a_quarter_of_every_zones_wall_clock(zone: str, minutes: int) -> None:
    local = quarter_of(NINE + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
    assert local.minute % 15 == 0


def test_the_hour_that_comes_twice_in_autumn_is_two_hours() -> None:
    rome = ZoneInfo("Europe/Rome")
    first = datetime(2026, 10, 25, 2, 20, tzinfo=rome)
    assert quarter_of(first.replace(fold=1)) - quarter_of(first) == timedelta(hours=1)


@given(histograms, st.lists(st.integers(0, 900), min_size=1, max_size=5, unique=True).map(sorted))
def test_cumulative_agrees_with_within(histogram: dict[int, int], limits: list[int]) -> None:
    expected = [within(histogram, limit) for limit in limits] + [sum(histogram.values())]
    assert cumulative(histogram, limits) == expected


@given(st.lists(calls, min_size=1, max_size=4))
def test_all_time_is_the_sum_without_the_agents(some: list[object]) -> None:
    quarters = gather(pair for call in some for pair in tallies_of(call).items())
    for_ever = gather((ever(key), tally) for key, tally in quarters.items())
    assert total(for_ever.values()) == total(quarters.values())
    assert {key.agent for key in for_ever} <= {""}
