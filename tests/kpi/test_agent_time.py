"""Agents' time is cut at the quarters' borders, whatever the clocks do; a wrap-up belongs to its conversation."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given

from cti.model import AgentState, Direction
from kpi.agent_time import cut_at_quarters, pause_reason, span_tallies
from kpi.batch import Span
from kpi.local_time import midnight
from kpi.schema import SpanKind
from kpi.tally import Tally, total
from tests.kpi.calls import NINE, at, spans

ROME = ZoneInfo("Europe/Rome")


def span(start: datetime, end: datetime | None, state: AgentState = AgentState.IDLE, **more: object) -> Span:
    return Span(pbx="milan", agent="101", kind=SpanKind.STATE, state=state, started_at=start, ended_at=end, **more)


def by_hour(one: Span, zone: ZoneInfo) -> dict[str, float]:
    """Minutes by local hour."""
    hours: Counter[str] = Counter()
    for key, tally in span_tallies(one).items():
        hours[f"{key.starts_at.astimezone(zone):%d %H}"] += tally.login_ms
    return {hour: ms / 60_000 for hour, ms in hours.items()}


@given(spans)
def test_the_parts_are_the_whole(one: Span) -> None:
    told = total(span_tallies(one).values())
    length = (one.ended_at - one.started_at) // timedelta(milliseconds=1)
    parts = len(span_tallies(one))
    assert one.state is AgentState.OFFLINE or 0 <= length - told.login_ms <= parts
    assert all(tally.login_ms <= 900_000 for tally in span_tallies(one).values())


def test_a_span_over_midnight_is_two_days() -> None:
    night = span(datetime(2026, 3, 2, 22, 50, tzinfo=UTC), datetime(2026, 3, 2, 23, 20, tzinfo=UTC))
    assert by_hour(night, ROME) == {"02 23": 10, "03 00": 20}


@pytest.mark.parametrize(
    ("zone", "day", "minutes", "hours"),
    [
        ("Europe/Rome", date(2026, 3, 29), 23 * 60, {"02": None, "03": 60}),
        ("Europe/Rome", date(2026, 10, 25), 25 * 60, {"02": 120, "03": 60}),
        ("Asia/Kolkata", date(2026, 3, 29), 24 * 60, {"02": 60, "23": 60}),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24 * 60 + 30, {"01": 90, "02": 60}),
        ("Australia/Lord_Howe", date(2026, 10, 4), 24 * 60 - 30, {"01": 60, "02": 30}),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(
    zone: str, day: date, minutes: int, hours: dict[str, float | None]
) -> None:
    local = ZoneInfo(zone)
    whole = by_hour(span(midnight(day, local), midnight(day + timedelta(days=1), local)), local)
    assert sum(whole.values()) == minutes
    assert {hour: whole.get(f"{day:%d} {hour}") for hour in hours} == hours


def test_each_state_has_its_own_time_and_offline_has_none() -> None:
    minute = {state: total(span_tallies(span(NINE, at(60), state)).values()) for state in AgentState}
    assert minute == {
        AgentState.OFFLINE: Tally(),
        AgentState.IDLE: Tally(idle_ms=60_000),
        AgentState.RINGING: Tally(ringing_ms=60_000),
        AgentState.TALKING: Tally(talking_ms=60_000),
        AgentState.PAUSED: Tally(pauses={"": 60_000}),
        AgentState.WRAP_UP: Tally(wrapping_ms=60_000, wrap_ups=1, wrap_up_ms=60_000, wrap_up_times={60: 1}),
    }


def test_a_span_that_lasts_counts_only_as_far_as_it_is_asked_for() -> None:
    lasting = span(NINE, None)
    assert span_tallies(lasting) == {}
    assert total(span_tallies(lasting, at(1_000)).values()).idle_ms == 1_000_000
    assert span_tallies(lasting, at(-5)) == {}


def test_log_ins_and_pauses_of_one_queue_are_no_time_of_the_agent() -> None:
    for kind in (SpanKind.LOGIN, SpanKind.PAUSE):
        assert span_tallies(msgspec.structs.replace(span(NINE, at(60)), kind=kind, queue="sales")) == {}


def test_a_wrap_up_counts_whole_in_the_row_of_its_conversation() -> None:
    wrapped = span(
        at(890),
        at(920),
        AgentState.WRAP_UP,
        talk_queue="sales",
        talk_direction=Direction.INBOUND,
        talk_at=at(800),
        talk_s=89.5,
    )
    found = {(key.queue, key.direction, key.starts_at): tally for key, tally in span_tallies(wrapped).items()}
    assert found == {
        ("", None, NINE): Tally(wrapping_ms=10_000),
        ("", None, at(900)): Tally(wrapping_ms=20_000),
        ("sales", Direction.INBOUND, NINE): Tally(
            wrap_ups=1, wrap_up_ms=30_000, wrap_up_times={30: 1}, handle_times={90: -1, 120: 1}
        ),
    }


def test_a_reason_is_kept_as_a_row_can_hold_it() -> None:
    assert pause_reason(None) == ""
    assert pause_reason("caffè\x00") == "caffè\ufffd"
    assert len(pause_reason("x" * 5_000)) <= 100


def test_no_quarters_before_the_beginning() -> None:
    assert list(cut_at_quarters(at(60), at(30))) == []
    assert sum((part for _, part in cut_at_quarters(at(60), at(9_000))), timedelta()) == timedelta(seconds=8_940)
