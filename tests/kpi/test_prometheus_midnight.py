"""From midnight to midnight a counter rises by the day's report, to the call: asked of a real Prometheus.

Three days of calls are stored as they end, the metrics are scraped meanwhile, Offhook is restarted in between, and what
was scraped is put into Prometheus's storage with its instants.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from cti.model import Call, CallOutcome, RingResult, StayOutcome
from kpi.histogram import within
from kpi.live import LiveBoard
from kpi.measure import Parameters, all_measures
from kpi.prometheus import KpiCollector
from kpi.schema import CallSource, metadata
from kpi.store import Store
from kpi.tally import Tally
from kpi.totals import Totals
from offhook.database import make_engine
from offhook.simulator.history import History
from offhook.simulator.people import Public
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Traffic
from tests.kpi.calls import answered_call, at
from tests.prometheus.backfill import scraped_at, store_scrapes
from tests.prometheus.server import PrometheusServer

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = [MONDAY + timedelta(days=n) for n in range(3)]
DAY = timedelta(days=1)
SCRAPES_EVERY = timedelta(minutes=15)
RESTARTED_AT = MONDAY + timedelta(days=1, hours=11)
NOBODY = "127.0.0.1:1"
Reports = dict[datetime, dict[str, Tally]]


def past_calls() -> list[Call]:
    """Three days, without what goes on over a midnight: such a call is in one day's report and the other's counter."""
    public = Public(random.Random(1), [])
    traffic = Traffic(calls_per_hour=25.0, talk_median_s=120.0, patience_mean_s=60.0)
    history = History("milan", DEMO, public, traffic, began_at=MONDAY, ends_at=MONDAY + len(DAYS) * DAY, seed=3)
    calls = [call for batch in history.batches() for call in batch.calls]
    return [call for call in calls if call.ended_at and call.ended_at.date() == call.offered_at.date()]


class Past(NamedTuple):
    """The report of each day, by queue and by agent, and the server that scraped it all."""

    reports: Reports
    agents: Reports
    server: PrometheusServer

    def risen(self, series: str, day: datetime, by: str) -> dict[tuple[str, ...], float]:
        """By how much it rose from this midnight to the next, by these labels."""
        names = by.split(", ")
        rows = self.server.query(f"sum by ({by}) ({series} - ({series} offset 1d or {series} * 0))", day + DAY)
        return {tuple(labels.get(name, "") for name in names): value for labels, value in rows}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("past")
    lines, reports, agents = asyncio.run(lived(folder))
    store_scrapes(folder, lines)
    server = PrometheusServer(folder, NOBODY)
    server.wait_awake()
    yield Past(reports, agents, server)
    server.stop()


async def lived(folder: Path) -> tuple[list[str], Reports, Reports]:
    """The scrapes of three days, and the report of each by queue and by agent."""
    engine = make_engine(f"sqlite:///{folder / 'offhook.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    store = Store(engine)
    lines = await scrapes(store, past_calls())
    reports = {day: await store.fetch_queues(day, day + DAY) for day in DAYS}
    agents = {day: await store.fetch_agents(day, day + DAY) for day in DAYS}
    await engine.dispose()
    return lines, reports, agents


async def scrapes(store: Store, calls: list[Call]) -> list[str]:
    """What Prometheus would have read, while the calls were stored in the order in which they ended."""
    waiting = sorted(calls, key=lambda call: (call.ended_at, call.call_id), reverse=True)
    totals, lines, now = Totals(), list[str](), MONDAY
    collector = KpiCollector(totals, LiveBoard())
    while now <= MONDAY + len(DAYS) * DAY:
        ended = [waiting.pop() for _ in range(sum(call.ended_at <= now for call in waiting))]  # type: ignore[operator]
        totals.add(await store.store_calls(ended))
        if now == RESTARTED_AT:
            totals = Totals()
            totals.replace(await store.fetch_totals(), await store.fetch_oddity_counts())
            collector = KpiCollector(totals, LiveBoard())
            totals.add(await store.store_calls([filled_call()], source=CallSource.FILLED))
        lines += scraped_at(now, (one for one in collector.collect() if one.name in TALLIED))
        now += SCRAPES_EVERY
    assert not waiting
    return lines


def filled_call() -> Call:
    """A call of the first day that was not seen: it is told on the second, when its hour is over."""
    return answered_call("filled", start=(MONDAY + timedelta(hours=10) - at(0)).total_seconds())


TALLIED = {
    *("offhook_calls", "offhook_calls_filled", "offhook_stays", "offhook_rings"),
    *("offhook_wait_seconds", "offhook_talk_seconds"),
    *("offhook_agent_talks", "offhook_agent_rings", "offhook_agent_talk_seconds"),
}


@pytest.mark.parametrize("day", DAYS, ids=lambda day: f"{day:%A}")
def test_calls_and_waits_by_outcome(past: Past, day: datetime) -> None:
    report = past.reports[day]
    assert sum(tally.started for tally in report.values()) > 100
    calls, filled = (past.risen(f"offhook_calls{part}_total", day, "queue, outcome") for part in ("", "_filled"))
    late = {} if day != MONDAY else {("sales", "answered"): 1.0}
    assert {key: n for key, n in filled.items() if n} == ({} if day != DAYS[1] else {("sales", "answered"): 1.0})
    shown = {key: calls.get(key, 0) + late.get(key, 0) for key in calls}
    assert shown == {
        (queue, outcome.value): report.get(queue, Tally()).calls.get(outcome, 0)
        for queue in {queue for queue, _ in calls}
        for outcome in CallOutcome
    }
    stays = past.risen("offhook_stays_total", day, "queue, outcome")
    told = {
        (queue, outcome.value): report[queue].stays.get(outcome, 0) - (late.get((queue, outcome.value), 0))
        for queue, _ in stays
        for outcome in StayOutcome
    }
    assert stays == told


@pytest.mark.parametrize("day", DAYS[1:], ids=lambda day: f"{day:%A}")
def test_histograms_are_the_reports_own(past: Past, day: datetime) -> None:
    report = past.reports[day]
    for seconds in (20, 60, 180):
        series = f'offhook_wait_seconds_bucket{{outcome="answered", le="{seconds}.0"}}'
        assert past.risen(series, day, "queue") == {
            (queue,): within(report[queue].answered_waits, seconds) for queue in report if queue
        }
    sums = past.risen('offhook_wait_seconds_sum{outcome="abandoned"}', day, "queue")
    assert sums == pytest.approx({(q,): tally.abandoned_wait_ms / 1_000 for q, tally in report.items() if q})
    talks = past.risen("offhook_talk_seconds_count", day, "queue")
    assert talks == {(queue,): tally.talks for queue, tally in report.items()}
    rings = past.risen("offhook_rings_total", day, "queue, result")
    assert rings == {(q, result): report[q].rings.get(RingResult(result), 0) for q, result in rings}
    assert sum(rings.values()) == sum(tally.rung for tally in report.values())


@pytest.mark.parametrize("day", DAYS[1:], ids=lambda day: f"{day:%A}")
def test_measures_from_counters_are_the_reports_measures(past: Past, day: datetime) -> None:
    """Service level, abandon rate and speed of answer, of each queue, as PromQL has them and as the report has."""
    measures, parameters = all_measures(), Parameters()
    answered = past.risen('offhook_wait_seconds_bucket{outcome="answered", le="20.0"}', day, "queue")
    stays = past.risen("offhook_stays_total", day, "queue, outcome")
    waited = past.risen('offhook_wait_seconds_sum{outcome="answered"}', day, "queue")
    for (queue,), in_time in answered.items():
        tally = past.reports[day][queue]
        told = {
            key: measures[key].compute(tally, parameters) for key in ("service_level_offered", "abandon_rate", "asa")
        }
        n, b = stays[queue, "answered"], stays[queue, "abandoned"]
        assert told["service_level_offered"] == in_time / (n + b)
        assert told["abandon_rate"] == b / sum(value for (name, _), value in stays.items() if name == queue)
        assert told["asa"] == pytest.approx(waited[queue,] / n)


@pytest.mark.parametrize("day", DAYS[1:], ids=lambda day: f"{day:%A}")
def test_agents_did_what_the_report_says(past: Past, day: datetime) -> None:
    talks = past.risen("offhook_agent_talks_total", day, "agent")
    talked = past.risen("offhook_agent_talk_seconds_total", day, "agent")
    rings = past.risen("offhook_agent_rings_total", day, "agent, result")
    told = past.agents[day]
    assert {agent for (agent,) in talks} >= set(told)
    for (agent,), count in talks.items():
        tally = told.get(agent, Tally())
        assert (count, talked[agent,]) == (tally.talks, pytest.approx(tally.talk_ms / 1_000))
        assert rings[agent, "missed"] == tally.rings.get(RingResult.MISSED, 0)


def test_the_report_of_the_first_day_has_the_call_that_was_filled_in(past: Past) -> None:
    live = past.risen("offhook_calls_total", MONDAY, "queue")["sales",]
    assert past.reports[MONDAY]["sales"].started == live + 1
