"""When a queue is open: stretches of the week and holidays, in the site's own time.

What counts as inside is the quarter of an hour in which an item began, so opening hours begin and end on quarters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
QUARTER_MINUTES = 15
_STRETCH = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")
_YEARLY = re.compile(r"\d\d-\d\d")
_LEAP_YEAR = 2_000


class Opening(msgspec.Struct, frozen=True):
    """``week`` are stretches of minutes since Monday 00:00, from and to; empty is always open, but for the holidays.

    ``holidays`` are dates, ``2026-12-24`` or, every year, ``12-25``: closed all day.
    """

    week: tuple[tuple[int, int], ...] = ()
    holidays: tuple[str, ...] = ()

    @property
    def is_always(self) -> bool:
        """Whether it never closes."""
        return not self.week and not self.holidays

    def is_open(self, day: date, minute: int) -> bool:
        """On this day, at this minute of it.

        >>> hours = parse_opening(["mon-fri 08:30-18:00"], ["12-25"])
        >>> hours.is_open(date(2026, 3, 2), 8 * 60 + 30), hours.is_open(date(2026, 3, 2), 18 * 60)
        (True, False)
        >>> hours.is_open(date(2026, 12, 25), 9 * 60)
        False
        """
        if f"{day:%Y-%m-%d}" in self.holidays or f"{day:%m-%d}" in self.holidays:
            return False
        of_week = day.weekday() * DAY_MINUTES + minute
        return not self.week or any(begin <= of_week < end for begin, end in self.week)

    def holidays_between(self, first: date, last: date) -> list[date]:
        """Those from ``first`` to ``last``, both of them included."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in days if f"{day:%Y-%m-%d}" in self.holidays or f"{day:%m-%d}" in self.holidays]


ALWAYS = Opening()


def parse_opening(stretches: Iterable[str], holidays: Iterable[str] = ()) -> Opening:
    """Opening hours from ``mon-fri 08:30-18:00`` and so on, and holidays.

    >>> parse_opening(["sat 09:00-13:00", "mon-tue 08:30-24:00"]).week
    ((510, 1440), (1950, 2880), (7740, 7980))

    Raises:
        ValueError: a text is none of these; it says which and why.
    """
    week = sorted(part for text in stretches for part in parse_stretch(text))
    return Opening(tuple(week), tuple(sorted(map(parse_holiday, holidays))))


def parse_stretch(text: str) -> list[tuple[int, int]]:
    """The minutes of the week, for each day that it names.

    Raises:
        ValueError: with what is expected instead.
    """
    match = _STRETCH.fullmatch(text.strip().lower())
    if match is None or not {match[1], match[2] or match[1]} <= set(DAYS):
        raise ValueError(f'"{text[:40]}" is no opening time: expected, for example, "mon-fri 08:30-18:00"')
    first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
    begin, end = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
    if begin % QUARTER_MINUTES or end % QUARTER_MINUTES:
        raise ValueError(f'"{text[:40]}": opening hours begin and end on a quarter of an hour (:00, :15, :30, :45)')
    if not begin < end <= DAY_MINUTES:
        raise ValueError(f'"{text[:40]}": the end is not after the beginning; a night is two: to 24:00 and from 00:00')
    days = range(first, last + 1) if first <= last else (*range(first, len(DAYS)), *range(last + 1))
    return [(day * DAY_MINUTES + begin, day * DAY_MINUTES + end) for day in days]


def parse_holiday(text: str) -> str:
    """The date as ``2026-12-24``, or ``12-25`` for every year.

    Raises:
        ValueError: it is no date.
    """
    try:
        if _YEARLY.fullmatch(text):
            date.fromisoformat(f"{_LEAP_YEAR}-{text}")
            return text
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f'"{text[:40]}" is no day: expected 2026-12-24, or 12-25 for every year') from None
