"""Reports, on both databases: rows, totals, opening hours, numbers dialled, clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cti.model import AgentState, CallEnded, Direction
from kpi.batch import Batch, Mark, Span
from kpi.local_time import midnight
from kpi.measure import Dimension, Measure, all_measures
from kpi.opening import parse_opening
from kpi.parameters import Conditions, Parameters, SiteParameters, Target
from kpi.question import Hours, ReportQuestion
from kpi.report import Report
from kpi.schema import SpanKind
from kpi.store import Store
from offhook.replay import START, replay
from tests.kpi.calls import NINE, abandoned_call, answered_call, at
from tests.kpi.day import CALLS, SPANS, number

MORNING = Path(__file__).parent.parent / "recordings" / "asterisk-22" / "mix-1"
DAY = {"since": NINE - timedelta(hours=9), "until": NINE + timedelta(hours=15), "time_zone": "UTC"}
LATER = at(1e6)


async def fetch(store: Store, *by: Dimension, site: SiteParameters | None = None, **more: Any) -> Report:
    return await store.fetch_report(ReportQuestion(**DAY | {"by": by} | more), site or SiteParameters(), LATER)


def table(report: Report, key: str) -> dict[tuple[str, ...], float | None]:
    column = [one.key for one in report.columns].index(key)
    return {row.key: row.numbers[column] for row in report.rows}


async def test_the_day_counted_by_hand(store: Store) -> None:
    await store.store(Batch(calls=CALLS, spans=SPANS))
    of_tally = [one for one in all_measures().values() if isinstance(one, Measure)]
    report = await fetch(store, measures=tuple(one.key for one in of_tally))
    by_hand = {one.key: number(one.key, only=one.direction) for one in of_tally}
    assert dict(zip(by_hand, report.total.numbers, strict=True)) == by_hand
    assert (report.rows, report.coverage, report.total.pauses) == ((), 1.0, {"lunch": 900, "": 120})


async def test_by_queue_agent_direction_and_pbx(store: Store) -> None:
    await store.store(Batch(calls=CALLS, spans=SPANS))
    measures = ("offered", "calls", "conversations", "login_time", "outbound_connect_rate")
    queues = await fetch(store, Dimension.QUEUE, measures=measures)
    assert {row.key: row.numbers for row in queues.rows} == {
        ("",): (0, 3, 2, None, 0.5),
        ("sales",): (6, 7, 2, None, None),
    }
    agents = await fetch(store, Dimension.AGENT, measures=measures)
    assert {row.key: row.numbers for row in agents.rows} == {
        ("101",): (None, None, 2, 3_000, None),
        ("102",): (None, None, 1, 0, None),
        ("103",): (None, None, 1, 0, None),
    }
    assert agents.total == queues.total
    assert table(await fetch(store, Dimension.DIRECTION, measures=("calls",)), "calls") == {
        ("inbound",): 8,
        ("outbound",): 2,
    }
    assert table(await fetch(store, Dimension.PBX, measures=measures), "calls") == {("milan",): 10}


async def test_two_dimensions_and_filters(store: Store) -> None:
    await store.store(Batch(calls=CALLS, spans=SPANS))
    rings = await fetch(store, Dimension.AGENT, Dimension.QUEUE, measures=("conversations",))
    assert table(rings, "conversations") == {
        ("101", ""): 1, ("101", "sales"): 1, ("102", "sales"): 1, ("103", ""): 1
    }  # fmt: skip
    one = await fetch(store, Dimension.AGENT, agents=("102",), measures=("conversations", "offered"))
    assert [(row.key, row.numbers) for row in one.rows] == [(("102",), (1, None))]
    assert one.total.numbers == (1, None)
    outbound = await fetch(store, directions=(Direction.OUTBOUND,), measures=("calls", "login_time"))
    assert outbound.total.numbers == (2, None)


async def test_a_total_is_never_a_mean_of_rows(store: Store) -> None:
    lost = abandoned_call("x", stay_queue="y", wait=50), abandoned_call("z", start=30, wait=50)
    await store.store_calls([*(answered_call(str(n), start=n, wait=5) for n in range(9)), *lost])
    report = await fetch(store, Dimension.HOUR, measures=("abandon_rate", "wait_p50"))
    assert report.total.numbers == (2 / 11, 5)


async def test_numbers_dialled_are_those_of_inbound_calls(store: Store) -> None:
    other = answered_call("11", start=600, dialled="+390221000200")
    await store.store(Batch(calls=(*CALLS, other), spans=SPANS))
    report = await fetch(store, Dimension.DID, measures=("calls", "offered", "conversations", "aht", "login_time"))
    assert {row.key: row.numbers for row in report.rows} == {
        ("+390221000100",): (8, 6, 3, None, None),
        ("+390221000200",): (1, 1, 1, None, None),
    }
    assert report.total.numbers == (9, 7, 4, None, None)
    by_queue = await fetch(store, Dimension.QUEUE, dids=("+390221000200",), measures=("offered",))
    assert table(by_queue, "offered") == {("sales",): 1}


async def test_the_recorded_morning_adds_up_whatever_it_is_split_by(store: Store) -> None:
    calls = [event.call for event in replay(MORNING) if isinstance(event, CallEnded)]
    await store.store_calls(calls)
    whole = {"since": START - timedelta(days=1), "until": START + timedelta(days=1)}
    splits = [(one,) for one in Dimension if one not in (Dimension.AGENT, Dimension.DID)]
    for by in [*splits, (Dimension.QUEUE, Dimension.HALF_HOUR), (Dimension.WEEKDAY, Dimension.HOUR)]:
        report = await fetch(store, *by, measures=("offered", "calls"), **whole)
        assert sum(of or 0 for of in table(report, "calls").values()) == len(calls)
        assert sum(of or 0 for of in table(report, "offered").values()) == report.total.numbers[0]


async def test_each_queue_has_its_own_threshold_and_target(store: Store) -> None:
    waits = {"sales": (10, 30), "support": (100, 170)}
    for queue, (short, long) in waits.items():
        for wait in (short, long):
            await store.store_call(answered_call(f"{queue}{wait}", stay_queue=queue, wait=wait))
    levels = (Target(measure="service_level_answered", at_least=0.8),)
    slow = Conditions(parameters=Parameters(answer_within_s=180), targets=levels)
    site = SiteParameters(default=Conditions(targets=levels), queues={"support": slow})
    report = await fetch(store, Dimension.QUEUE, site=site, measures=("service_level_answered", "offered"))
    assert [(row.key, row.numbers[0], row.met) for row in report.rows] == [
        (("sales",), 0.5, {"service_level_answered": False}),
        (("support",), 1.0, {"service_level_answered": True}),
    ]
    assert report.total.numbers == (3 / 4, 4)
    assert report.columns[0].parameters == {"answer_within_s": 20}
    by_hour = await fetch(store, Dimension.HOUR, site=site, measures=("service_level_answered",))
    assert table(by_hour, "service_level_answered") == {("09:00",): 3 / 4}


async def test_opening_hours_choose_the_quarters_in_which_items_began(store: Store) -> None:
    minutes = (-61, -59, 8 * 60 + 59, 9 * 60 + 1)
    await store.store_calls([answered_call(str(n), start=minute * 60) for n, minute in enumerate(minutes)])
    await store.store_call(answered_call("vip", start=-61 * 60, stay_queue="vip"))
    weekdays = Conditions(opening=parse_opening(["mon-fri 08:00-18:00"]))
    site = SiteParameters(time_zone="UTC", default=weekdays, queues={"vip": Conditions()})
    asked = {
        hours: await fetch(store, Dimension.QUEUE, site=site, hours=hours, measures=("offered",)) for hours in Hours
    }
    assert {hours: table(report, "offered") for hours, report in asked.items()} == {
        Hours.ALL: {("sales",): 4, ("vip",): 1},
        Hours.OPEN: {("sales",): 2, ("vip",): 1},
        Hours.CLOSED: {("sales",): 2},
    }
    closed = msgspec.structs.replace(weekdays, opening=parse_opening([], ["03-02"]))
    holiday = await fetch(store, site=SiteParameters(default=closed), hours=Hours.OPEN, measures=("offered",))
    assert holiday.total.numbers == (0,)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "by_hour"),
    [
        ("Europe/Rome", date(2026, 10, 25), ["00:30", "01:30", "02:30"], {"02:00": 2, "03:00": 1}),
        ("Europe/Rome", date(2026, 3, 29), ["00:30", "01:30"], {"01:00": 1, "03:00": 1}),
        ("Asia/Kolkata", date(2026, 3, 29), ["00:20", "00:40"], {"05:00": 1, "06:00": 1}),
        ("Australia/Lord_Howe", date(2026, 4, 5), ["-09:15", "-08:45"], {"01:00": 2}),
    ],
)
async def test_hours_of_the_day_when_the_clock_changes(
    store: Store, zone: str, day: date, begins: list[str], by_hour: dict[str, int]
) -> None:
    utc_midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for n, text in enumerate(begins):
        sign = -1 if text.startswith("-") else 1
        hours, minutes = map(int, text.lstrip("-").split(":"))
        start = utc_midnight + sign * timedelta(hours=hours, minutes=minutes) - NINE
        await store.store_call(answered_call(str(n), start=start.total_seconds()))
    local = ZoneInfo(zone)
    whole = {"since": midnight(day, local), "until": midnight(day + timedelta(days=1), local), "time_zone": zone}
    report = await fetch(store, Dimension.HOUR, measures=("offered",), **whole)
    assert table(report, "offered") == {(hour,): count for hour, count in by_hour.items()}
    assert table(await fetch(store, Dimension.DAY, measures=("offered",), **whole), "offered") == {
        (day.isoformat(),): len(begins)
    }


async def test_a_call_over_midnight_is_of_the_day_it_began_in_and_agents_time_of_both(store: Store) -> None:
    before = 15 * 3_600 - 600
    talking = Span(
        pbx="milan",
        agent="101",
        kind=SpanKind.STATE,
        state=AgentState.TALKING,
        started_at=at(before),
        ended_at=at(before + 1_800),
    )
    await store.store(Batch(calls=(answered_call("1", start=before, wait=5, talk=1_500),), spans=(talking,)))
    two_days = {"until": NINE + timedelta(hours=39)}
    report = await fetch(store, Dimension.DAY, measures=("offered", "conversations", "att", "talking_time"), **two_days)
    assert [(row.key, row.numbers) for row in report.rows] == [
        (("2026-03-02",), (1, 1, 1_500, 600)),
        (("2026-03-03",), (0, 0, None, 1_200)),
    ]


async def test_what_an_agent_does_now_counts_as_far_as_his_pbx_was_seen(store: Store) -> None:
    idle = Span(pbx="milan", agent="101", kind=SpanKind.STATE, state=AgentState.IDLE, started_at=at(0))
    mark = Mark(pbx="milan", session="s", byte_offset=1, seen_at=at(1_200))
    await store.store(Batch(spans=(idle,), marks=(mark,)))
    report = await fetch(store, Dimension.AGENT, Dimension.HALF_HOUR, measures=("idle_time",))
    assert table(report, "idle_time") == {("101", "09:00"): 1_200}
    part = {"since": at(900), "until": at(1_800)}
    assert (await fetch(store, measures=("idle_time",), **part)).total.numbers == (300,)
    assert (await fetch(store, measures=("idle_time",), agents=("102",))).total.numbers == (0,)
    assert (await fetch(store, measures=("idle_time",), queues=("sales",))).total.numbers == (None,)


async def test_a_report_names_its_parameters_and_is_made_again_by_them(store: Store) -> None:
    await store.store_calls([answered_call(str(n), start=n, wait=wait) for n, wait in enumerate((10, 25, 40))])
    old = SiteParameters(default=Conditions(parameters=Parameters(answer_within_s=20)))
    new = SiteParameters(default=Conditions(parameters=Parameters(answer_within_s=30)))
    for n, site in enumerate((old, new)):
        await store.store_parameters(site, at(n))
    question = ReportQuestion(**DAY, measures=("service_level_answered",))
    latest = await store.fetch_report(question, None, LATER)
    assert (latest.version, latest.total.numbers) == (new.version, (2 / 3,))
    again = msgspec.structs.replace(question, version=old.version)
    for given in (None, new):
        report = await store.fetch_report(again, given, LATER)
        assert (report.version, report.total.numbers) == (old.version, (1 / 3,))


async def test_nothing_is_a_report_too(store: Store) -> None:
    report = await fetch(store, Dimension.QUEUE, measures=tuple(all_measures()))
    assert report.rows == ()
    numbers = dict(zip(all_measures(), report.total.numbers, strict=True))
    assert (numbers["offered"], numbers["asa"], numbers["concurrent_peak"], numbers["coverage"]) == (0, None, 0, 1.0)


async def test_queues_with_hostile_names_are_rows_like_others(store: Store) -> None:
    names = ["'; DROP TABLE tallies; --", '=HYPERLINK("x")', "%", "žofia"]
    await store.store_calls([answered_call(str(n), stay_queue=name) for n, name in enumerate(names)])
    assert set(table(await fetch(store, Dimension.QUEUE), "offered")) == {(name,) for name in names}
    for name in names:
        report = await fetch(store, Dimension.DAY, queues=(name,))
        assert table(report, "offered") == {("2026-03-02",): 1}


async def test_a_report_is_plain_data(store: Store) -> None:
    await store.store(Batch(calls=CALLS, spans=SPANS))
    report = await fetch(store, Dimension.WEEKDAY, Dimension.HOUR)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
