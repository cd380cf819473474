"""``offhook staffing`` shown: a week at a glance, or every half-hour with its numbers for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from rich.box import SIMPLE
from rich.table import Table

from cti.errors import OffhookError
from kpi.erlang import Target
from kpi.staffing import Need, StaffingQuestion, fetch_needs
from kpi.store import Store
from offhook.csv_text import csv_text
from offhook.run import open_store
from offhook.settings import Settings

COLUMNS = (
    "starts_at", "calls", "handle_s", "agents", "scheduled", "service_level", "speed_of_answer_s", "occupancy", "days",
)  # fmt: skip


async def fetch_plan(settings: Settings, folder: Path, question: StaffingQuestion) -> list[Need]:
    """Who is needed when.

    Raises:
        OffhookError: the store cannot be used, the target cannot be reached, or the past has no calls to plan by.
    """
    async with open_store(settings, folder) as engine:
        needs = await fetch_needs(Store(engine), question)
    if not needs:
        of_queue = f"queue {question.queue}" if question.queue else "any queue"
        weeks = f"the {question.weeks} weeks before {question.first_day}"
        raise OffhookError(
            "staffing-no-history",
            f"there is nothing to plan {question.first_day} by",
            f"no answered call of {of_queue} on the same weekdays in {weeks}",
            "bring older calls in with offhook import, or check the queue's name",
        )
    return needs


def plan_table(needs: Sequence[Need]) -> Table:
    """Half-hours down, days across; in each cell the agents at their places and the calls expected."""
    days = sorted({need.half_hour.starts_at.date() for need in needs})
    by_time: dict[time, dict[date, Need]] = {}
    for need in needs:
        starts_at = need.half_hour.starts_at
        by_time.setdefault(starts_at.time(), {})[starts_at.date()] = need
    table = Table("from", *(f"{day:%a %d %b}" for day in days), box=SIMPLE, caption="agents (calls expected)")
    for at, of_days in sorted(by_time.items()):
        table.add_row(f"{at:%H:%M}", *(_cell(of_days.get(day)) for day in days))
    return table


def plan_csv(needs: Sequence[Need]) -> str:
    """One row for each half-hour, with what the agents will reach."""
    return csv_text(COLUMNS, ([*_values(need)] for need in needs))


def summary(question: StaffingQuestion, needs: Sequence[Need]) -> str:
    """What the plan aims at and what it rests on, in a line."""
    target, days = question.target, sorted({need.half_hour.days for need in needs})
    past = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    hours = sum(need.staffing.scheduled for need in needs) / 2
    return (
        f"{target.share:.0%} within {target.answer_within_s:g} s, shrinkage {target.shrinkage:.0%}: {hours:g} hours on "
        f"the rota; each day from {past} of the same weekdays (Erlang C)"
    )


def monday_after(today: date) -> date:
    """The first day of the next week (ISO 8601).

    >>> monday_after(date(2026, 11, 22)), monday_after(date(2026, 11, 23))
    (datetime.date(2026, 11, 23), datetime.date(2026, 11, 30))
    """
    return today + timedelta(days=7 - today.weekday())


def first_day_of(text: str | None, today: date) -> date:
    """The day that ``2026-11-24`` or the week that ``2026-W48`` begins with; next Monday when left out.

    Raises:
        OffhookError: ``staffing-bad-date``.
    """
    if text is None:
        return monday_after(today)
    for form in ("%Y-%m-%d", "%G-W%V-%u"):
        try:
            return datetime.strptime(text if form[1] == "Y" else f"{text}-1", form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise OffhookError("staffing-bad-date", "no day to begin with", f"{text!r} is neither a day nor a week",
                       "write 2026-11-24 or 2026-W48")  # fmt: skip


def target_of(text: str, *, shrinkage: float, max_occupancy: float) -> Target:
    """The target that ``80/20`` names, with shares as per cent.

    >>> target_of("80/20", shrinkage=30, max_occupancy=90)
    Target(share=0.8, answer_within_s=20.0, max_occupancy=0.9, shrinkage=0.3)

    Raises:
        OffhookError: ``staffing-bad-target``.
    """
    share, slash, seconds = text.partition("/")
    try:
        if not slash:
            raise ValueError(text)
        return Target(
            share=float(share) / 100,
            answer_within_s=float(seconds),
            max_occupancy=max_occupancy / 100,
            shrinkage=shrinkage / 100,
        )
    except ValueError:
        why = f"{text!r} is not per cent, a slash and seconds"
        raise OffhookError("staffing-bad-target", "no target to plan for", why, "write 80/20") from None


def _cell(need: Need | None) -> str:
    return f"{need.staffing.agents} ({need.half_hour.calls:.1f})" if need is not None else ""


def _values(need: Need) -> list[str | int | float]:
    slot, staffing = need.half_hour, need.staffing
    return [
        slot.starts_at.isoformat(), round(slot.calls, 2), round(slot.handle_s, 1), staffing.agents, staffing.scheduled,
        round(staffing.service_level, 4), round(staffing.speed_of_answer_s, 1), round(staffing.occupancy, 4), slot.days,
    ]  # fmt: skip
