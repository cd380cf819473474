"""A week's plan as it is shown, and what an admin types."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from rich.console import Console

from cti.errors import OffhookError
from kpi.erlang import Target, agents_needed
from kpi.forecast import HalfHour
from kpi.staffing import Need, StaffingQuestion
from offhook.staffing import COLUMNS, first_day_of, plan_csv, plan_table, summary, target_of

TODAY = date(2026, 11, 22)  # a Sunday
QUESTION = StaffingQuestion(first_day=date(2026, 11, 23), days=7, zone=UTC)


def need(day: int, hour: int, calls: float) -> Need:
    slot = HalfHour(starts_at=datetime(2026, 11, day, hour, tzinfo=UTC), calls=calls, handle_s=180, days=8)
    return Need(half_hour=slot, staffing=agents_needed(calls * 180 / 1800, 180, Target()))


def test_half_hours_down_days_across() -> None:
    console = Console(width=100, record=True)
    console.print(plan_table([need(23, 9, 100), need(24, 9, 10), need(24, 10, 50)]))
    lines = [line.split() for line in console.export_text().splitlines() if line.strip()]
    assert lines[0] == ["from", "Mon", "23", "Nov", "Tue", "24", "Nov"]
    assert ["09:00", "14", "(100.0)", "3", "(10.0)"] in lines
    assert ["10:00", "8", "(50.0)"] in lines


def test_the_csv_has_what_the_agents_will_reach() -> None:
    header, row = plan_csv([need(23, 9, 100)]).splitlines()
    assert header == ",".join(COLUMNS)
    assert row == "2026-11-23T09:00:00+00:00,100,180,14,14,0.8884,7.8,0.7143,8"


def test_the_summary_says_what_it_rests_on() -> None:
    told = summary(QUESTION, [need(23, 9, 100), need(23, 10, 10)])
    assert told == (
        "80% within 20 s, shrinkage 0%: 8.5 hours on the rota; each day from 8 of the same weekdays (Erlang C)"
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [(None, date(2026, 11, 23)), ("2026-W48", date(2026, 11, 23)), ("2026-11-24", date(2026, 11, 24))],
)
def test_the_day_it_begins(text: str | None, day: date) -> None:
    assert first_day_of(text, TODAY) == day


@pytest.mark.parametrize("text", ["2026-W54", "monday", "2026-13-01", "", "2026-11-24T09:00"])
def test_a_day_that_is_none(text: str) -> None:
    with pytest.raises(OffhookError) as refused:
        first_day_of(text, TODAY)
    assert refused.value.ref == "staffing-bad-date"


@pytest.mark.parametrize("text", ["80", "80/", "/20", "eighty/20", ""])
def test_a_target_that_is_none(text: str) -> None:
    with pytest.raises(OffhookError) as refused:
        target_of(text, shrinkage=0, max_occupancy=100)
    assert refused.value.ref == "staffing-bad-target"


def test_next_week_is_next_week_on_a_monday_too() -> None:
    assert first_day_of(None, date(2026, 11, 23)) == date(2026, 11, 23) + timedelta(weeks=1)
