"""A report as rows of cells: each with its value, how people read it, and its unit. All forms are made from this.

A report by two things with one number is a matrix: the first down, the second across, shaded by the number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from kpi.measure import Dimension, Unit
from kpi.opening import DAYS
from kpi.report import Column, Report, Row

NONE_SHOWN = "–"
TOTAL = "all"
HEATS = 10  #: shades of a matrix: classes of the style sheets
NAMES = {
    Dimension.PBX: "PBX",
    Dimension.QUEUE: "Queue",
    Dimension.AGENT: "Agent",
    Dimension.DID: "Number dialled",
    Dimension.DIRECTION: "Direction",
    Dimension.HOUR: "Hour",
    Dimension.HALF_HOUR: "Half-hour",
    Dimension.WEEKDAY: "Weekday",
    Dimension.DAY: "Day",
    Dimension.WEEK: "Week",
    Dimension.MONTH: "Month",
}


class Head(NamedTuple):
    """What is above a column. ``unit`` is None above names. ``column`` is the passport of the numbers below."""

    title: str
    unit: str | None = None
    column: Column | None = None


class Cell(NamedTuple):
    """``value`` is the plain number or name, ``shown`` how people read it.

    ``met`` says whether its target is met; ``heat`` (0 to 1) how it compares with the largest of a matrix.
    """

    value: str | float | None
    shown: str
    unit: str | None = None
    met: bool | None = None
    heat: float | None = None


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """``names``: how many of the first columns hold names. ``total`` is None in a matrix, or where it is all."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None
    names: int


def grid_of(report: Report) -> Grid:
    """The report as a table, or as a matrix where it is by two things with one number."""
    return _matrix(report) if is_matrix(report) else _table(report)


def is_matrix(report: Report) -> bool:
    """Whether one number is split by two things."""
    return len(report.by) == 2 and len(report.columns) == 1


def shown(number: float | None, unit: str) -> str:
    """A number as people read it.

    >>> shown(0.8113, "share"), shown(7.26, "s"), shown(754, "s"), shown(7260, "s"), shown(1060, "count")
    ('81.1 %', '7.3 s', '12:34', '2:01:00', '1,060')
    """
    if number is None:
        return NONE_SHOWN
    if unit == Unit.SHARE:
        return f"{number:.1%}".replace("%", " %")
    if unit == Unit.SECONDS:
        return _duration(number)
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def about(report: Report) -> list[str]:
    """What a reader has to know before the numbers: the period, how much of it is known, by which parameters."""
    lines = [
        f"{report.since:%a %d %b %Y %H:%M} to {report.until:%a %d %b %Y %H:%M}, {report.time_zone}",
        f"coverage {shown(report.coverage, Unit.SHARE)}; parameters {report.version}; "
        f"made {report.made_at:%Y-%m-%d %H:%M} UTC",
    ]
    if report.hours != "all":
        lines.append(f"only what began in {report.hours} hours")
    if report.told_since is not None:
        since = f"{report.told_since:%Y-%m-%d}"
        lines.append(
            f"repeat calls, callbacks and peaks are known from {since} on only: older calls or numbers are gone"
        )
    return lines


def heat_class(heat: float) -> str:
    """The class of a shade.

    >>> heat_class(0), heat_class(0.5), heat_class(1)
    ('heat-0', 'heat-5', 'heat-9')
    """
    return f"heat-{min(int(max(heat, 0) * HEATS), HEATS - 1)}"


def unit_text(unit: str | None) -> str:
    """The unit as it stands behind a title; shares are shown as per cent.

    >>> unit_text("share"), unit_text("s"), unit_text("count")
    ('%', 's', '')
    """
    if unit is None or unit == Unit.COUNT:
        return ""
    return "%" if unit == Unit.SHARE else unit


def _duration(seconds: float) -> str:
    if abs(seconds) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _table(report: Report) -> Grid:
    heads = [Head(NAMES[one]) for one in report.by] + [_head(one) for one in report.columns]
    rows = tuple((*_names(row.key), *_numbers(report.columns, row)) for row in report.rows)
    labels = _names((TOTAL, *[""] * (len(report.by) - 1))) if report.by else []
    total = (*labels, *_numbers(report.columns, report.total))
    if not report.by:
        return Grid(heads=tuple(heads), rows=(total,), total=None, names=0)
    return Grid(heads=tuple(heads), rows=rows, total=total, names=len(report.by))


def _matrix(report: Report) -> Grid:
    column, (down, across) = report.columns[0], report.by
    right = in_order(row.key[1] for row in report.rows)
    found = {row.key: row for row in report.rows}
    most = max((row.numbers[0] or 0 for row in report.rows), default=0)
    heads = [Head(f"{NAMES[down]} / {NAMES[across]}"), *(Head(one or "(none)", column.unit, column) for one in right)]
    rows = tuple(
        (*_names((name,)), *(_shaded(column, found.get((name, one)), most) for one in right))
        for name in in_order(row.key[0] for row in report.rows)
    )
    return Grid(heads=tuple(heads), rows=rows, total=None, names=1)


def in_order(names: Iterable[str]) -> list[str]:
    """Each once: weekdays as they follow each other, all others by name."""
    each = set(names)
    return sorted(each, key=lambda name: (DAYS.index(name) if name in DAYS else -1, name))


def _head(column: Column) -> Head:
    return Head(column.title, column.unit, column)


def _names(key: Sequence[str]) -> list[Cell]:
    return [Cell(name, name or "(none)") for name in key]


def _numbers(columns: Sequence[Column], row: Row) -> list[Cell]:
    pairs = zip(columns, row.numbers, strict=True)
    return [Cell(number, shown(number, one.unit), one.unit, row.met.get(one.key)) for one, number in pairs]


def _shaded(column: Column, row: Row | None, most: float) -> Cell:
    number = row.numbers[0] if row is not None else None
    heat = number / most if number is not None and most > 0 else None
    return Cell(number, shown(number, column.unit) if row is not None else "", column.unit, None, heat)
