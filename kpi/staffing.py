"""Agents needed per half-hour of the days to come: a forecast from the same weekdays, put through Erlang C."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta, tzinfo

import msgspec

from kpi.erlang import Staffing, Target, agents_needed, load_of
from kpi.forecast import HALF_HOUR, HalfHour, History
from kpi.reading import Window
from kpi.store import Store
from kpi.tally import Tally, total


class StaffingQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to plan for, and by what: ``days`` from ``first_day`` on, from the same weekdays of ``weeks`` weeks.

    ``queue`` None plans for all of them together, as agents who serve every queue. ``closed``: past days to leave out.
    """

    first_day: date
    days: int
    zone: tzinfo
    queue: str | None = None
    pbx: str | None = None
    weeks: int = 8
    target: Target = Target()
    closed: frozenset[date] = frozenset()


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What comes in one half-hour, and who is needed for it."""

    half_hour: HalfHour
    staffing: Staffing


async def fetch_needs(store: Store, question: StaffingQuestion) -> list[Need]:
    """Each half-hour in which calls are expected, in order; empty where the past has no calls on these weekdays.

    Raises:
        StaffingError: the target cannot be reached by any number of agents.
    """
    first = question.first_day - timedelta(weeks=question.weeks)
    last = question.first_day + timedelta(days=question.days)
    since, until = (datetime.combine(day, time(), question.zone) for day in (first, last))
    window = Window(since=since, until=until, pbx=question.pbx, queue=question.queue)
    sums = await store.fetch_tallies(window, by=("starts_at", "queue"))
    quarters: dict[datetime, list[Tally]] = defaultdict(list)
    for (starts_at, queue), tally in sums.items():
        if queue:
            quarters[starts_at].append(tally)
    return plan(History({at: total(tallies) for at, tallies in quarters.items()}, question.zone), question)


def plan(history: History, question: StaffingQuestion) -> list[Need]:
    """The same, from a history at hand.

    Raises:
        StaffingError: the target cannot be reached by any number of agents.
    """
    days = [question.first_day + timedelta(days=n) for n in range(question.days)]
    slots = [slot for day in days for slot in history.forecast(day, question.weeks, question.closed)]
    return [Need(half_hour=slot, staffing=_staffing(slot, question.target)) for slot in slots if slot.handle_s > 0]


def _staffing(slot: HalfHour, target: Target) -> Staffing:
    load = load_of(slot.calls, HALF_HOUR.total_seconds(), slot.handle_s)
    return agents_needed(load, slot.handle_s, target)
