"""Reports for the tests: two queues with hostile names, and a week as a matrix."""

from __future__ import annotations

from datetime import UTC, datetime

from kpi.measure import Dimension, all_measures
from kpi.parameters import Parameters
from kpi.question import Hours
from kpi.report import Column, Report, Row

HOSTILE = '=HYPERLINK("http://x/","y")<script>alert(1)</script>\x1b[2J'


def column(key: str) -> Column:
    measure = all_measures()[key]
    return Column(
        key=key,
        title=measure.title,
        unit=measure.unit.value,
        formula=measure.formula,
        words=measure.words,
        source=measure.source,
        parameters={name: getattr(Parameters(), name) for name in measure.parameters},
    )


def report(by: tuple[Dimension, ...], keys: tuple[str, ...], rows: tuple[Row, ...], total: Row) -> Report:
    return Report(
        since=datetime(2026, 11, 16, tzinfo=UTC),
        until=datetime(2026, 11, 23, tzinfo=UTC),
        time_zone="Europe/Rome",
        hours=Hours.ALL,
        by=by,
        columns=tuple(column(key) for key in keys),
        rows=rows,
        total=total,
        coverage=0.994,
        version="0123456789ab",
        targets=(),
        made_at=datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
    )


def by_queue() -> Report:
    rows = (
        Row(key=("sales",), numbers=(1060, 0.8113, 7.26), met={"service_level_offered": True}),
        Row(key=(HOSTILE,), numbers=(3, None, 754.0), met={"service_level_offered": False}),
    )
    total = Row(key=(), numbers=(1063, 0.8, 9.5))
    return report((Dimension.QUEUE,), ("offered", "service_level_offered", "asa"), rows, total)


def by_weekday_and_hour() -> Report:
    rows = tuple(
        Row(key=(day, hour), numbers=(float(number),))
        for day, hour, number in (("fri", "10:00", 5), ("mon", "09:00", 40), ("mon", "10:00", 20), ("sun", "09:00", 0))
    )
    return report((Dimension.WEEKDAY, Dimension.HOUR), ("offered",), rows, Row(key=(), numbers=(65.0,)))


def total_only() -> Report:
    return report((), ("offered", "asa"), (), Row(key=(), numbers=(7.0, None)))
