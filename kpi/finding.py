"""What does not add up, found from the calls for each row of a report: repeated calls, callbacks, peaks, coverage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Subquery, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import CallOutcome, Direction
from kpi import ledger, positions, schema
from kpi.coverage import Stretch, missing, union
from kpi.found import NOTHING, Found
from kpi.local_columns import epoch_minute, written_part
from kpi.local_time import Period, midnight
from kpi.measure import Dimension
from kpi.opening import DAY_MINUTES
from kpi.question import ReportQuestion
from kpi.slices import OF_TIME, Columns, RowKey, Slicing, part_of
from kpi.tally import QUARTER, quarter_of

LONGEST_CALL = timedelta(days=1)  #: a call that began longer before the period is not looked for
_LOST = (
    *(CallOutcome.ABANDONED, CallOutcome.TIMEOUT, CallOutcome.EXIT_KEY, CallOutcome.EXIT_EMPTY, CallOutcome.FULL),
    *(CallOutcome.REFUSED, CallOutcome.NO_ANSWER, CallOutcome.BUSY, CallOutcome.FAILED),
)
_REPEATS = {"known", "repeated", "settled", "resolved", "lost", "called_back"}
_ALL: RowKey = ()


def call_columns(table: Any) -> Columns:
    """Where the calls have what a question is about; the number dialled is one of inbound calls only."""
    inbound = table.direction == Direction.INBOUND
    return Columns(
        table.offered_at,
        {
            Dimension.PBX: table.pbx,
            Dimension.QUEUE: func.coalesce(table.queue, ""),
            Dimension.DID: case((inbound, func.coalesce(table.dialled, "")), else_=""),
            Dimension.DIRECTION: table.direction,
        },
    )


async def fetch_found(
    connection: AsyncConnection, slicing: Slicing, needs: Collection[str], now: datetime
) -> dict[RowKey, Found]:
    """What was found of each row, and of all together under ``()``; nothing by agents."""
    question = slicing.question
    if Dimension.AGENT in {*question.by, *question.filtered}:
        keyed: dict[RowKey, Found] = {_ALL: NOTHING}
    else:
        keyed = await _fetch_repeats(connection, slicing, now) if _REPEATS & set(needs) else {_ALL: NOTHING}
        if "most_at_once" in needs:
            for key, peak in (await _fetch_peaks(connection, slicing)).items():
                keyed[key] = msgspec.structs.replace(keyed.get(key, NOTHING), most_at_once=peak)
    if "coverage" in needs:
        covered = await _fetch_covered(connection, slicing, keyed, now)
        keyed = {key: msgspec.structs.replace(keyed.get(key, NOTHING), coverage=of) for key, of in covered.items()}
    return keyed


async def _fetch_repeats(connection: AsyncConnection, slicing: Slicing, now: datetime) -> dict[RowKey, Found]:
    days = slicing.site.default.parameters.repeat_days
    inbound = _in_order(slicing.question, timedelta(days=days)).c
    columns = call_columns(inbound)
    group = slicing.group(columns, slicing.question.by)
    named = [column.label(f"by_{n}") for n, column in enumerate(group)]
    counted = select(*named, *_counts(inbound, days, now)).where(*slicing.conditions(columns)).group_by(*group)
    found: dict[RowKey, Found] = {_ALL: NOTHING}
    for row in await connection.execute(counted):
        some = Found(**dict(zip(_COUNTED, (number or 0 for number in row[len(group) :]), strict=True)))
        key = slicing.row_key(row[: len(group)])
        for one in {_ALL, key or _ALL}:
            found[one] = _sum(found.get(one, NOTHING), some)
    return found


_COUNTED = ("known", "repeated", "settled", "resolved", "lost", "called_back")


def _sum(one: Found, other: Found) -> Found:
    return Found(**{name: getattr(one, name) + getattr(other, name) for name in _COUNTED})


def _in_order(question: ReportQuestion, days: timedelta) -> Subquery:
    """Inbound calls with a number, each with the customer's call before and after it."""
    calls = schema.calls.c
    order = (calls.offered_at, calls.pbx, calls.call_id)
    return (
        select(
            *(calls.pbx, calls.queue, calls.dialled, calls.direction, calls.offered_at, calls.outcome),
            calls.customer_e164,
            func.lag(calls.offered_at).over(partition_by=calls.customer_e164, order_by=order).label("before_at"),
            func.lead(calls.offered_at).over(partition_by=calls.customer_e164, order_by=order).label("after_at"),
        )
        .where(
            calls.direction == Direction.INBOUND,
            calls.customer_e164.is_not(None),
            calls.offered_at >= question.since - days,
            calls.offered_at < question.until + days,
        )
        .subquery()
    )


def _counts(calls: Any, days: int, now: datetime) -> list[ColumnElement[Any]]:
    """In the order of ``_COUNTED``."""
    at, most = epoch_minute(calls.offered_at), days * DAY_MINUTES
    repeated = at - epoch_minute(calls.before_at) <= most
    again = epoch_minute(calls.after_at) - at <= most
    settled = (calls.outcome == CallOutcome.ANSWERED) & (calls.offered_at <= now - timedelta(days=days))
    later = schema.calls.alias("later").c
    back = exists().where(
        later.customer_e164 == calls.customer_e164,
        later.offered_at > calls.offered_at,
        later.direction == Direction.OUTBOUND,
        epoch_minute(later.offered_at) - at <= most,
    )
    lost = calls.outcome.in_(_LOST)
    return [
        func.count(),
        _count_of(repeated),
        _count_of(settled),
        _count_of(settled & or_(calls.after_at.is_(None), ~again)),
        _count_of(lost),
        _count_of(lost & back),
    ]


def _count_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


async def _fetch_peaks(connection: AsyncConnection, slicing: Slicing) -> dict[RowKey, int]:
    question, calls = slicing.question, schema.calls.c
    columns = call_columns(calls)
    of_names = [one for one in question.by if one not in OF_TIME]
    wanted = (
        select(calls.offered_at, calls.ended_at, *slicing.group(columns, of_names))
        .where(
            calls.offered_at >= question.since - LONGEST_CALL,
            calls.offered_at < question.until,
            calls.ended_at > question.since,
            *slicing.conditions(columns, bounded=False),
        )
        .order_by(calls.offered_at)
    )
    whole: list[Stretch] = []
    by_names: dict[tuple[Any, ...], list[Stretch]] = {}
    for row in await connection.execute(wanted):
        whole.append((row[0], row[1]))
        by_names.setdefault(tuple(row[2:]), []).append((row[0], row[1]))
    peaks = {_ALL: max((many for _, many in at_once(whole, question.since, question.until)), default=0)}
    for names, stretches in by_names.items():
        for at, many in at_once(stretches, question.since, question.until):
            values = _values(slicing, dict(zip(of_names, names, strict=True)), at)
            key = slicing.row_key(values)
            if key is not None:
                peaks[key] = max(peaks.get(key, 0), many)
    return peaks


def _values(slicing: Slicing, names: dict[Dimension, Any], at: datetime) -> list[Any]:
    return [part_of(one, at, slicing.zone) if one in OF_TIME else names[one] for one in slicing.question.by]


def at_once(stretches: Sequence[Stretch], since: datetime, until: datetime) -> Iterator[tuple[datetime, int]]:
    """How many last at once: whenever one begins, and at the beginning of each quarter in which some go on.

    ``stretches`` come in the order of their beginnings; one that ends as another begins is over by then.
    """
    ends: list[datetime] = []
    border = quarter_of(since)
    for begin, end in (*stretches, (until, until)):
        while border <= begin and border < until:
            _let_go(ends, border)
            if ends and border >= since:
                yield border, len(ends)
            border = border + QUARTER if ends else max(border + QUARTER, quarter_of(begin))
        _let_go(ends, begin)
        if end > begin:
            heappush(ends, end)
            if since <= begin < until:
                yield begin, len(ends)


def _let_go(ends: list[datetime], at: datetime) -> None:
    while ends and ends[0] <= at:
        heappop(ends)


async def fetch_coverage(connection: AsyncConnection, question: ReportQuestion, now: datetime) -> float:
    """The known share of the question's period, as far as it is over."""
    lost = await _fetch_missing(connection, question)
    return _covered(Period(question.since, question.until), [part for parts in lost.values() for part in parts], now)


async def _fetch_missing(connection: AsyncConnection, question: ReportQuestion) -> dict[str, list[Stretch]]:
    """What is not known of each PBX."""
    gaps = await ledger.fetch_gaps(connection, ledger.touching(question.since, question.until, None))
    pbxs = {gap.pbx for gap in gaps if not question.pbxs or gap.pbx in question.pbxs}
    return {
        pbx: missing(
            question.since,
            question.until,
            [gap for gap in gaps if gap.pbx == pbx],
            await positions.fetch_stretches(connection, pbx),
        )
        for pbx in sorted(pbxs)
    }


async def _fetch_covered(
    connection: AsyncConnection, slicing: Slicing, keyed: Iterable[RowKey], now: datetime
) -> dict[RowKey, float]:
    """The coverage of rows of days, weeks, months or PBXs; rows of anything else have that of the whole period."""
    question = slicing.question
    lost = await _fetch_missing(connection, question)
    everything = [part for parts in lost.values() for part in parts]
    covered = {key: _covered(Period(question.since, question.until), everything, now) for key in (*keyed, _ALL)}
    for period, values in _periods(slicing):
        key = slicing.row_key(values)
        if key is not None:
            covered[key] = _covered(period, everything, now)
    if question.by == (Dimension.PBX,):
        whole = Period(question.since, question.until)
        covered |= {((0, pbx),): _covered(whole, parts, now) for pbx, parts in lost.items()}
    return covered


def _periods(slicing: Slicing) -> Iterator[tuple[Period, list[Any]]]:
    """The days, weeks or months of the question, if it is by one of these alone."""
    question, zone = slicing.question, slicing.zone
    if len(question.by) != 1 or question.by[0] not in (Dimension.DAY, Dimension.WEEK, Dimension.MONTH):
        return
    dimension, begin = question.by[0], question.since
    while begin < question.until:
        part = written_part(dimension, part_of(dimension, begin, zone))
        end, value = begin, part_of(dimension, begin, zone)
        while end < question.until and written_part(dimension, part_of(dimension, end, zone)) == part:
            end = midnight(end.astimezone(zone).date() + timedelta(days=1), zone)
        yield Period(begin, min(end, question.until)), [value]
        begin = end


def _covered(period: Period, lost: Iterable[Stretch], now: datetime) -> float:
    since, until = period.since, min(period.until, max(period.since, now))
    if until <= since:
        return 1.0
    within = ((max(begin, since), min(end, until)) for begin, end in lost)
    return 1.0 - union(within) / (until - since)
