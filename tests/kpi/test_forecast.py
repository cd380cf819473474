"""Forecasts from the same weekdays, over clock changes, closed days and thin half-hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kpi.forecast import History, quarters_of
from kpi.tally import Tally

ROME = ZoneInfo("Europe/Rome")
TUESDAY = date(2026, 11, 24)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ROME).astimezone(UTC)


def quarter(entered: int, talks: int = 0, talk_s: int = 0, hold_s: int = 0) -> Tally:
    return Tally(entered=entered, talks=talks, talk_ms=talk_s * 1000, hold_ms=hold_s * 1000)


def weeks_before(*weeks: int) -> Iterable[date]:
    return (TUESDAY - timedelta(weeks=week) for week in weeks)


def test_the_mean_of_the_same_weekdays() -> None:
    quarters = {
        at(day, 9, minute): quarter(entered, 20, 20 * 100, 20 * 20)
        for day, entered in zip(weeks_before(1, 2), (30, 40), strict=True)
        for minute in (0, 15)
    }
    quarters |= {at(TUESDAY - timedelta(days=1), 9): quarter(500)}  # a Monday
    (slot,) = History(quarters, ROME).forecast(TUESDAY, 4)
    assert slot.starts_at == datetime(2026, 11, 24, 9, 0, tzinfo=ROME)
    assert (slot.calls, slot.handle_s, slot.days) == (70.0, 120.0, 2)


def test_a_half_hour_with_few_talks_takes_the_handle_time_of_all() -> None:
    day = TUESDAY - timedelta(weeks=1)
    quarters = {at(day, 9): quarter(10, 99, 99 * 100), at(day, 20): quarter(1, 1, 900)}
    nine, twenty = History(quarters, ROME).forecast(TUESDAY, 1)
    assert nine.handle_s == 100
    assert twenty.handle_s == pytest.approx((9900 + 900) / 100)


def test_a_closed_day_lowers_no_mean() -> None:
    one, two, three = weeks_before(1, 2, 3)
    quarters = {at(one, 9): quarter(10), at(two, 9): quarter(2), at(three, 9): quarter(0)}
    history = History(quarters, ROME)
    assert [slot.calls for slot in history.forecast(TUESDAY, 3)] == [6.0]
    assert [slot.calls for slot in history.forecast(TUESDAY, 3, closed={two})] == [10.0]


def test_nothing_known_nothing_expected() -> None:
    assert History({}, ROME).forecast(TUESDAY, 8) == []
    assert History({at(TUESDAY, 9): quarter(5)}, ROME).forecast(TUESDAY, 8) == []


def test_an_hour_that_was_there_twice_is_not_taken_for_a_busy_one() -> None:
    """25 October 2026: 02:00 to 03:00 comes twice in Rome, once in UTC+2, once in UTC+1."""
    sunday = date(2026, 10, 25)
    twice = [datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC)]
    (slot,) = History(dict.fromkeys(twice, quarter(6)), ROME).forecast(sunday + timedelta(weeks=1), 1)
    assert slot.starts_at == datetime(2026, 11, 1, 2, 0, tzinfo=ROME)
    assert slot.calls == 6.0


@pytest.mark.parametrize(
    ("day", "zone", "count"),
    [
        (date(2026, 11, 24), "Europe/Rome", 96),
        (date(2026, 10, 25), "Europe/Rome", 100),
        (date(2026, 3, 29), "Europe/Rome", 92),
        (date(2026, 4, 5), "Australia/Lord_Howe", 98),
        (date(2026, 11, 24), "Asia/Kathmandu", 96),
    ],
)
def test_a_day_has_its_quarters(day: date, zone: str, count: int) -> None:
    quarters = list(quarters_of(day, ZoneInfo(zone)))
    assert len(quarters) == count
    assert {one.astimezone(ZoneInfo(zone)).date() for one in quarters} == {day}
