"""When reports are due: over nights, weeks, months, clock changes and times when nobody looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from offhook.mail.schedule import CATCH_UP, due_at, next_at, parse_times

ROME = ZoneInfo("Europe/Rome")
FRIDAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TIMES = ("daily 07:00", "mon 07:00", "mon-fri 18:30", "fri-mon 00:00", "monthly 23:45", "sun 02:30")


def rome(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ROME).astimezone(UTC)


@pytest.mark.parametrize(
    ("times", "following"),
    [
        ("daily 07:00", rome(21, 7)),
        ("daily 13:30", rome(20, 13, 30)),
        ("mon 07:00", rome(23, 7)),
        ("mon-fri 07:00", rome(23, 7)),
        ("fri-sun 07:00", rome(21, 7)),
        ("monthly 06:00", rome(1, 6, month=12)),
    ],
)
def test_the_next_time(times: str, following: datetime) -> None:
    assert next_at(parse_times(times), FRIDAY, ROME) == following


def test_a_time_that_was_missed_a_little_is_made_up_for() -> None:
    times = parse_times("daily 07:00")
    assert due_at(times, rome(19, 7), rome(20, 7), ROME) == rome(20, 7)
    assert due_at(times, rome(19, 7), rome(20, 6, 59), ROME) is None
    assert due_at(times, rome(20, 7), rome(20, 23), ROME) is None
    assert due_at(times, rome(10, 7), rome(20, 9), ROME) == rome(20, 7)


def test_a_time_that_was_missed_by_more_than_a_day_is_left_out() -> None:
    assert due_at(parse_times("mon 07:00"), rome(9, 7), rome(17, 7, 1), ROME) is None


def test_a_night_when_the_clocks_change() -> None:
    """In Rome 02:30 is not there on 29 March 2026, and comes twice on 25 October 2026."""
    times = parse_times("sun 02:30")
    assert next_at(times, datetime(2026, 3, 28, tzinfo=UTC), ROME) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    autumn = next_at(times, datetime(2026, 10, 24, tzinfo=UTC), ROME)
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert due_at(times, autumn, autumn + timedelta(hours=1), ROME) is None


@given(st.sampled_from(TIMES), st.lists(st.integers(1, 100_000), max_size=60))
def test_each_time_is_told_once_however_one_looks(text: str, waits_s: list[int]) -> None:
    times, now, last, told = parse_times(text), FRIDAY, FRIDAY, []
    for wait_s in waits_s:
        now += timedelta(seconds=wait_s)
        due = due_at(times, last, now, ROME)
        if due is not None:
            assert last < due <= now < due + CATCH_UP
            last = due
            told.append(due)
    assert told == sorted(set(told))


@pytest.mark.parametrize(
    "text", ["", "07:00", "daily 7:00", "daily 24:00", "mun 07:00", "mon-xxx 07:00", "daily\n07:00"]
)
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="at:"):
        parse_times(text)
