"""Time zones and periods: changes of the clock, and what words mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from kpi.local_time import PERIODS, ReportError, find_zone, offsets, parse_period

ROME = ZoneInfo("Europe/Rome")
NOON = datetime(2026, 10, 26, 11, tzinfo=UTC)  # a Monday, the day after the clocks went back
ZONES = ("Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "UTC")


@given(st.sampled_from(ZONES), st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_offset_of_any_instant_is_that_of_the_zone(zone: str, at: datetime) -> None:
    since, until = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)
    minutes = next(one.minutes for one in offsets(ZoneInfo(zone), since, until) if one.until is None or at < one.until)
    assert at.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(minutes=minutes)


def local(text: str) -> list[str]:
    return [f"{at.astimezone(ROME):%Y-%m-%d %H:%M}" for at in parse_period(text, NOON, ROME)]


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("today", "2026-10-26", "2026-10-27"),
        ("yesterday", "2026-10-25", "2026-10-26"),
        ("this-week", "2026-10-26", "2026-11-02"),
        ("last-week", "2026-10-19", "2026-10-26"),
        ("this-month", "2026-10-01", "2026-11-01"),
        ("last-month", "2026-09-01", "2026-10-01"),
        ("this-year", "2026-01-01", "2027-01-01"),
        ("last-year", "2025-01-01", "2026-01-01"),
        ("last-7-days", "2026-10-19", "2026-10-26"),
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2026-10-25", "2026-10-25", "2026-10-26"),
        (" 2026-10-05..2026-10-11 ", "2026-10-05", "2026-10-12"),
    ],
)
def test_periods_in_words_and_dates(text: str, since: str, until: str) -> None:
    assert local(text) == [f"{since} 00:00", f"{until} 00:00"]


def test_the_day_of_the_change_has_25_hours() -> None:
    period = parse_period("yesterday", NOON, ROME)
    assert period.until - period.since == timedelta(hours=25)


def test_all_examples_are_periods() -> None:
    assert all(parse_period(text, NOON, ROME).until > parse_period(text, NOON, ROME).since for text in PERIODS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-13",
        "2026-02-30",
        "2026-10-05..",
        "2026-10-05..2026-10-01",
        "9999",
        "last-9999-days",
        "2026-W60",
    ],
)
def test_what_is_no_period_is_said(text: str) -> None:
    with pytest.raises(ReportError) as caught:
        parse_period(text, datetime(1, 6, 1, tzinfo=UTC) if text == "last-9999-days" else NOON, ROME)
    assert caught.value.ref == "report-bad-period"


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "x" * 500])
def test_what_is_no_zone_is_said(name: str) -> None:
    with pytest.raises(ReportError) as caught:
        find_zone(name)
    assert caught.value.ref == "report-bad-zone"
