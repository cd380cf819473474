"""Local time in SQL, the same on SQLite and PostgreSQL: the parts of an instant by the wall clock of a time zone.

The offsets of the period are written into the statement, so the database needs no list of time zones, and groups
millions of rows by local hour without a function call of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, literal_column, or_, true, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from kpi.columns import EPOCH
from kpi.local_time import Offset
from kpi.measure import Dimension
from kpi.opening import DAY_MINUTES, DAYS, Opening

_MINUTE = timedelta(minutes=1)
_FIRST_WEEKDAY = 3  #: 1 January 1970 was a Thursday
_WEEK_MINUTES = 7 * DAY_MINUTES
LocalPart = tuple[int, str]  #: how it sorts, and how it is written


class epoch_minute(FunctionElement[int]):  # noqa: N801  (a function in SQL)
    """The minutes from 1970 to an instant, in UTC."""

    type = BigInteger()
    inherit_cache = True


@compiles(epoch_minute, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} / 60000000)"


@compiles(epoch_minute, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **options)}) / 60) AS BIGINT)"


def local_minute(instant: ColumnElement[Any], offsets: Sequence[Offset]) -> ColumnElement[int]:
    """The minutes from 1970 by the wall clock."""
    minute = type_coerce(epoch_minute(instant), BigInteger)
    *changes, last = offsets
    if not changes:
        return minute + _whole(last.minutes)
    whens = [(minute < _whole(_minute_of(one.until)), _whole(one.minutes)) for one in changes if one.until is not None]
    return minute + case(*whens, else_=_whole(last.minutes))


def local_part(dimension: Dimension, minute: ColumnElement[int]) -> ColumnElement[int]:
    """The part of ``local_minute`` that a dimension of time groups by; months are grouped by day first."""
    parts: dict[Dimension, Callable[[], ColumnElement[int]]] = {
        Dimension.HOUR: lambda: (minute // _whole(60)) % _whole(24),
        Dimension.HALF_HOUR: lambda: (minute // _whole(30)) % _whole(48),
        Dimension.WEEKDAY: lambda: (minute // _whole(DAY_MINUTES) + _whole(_FIRST_WEEKDAY)) % _whole(7),
        Dimension.WEEK: lambda: (minute // _whole(DAY_MINUTES) + _whole(_FIRST_WEEKDAY)) // _whole(7),
        Dimension.DAY: lambda: minute // _whole(DAY_MINUTES),
        Dimension.MONTH: lambda: minute // _whole(DAY_MINUTES),
    }
    return parts[dimension]()


def written_part(dimension: Dimension, value: int) -> LocalPart:
    """How a part sorts and how it is written: ``09:00``, ``mon``, ``2026-10-25``, ``2026-W43``, ``2026-10``.

    >>> [written_part(one, 20_000) for one in (Dimension.DAY, Dimension.MONTH)]
    [(20000, '2024-10-04'), (202410, '2024-10')]
    """
    if dimension is Dimension.HOUR:
        return value, f"{value:02}:00"
    if dimension is Dimension.HALF_HOUR:
        return value, f"{value // 2:02}:{value % 2 * 30:02}"
    if dimension is Dimension.WEEKDAY:
        return value, DAYS[value]
    day = day_of(value * 7 - _FIRST_WEEKDAY if dimension is Dimension.WEEK else value)
    if dimension is Dimension.WEEK:
        year, week, _ = day.isocalendar()
        return value, f"{year}-W{week:02}"
    return (value, day.isoformat()) if dimension is Dimension.DAY else (day.year * 100 + day.month, f"{day:%Y-%m}")


def day_of(number: int) -> date:
    """The day so many days after 1 January 1970."""
    return EPOCH.date() + timedelta(days=number)


def is_open(opening: Opening, minute: ColumnElement[int], first: date, last: date) -> ColumnElement[bool]:
    """Whether the instant of ``local_minute`` is within the opening hours; ``first`` and ``last`` bound the period."""
    of_week = (minute + _whole(_FIRST_WEEKDAY * DAY_MINUTES)) % _whole(_WEEK_MINUTES)
    within = [(of_week >= _whole(begin)) & (of_week < _whole(end)) for begin, end in opening.week]
    open_week = or_(*within) if within else true()
    closed = [(day - EPOCH.date()).days for day in opening.holidays_between(first, last)]
    if not closed:
        return open_week
    return open_week & (minute // _whole(DAY_MINUTES)).not_in([_whole(day) for day in closed])


def _minute_of(at: datetime) -> int:
    return (at.astimezone(UTC) - EPOCH) // _MINUTE


def _whole(number: int) -> ColumnElement[int]:
    """Written out, not bound: PostgreSQL takes an expression with parameters for another one in GROUP BY."""
    return literal_column(str(number), BigInteger)
