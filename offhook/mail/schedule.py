"""When a report is due: on which days, at which time of the site's clock."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kpi.opening import DAYS

CATCH_UP = timedelta(hours=24)  #: a report that was missed by more is not sent any more
_FORM = re.compile(r"(daily|monthly|[a-z]{3}|[a-z]{3}-[a-z]{3}) ([01]\d|2[0-3]):([0-5]\d)")


class Times(NamedTuple):
    """``weekdays`` (0 is Monday) it comes on; only on the first of the month where ``monthly``."""

    weekdays: frozenset[int]
    monthly: bool
    at: time


def parse_times(text: str) -> Times:
    """The times that the settings say.

    >>> sorted(parse_times("mon-wed 07:30").weekdays), parse_times("monthly 06:00").monthly
    ([0, 1, 2], True)

    Raises:
        ValueError: they are none.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        forms = '"daily 07:00", "mon 07:00", "mon-fri 18:30" or "monthly 07:00"'
        raise ValueError(f"at: expected {forms}, got {text[:40]!r}")
    days, at = match[1], time(int(match[2]), int(match[3]))
    if days in ("daily", "monthly"):
        return Times(frozenset(range(7)), days == "monthly", at)
    first, _, last = days.partition("-")
    for name in (first, last or first):
        if name not in DAYS:
            raise ValueError(f"at: {name!r} is no day; days are {', '.join(DAYS)}")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    length = (end - begin) % 7 + 1
    return Times(frozenset((begin + n) % 7 for n in range(length)), False, at)


def due_at(times: Times, last: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The latest time that has come since ``last``, the one before; None where none has, or it is too long ago."""
    today = now.astimezone(zone).date()
    for back in range(3):
        at = _instant(times, today - timedelta(days=back), zone)
        if at is not None and at <= now:
            return at if at > max(last, now - CATCH_UP) else None
    return None


def next_at(times: Times, now: datetime, zone: ZoneInfo) -> datetime:
    """The next time to come."""
    day = now.astimezone(zone).date()
    while True:
        at = _instant(times, day, zone)
        if at is not None and at > now:
            return at
        day += timedelta(days=1)


def _instant(times: Times, day: date, zone: ZoneInfo) -> datetime | None:
    """A time that a clock change leaves out comes an hour later, one that comes twice counts the first time."""
    if day.weekday() not in times.weekdays or (times.monthly and day.day != 1):
        return None
    return datetime.combine(day, times.at, zone).astimezone(UTC)
