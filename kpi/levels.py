"""Coarser sums, for reports over long periods: an hour, and the same hour of seven days, with the agents summed away.

``hour`` is an hour of UTC. A row of ``7-days`` sums one hour of UTC on the seven days of a week, Monday to Sunday, and
starts at that hour of the Monday: what a report by the hour of the day wants, in a seventh of the rows.

A report is made of the coarsest rows that tell what it asks, and of finer ones where a period, or a change of the
clock, cuts into those. What comes out is the same, number by number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from kpi.columns import EPOCH
from kpi.local_time import Offset
from kpi.measure import Dimension
from kpi.parameters import SiteParameters
from kpi.question import Hours, ReportQuestion
from kpi.schema import TallySpan
from kpi.tally import Tally, TallyKey, gather

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
_LENGTHS = {TallySpan.HOUR: HOUR, TallySpan.SEVEN_DAYS: WEEK}
_MONDAY = EPOCH - timedelta(days=3)
_HOUR_MINUTES = 60
_WITHIN_HOURS = {Dimension.HALF_HOUR}
_OF_DAYS = {Dimension.WEEKDAY, Dimension.DAY, Dimension.WEEK, Dimension.MONTH}


class Stretch(NamedTuple):
    """Rows of this span that start from ``since`` up to, not at, ``until``."""

    span: TallySpan
    since: datetime
    until: datetime


def coarser(quarters: Mapping[TallyKey, Tally]) -> dict[TallyKey, Tally]:
    """The sums of these rows by hour and by the hour of seven days; rows that are no quarters are in none."""
    of_hours = gather((_of_hour(key), tally) for key, tally in quarters.items() if key.span is TallySpan.QUARTER)
    return of_hours | gather((_of_seven_days(key), tally) for key, tally in of_hours.items())


def _of_hour(key: TallyKey) -> TallyKey:
    return key._replace(span=TallySpan.HOUR, starts_at=key.starts_at.replace(minute=0), agent="")


def _of_seven_days(key: TallyKey) -> TallyKey:
    monday = key.starts_at - timedelta(days=key.starts_at.weekday())
    return key._replace(span=TallySpan.SEVEN_DAYS, starts_at=monday)


def stretches(question: ReportQuestion, site: SiteParameters, offsets: Sequence[Offset]) -> list[Stretch]:
    """Where in the tallies the answer is: rows that are within none twice and together are the period.

    ``offsets`` are those of the wall clock over the period. Where it is not whole hours from UTC, its hours are not
    those of the rows, and quarters are read.
    """
    found, since = list[Stretch](), question.since
    levels = _levels(question, site)
    reads_clock = question.hours is not Hours.ALL or bool({*question.by} & {Dimension.HOUR, *_OF_DAYS})
    for offset in offsets:
        until = question.until if offset.until is None else min(offset.until, question.until)
        fits = offset.minutes % _HOUR_MINUTES == 0 or not reads_clock
        found += _cut(since, until, levels if fits else levels[-1:])
        since = until
    return list(_joined(found))


def _levels(question: ReportQuestion, site: SiteParameters) -> list[TallySpan]:
    """The spans whose rows tell what is asked, the coarsest first."""
    asked = {*question.by}
    if question.needs_did:
        return [TallySpan.DID]
    if Dimension.AGENT in asked | question.filtered or asked & _WITHIN_HOURS or _cuts_hours(question, site):
        return [TallySpan.QUARTER]
    if asked & _OF_DAYS or question.hours is not Hours.ALL:
        return [TallySpan.HOUR, TallySpan.QUARTER]
    return [TallySpan.SEVEN_DAYS, TallySpan.HOUR, TallySpan.QUARTER]


def _cuts_hours(question: ReportQuestion, site: SiteParameters) -> bool:
    if question.hours is Hours.ALL:
        return False
    openings = [one.opening for one in (site.default, *site.queues.values())]
    return any(minute % _HOUR_MINUTES for opening in openings for stretch in opening.week for minute in stretch)


def _cut(since: datetime, until: datetime, levels: Sequence[TallySpan]) -> Iterator[Stretch]:
    """The coarsest rows that are whole within the time, and what is left of it before and behind in finer ones."""
    if since >= until:
        return
    coarsest, *others = levels
    if not others:
        yield Stretch(coarsest, since, until)
        return
    length = _LENGTHS[coarsest]
    first, last = _MONDAY - (_MONDAY - since) // length * length, _MONDAY + (until - _MONDAY) // length * length
    if first >= last:
        yield from _cut(since, until, others)
        return
    yield from _cut(since, first, others)
    yield Stretch(coarsest, first, last)
    yield from _cut(last, until, others)


def _joined(found: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours of one span as one."""
    before: Stretch | None = None
    for one in found:
        if before is not None and (before.span, before.until) == (one.span, one.since):
            before = before._replace(until=one.until)
            continue
        if before is not None:
            yield before
        before = one
    if before is not None:
        yield before
