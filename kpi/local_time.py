"""A site's own time: which stretches of a period have which offset from UTC, and how periods are named.

All offsets in use are whole quarters of an hour, so each quarter of the tallies is a quarter of every wall clock. An
hour that comes twice in autumn is one hour of the day with two hours of calls; one left out in spring is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cti.errors import OffhookError

_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MONTH_OF = re.compile(r"(\d{4})-(\d\d)")
_WEEK_OF = re.compile(r"(\d{4})-W(\d\d)")
_YEAR_OF = re.compile(r"\d{4}")
_LAST_DAYS = re.compile(r"last-(\d{1,4})-days")
PERIODS = (
    *("today", "yesterday", "this-week", "last-week", "this-month", "last-month", "this-year", "last-year"),
    *("last-7-days", "2026", "2026-10", "2026-W43", "2026-10-05", "2026-10-05..2026-10-11"),
)


class ReportError(OffhookError):
    """A question that cannot be answered as it is asked."""


class Offset(NamedTuple):
    """Up to ``until`` (None: for ever) the wall clock is ``minutes`` ahead of UTC."""

    until: datetime | None
    minutes: int


class Period(NamedTuple):
    """From ``since`` up to, not at, ``until``, aware and in UTC."""

    since: datetime
    until: datetime


def find_zone(name: str) -> ZoneInfo:
    """The time zone with this IANA name.

    Raises:
        ReportError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ReportError(
            "report-bad-zone",
            f'"{name[:40]}" is no time zone',
            "it is not in the machine's list of IANA names",
            "name one like Europe/Rome, and install tzdata if the machine has no list",
        ) from None


def offsets(zone: ZoneInfo, since: datetime, until: datetime) -> list[Offset]:
    """The wall clock's offsets over a period, in order; the last one has no end.

    >>> autumn = datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC)
    >>> [(str(one.until), one.minutes) for one in offsets(ZoneInfo("Europe/Rome"), *autumn)]
    [('2026-10-25 01:00:00+00:00', 120), ('None', 60)]
    """
    found: list[Offset] = []
    at, minutes = since, _offset(zone, since)
    while at < until:
        following = min(at + _DAY, until)
        after = _offset(zone, following)
        if after != minutes:
            found.append(Offset(_change(zone, at, following), minutes))
            minutes = after
        at = following
    return [*found, Offset(None, minutes)]


def _offset(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset / timedelta(minutes=1))


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """When between the two the offset changes: clocks change on a quarter of an hour."""
    low, high, old = 0, -(-(after - before) // _QUARTER), _offset(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, before + middle * _QUARTER) == old else (low, middle)
    return before + high * _QUARTER


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When this day begins there, in UTC; where its first hour is left out, at the first instant that there is.

    >>> midnight(date(2026, 3, 29), ZoneInfo("Europe/Rome")).isoformat()
    '2026-03-28T23:00:00+00:00'
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def parse_period(text: str, now: datetime, zone: ZoneInfo) -> Period:
    """A period in words, as of ``now`` there; dates with ``..`` between them are both included.

    >>> rome = ZoneInfo("Europe/Rome")
    >>> noon = datetime(2026, 10, 26, 12, tzinfo=UTC)
    >>> [at.isoformat() for at in parse_period("yesterday", noon, rome)]
    ['2026-10-24T22:00:00+00:00', '2026-10-25T23:00:00+00:00']

    Raises:
        ReportError: it is none of ``PERIODS``.
    """
    try:
        first, last = _days(text.strip(), now.astimezone(zone).date())
        return Period(midnight(first, zone), midnight(last, zone))
    except (ValueError, OverflowError):
        raise ReportError(
            "report-bad-period",
            f'"{text[:40]}" is no period',
            "it is neither a word for one nor a date",
            f"name one like {', '.join(PERIODS)}",
        ) from None


def _days(text: str, today: date) -> tuple[date, date]:
    """The first day, and the one after the last."""
    named = dict(_named(today))
    if text in named:
        return named[text]
    if match := _LAST_DAYS.fullmatch(text):
        return today - int(match[1]) * _DAY, today
    if match := _MONTH_OF.fullmatch(text):
        return _month(date(int(match[1]), int(match[2]), 1))
    if match := _WEEK_OF.fullmatch(text):
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + _WEEK
    if _YEAR_OF.fullmatch(text):
        return date(int(text), 1, 1), date(int(text) + 1, 1, 1)
    first, dots, last = text.partition("..")
    begin = date.fromisoformat(first)
    end = date.fromisoformat(last) if dots else begin
    if end < begin:
        raise ValueError(text)
    return begin, end + _DAY


def _named(today: date) -> Iterator[tuple[str, tuple[date, date]]]:
    monday, year = today - today.weekday() * _DAY, today.year
    month = today.replace(day=1)
    yield "today", (today, today + _DAY)
    yield "yesterday", (today - _DAY, today)
    yield "this-week", (monday, monday + _WEEK)
    yield "last-week", (monday - _WEEK, monday)
    yield "this-month", _month(month)
    yield "last-month", _month((month - _DAY).replace(day=1))
    yield "this-year", (date(year, 1, 1), date(year + 1, 1, 1))
    yield "last-year", (date(year - 1, 1, 1), date(year, 1, 1))


def _month(first: date) -> tuple[date, date]:
    return first, (first + 31 * _DAY).replace(day=1)
