"""Coarser rows: what they sum, and that a period is covered by rows of all levels once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cti.model import Direction
from kpi.levels import Stretch, coarser, stretches
from kpi.local_time import offsets
from kpi.measure import Dimension
from kpi.opening import parse_opening
from kpi.parameters import Conditions, SiteParameters
from kpi.question import Hours, ReportQuestion
from kpi.schema import TallySpan
from kpi.tally import QUARTER, Tally, TallyKey, ever, total

QUARTERS, HOURS, WEEKS = TallySpan.QUARTER, TallySpan.HOUR, TallySpan.SEVEN_DAYS
ROME = ZoneInfo("Europe/Rome")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SITE = SiteParameters(default=Conditions(opening=parse_opening(["mon-fri 08:00-18:00"])))


def key(at: datetime, agent: str = "", span: TallySpan = QUARTERS) -> TallyKey:
    return TallyKey(span, at, "milan", "sales", agent, Direction.INBOUND)


def asked(
    since: datetime, until: datetime, *by: Dimension, zone: ZoneInfo = ROME, site: SiteParameters = SITE, **more: object
) -> list[Stretch]:
    question = ReportQuestion(since=since, until=until, by=by, **more)  # type: ignore[arg-type]
    return stretches(question, site, offsets(zone, since, until))


def test_an_hour_sums_its_quarters_and_seven_days_their_hours() -> None:
    monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    quarters = {
        key(monday): Tally(entered=1),
        key(monday + 3 * QUARTER, "101"): Tally(talks=2),
        key(monday + 4 * QUARTER): Tally(entered=4),
        key(monday + timedelta(days=6)): Tally(entered=8),
        key(monday + timedelta(days=7)): Tally(entered=16),
    }
    others = {ever(key(monday)): Tally(entered=99), key(monday, span=TallySpan.DID): Tally(entered=99)}
    assert coarser(quarters | others) == {
        key(monday, span=HOURS): Tally(entered=1, talks=2),
        key(monday + timedelta(hours=1), span=HOURS): Tally(entered=4),
        key(monday + timedelta(days=6), span=HOURS): Tally(entered=8),
        key(monday + timedelta(days=7), span=HOURS): Tally(entered=16),
        key(monday, span=WEEKS): Tally(entered=9, talks=2),
        key(monday + timedelta(hours=1), span=WEEKS): Tally(entered=4),
        key(monday + timedelta(days=7), span=WEEKS): Tally(entered=16),
    }


def test_a_season_by_the_hour_is_weeks_with_days_at_its_ends_and_round_the_clocks_change() -> None:
    since, until = datetime(2026, 9, 2, 22, tzinfo=UTC), datetime(2026, 11, 12, 23, tzinfo=UTC)
    borders = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((9, 7), (10, 19), (10, 26), (11, 9))]
    assert asked(since, until, Dimension.QUEUE, Dimension.HOUR) == [
        Stretch(HOURS, since, borders[0]),
        Stretch(WEEKS, borders[0], borders[1]),
        Stretch(HOURS, borders[1], borders[2]),
        Stretch(WEEKS, borders[2], borders[3]),
        Stretch(HOURS, borders[3], until),
    ]


def test_what_does_not_begin_on_the_hour_is_read_by_quarters_there() -> None:
    nine = datetime(2026, 3, 3, 9, tzinfo=UTC)
    since, until = nine + timedelta(minutes=20), nine + timedelta(hours=3, minutes=10)
    assert asked(since, until, Dimension.QUEUE) == [
        Stretch(QUARTERS, since, nine + timedelta(hours=1)),
        Stretch(HOURS, nine + timedelta(hours=1), nine + timedelta(hours=3)),
        Stretch(QUARTERS, nine + timedelta(hours=3), until),
    ]
    assert asked(since, since + QUARTER) == [Stretch(QUARTERS, since, since + QUARTER)]


@pytest.mark.parametrize(
    ("by", "more", "spans"),
    [
        ((), {}, {WEEKS, HOURS}),
        ((Dimension.PBX, Dimension.DIRECTION), {"queues": ("sales",)}, {WEEKS, HOURS}),
        ((Dimension.WEEKDAY, Dimension.HOUR), {}, {HOURS}),
        ((Dimension.QUEUE, Dimension.MONTH), {}, {HOURS}),
        ((Dimension.QUEUE, Dimension.HALF_HOUR), {}, {QUARTERS}),
        ((Dimension.AGENT,), {}, {QUARTERS}),
        ((Dimension.HOUR,), {"agents": ("101",)}, {QUARTERS}),
        ((Dimension.DID,), {}, {TallySpan.DID}),
        ((Dimension.QUEUE,), {"dids": ("+39",)}, {TallySpan.DID}),
        ((Dimension.HOUR,), {"hours": Hours.OPEN}, {HOURS}),
        ((Dimension.HOUR,), {"zone": ZoneInfo("Asia/Kolkata")}, {QUARTERS}),
        ((Dimension.QUEUE,), {"zone": ZoneInfo("Asia/Kolkata")}, {QUARTERS, HOURS, WEEKS}),
        ((Dimension.QUEUE,), {"zone": ZoneInfo("Asia/Kolkata"), "hours": Hours.OPEN}, {QUARTERS}),
        ((Dimension.HOUR,), {"zone": ZoneInfo("Australia/Lord_Howe")}, {QUARTERS, HOURS, WEEKS}),
    ],
)
def test_the_coarsest_rows_that_tell_what_is_asked(
    by: tuple[Dimension, ...], more: dict[str, object], spans: set[TallySpan]
) -> None:
    zone = more.pop("zone", ROME)
    assert isinstance(zone, ZoneInfo)
    midnight = datetime(2026, 1, 1, tzinfo=zone)
    until = midnight.replace(month=8)
    assert {one.span for one in asked(midnight.astimezone(UTC), until.astimezone(UTC), *by, zone=zone, **more)} == spans  # type: ignore[arg-type]


def test_opening_hours_that_cut_an_hour_are_asked_by_quarters() -> None:
    half_past = Conditions(opening=parse_opening(["sat 08:30-12:00"]))
    site = SiteParameters(queues={"sales": half_past})
    until = FIRST + timedelta(days=20)
    assert [one.span for one in asked(FIRST, until, site=site, hours=Hours.CLOSED)] == [QUARTERS]
    assert WEEKS in {one.span for one in asked(FIRST, until, site=site)}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    since=st.integers(0, 4 * 24 * 400),
    length=st.integers(1, 4 * 24 * 200),
    zone=st.sampled_from(["Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    by=st.sampled_from([(), (Dimension.HOUR,), (Dimension.DAY,), (Dimension.HALF_HOUR,)]),
)
def test_each_quarter_of_a_period_is_in_one_row_that_is_read(
    since: int, length: int, zone: str, by: tuple[Dimension, ...]
) -> None:
    begin, end = FIRST + since * QUARTER, FIRST + (since + length) * QUARTER
    found = asked(begin, end, *by, zone=ZoneInfo(zone))
    borders = [found[0].since, *(one.until for one in found)]
    assert (borders[0], borders[-1]) == (begin, end)
    assert borders == [*(one.since for one in found), end]
    for one, other in pairwise(found):
        assert one.span is not other.span
    quarters = {key(begin + n * QUARTER): Tally(entered=1) for n in range(min(length, 1_000))}
    if length <= 1_000:
        rows = quarters | coarser(quarters)
        read = [
            tally
            for row, tally in rows.items()
            for one in found
            if row.span is one.span and one.since <= row.starts_at < one.until
        ]
        assert total(read).entered == length
