"""Opening hours and holidays, as an admin writes them."""

from __future__ import annotations

from datetime import date

import pytest

from kpi.opening import ALWAYS, parse_holiday, parse_opening, parse_stretch

MONDAY = date(2026, 3, 2)


def test_a_week_of_hours() -> None:
    hours = parse_opening(["Mon-Fri 08:30-18:00", " sat 09:00-13:00"])
    opened = {
        (day, minute): hours.is_open(MONDAY.replace(day=2 + day), minute)
        for day in (0, 5, 6)
        for minute in (509, 510, 540, 1_080)
    }
    assert [key for key, is_open in opened.items() if is_open] == [(0, 510), (0, 540), (5, 540)]


def test_days_may_run_over_the_end_of_the_week() -> None:
    assert parse_stretch("sun-mon 00:00-24:00") == [(6 * 1440, 7 * 1440), (0, 1440)]


def test_holidays_of_one_year_and_of_every_year() -> None:
    hours = parse_opening([], ["12-25", "2026-04-06"])
    assert not hours.is_always
    days = [date(2026, 4, 6), date(2027, 4, 6), date(2026, 12, 25), date(2031, 12, 25)]
    assert [hours.is_open(day, 600) for day in days] == [False, True, False, False]
    assert hours.holidays_between(date(2026, 1, 1), date(2026, 12, 31)) == [date(2026, 4, 6), date(2026, 12, 25)]


def test_without_hours_it_is_always_open() -> None:
    assert ALWAYS.is_always
    assert ALWAYS.is_open(MONDAY, 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("monday 08:00-18:00", "no opening time"),
        ("mon-xyz 08:00-18:00", "no opening time"),
        ("mon 8-18", "no opening time"),
        ("mon 08:10-18:00", "quarter of an hour"),
        ("mon 18:00-08:00", "a night is two"),
        ("mon 08:00-25:00", "a night is two"),
        ("mon 08:00-08:00", "a night is two"),
        ("", "no opening time"),
    ],
)
def test_what_is_no_opening_time_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_stretch(text)


@pytest.mark.parametrize("text", ["", "25-12", "2026-02-30", "02-30", "Christmas"])
def test_what_is_no_day_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no day"):
        parse_holiday(text)


def test_the_29th_of_february_is_a_day() -> None:
    assert parse_holiday("02-29") == "02-29"
