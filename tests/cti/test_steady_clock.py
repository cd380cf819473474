"""What is stamped on a read goes on with the monotonic clock, whatever becomes of the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cti.steady_clock import SteadyClock


def test_it_tells_the_time_of_day_in_utc() -> None:
    before = datetime.now(UTC)
    now = SteadyClock().now()
    assert now.tzinfo is UTC
    assert before <= now + timedelta(milliseconds=1)
    assert now - before < timedelta(minutes=1)


def test_it_goes_on_with_the_monotonic_clock_alone() -> None:
    ticks = iter([100.0, 100.0, 102.5, 102.5])
    clock = SteadyClock(lambda: next(ticks))
    first = clock.now()
    assert clock.now() - first == timedelta(seconds=2.5)
    assert clock.now() - first == timedelta(seconds=2.5)
