"""A real Prometheus scrapes the house while calls come, over a restart: counters rise by what is stored."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cti.pbx.settings import PbxSettings
from kpi.histogram import within
from kpi.tally import Tally, total
from offhook.run import Offhook
from offhook.settings import Settings
from offhook.simulator.people import Public
from offhook.simulator.plant import Plant
from offhook.simulator.server import AmiServer
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic
from offhook.web.security import WebSettings
from tests.cti.link_contract import until
from tests.pbx.lab.processes import free_port
from tests.prometheus.server import PrometheusServer

PBX = "demo"
BOUND_S = 60.0
SERIES = {
    "calls": 'offhook_calls_total{queue!=""}',
    "answered": 'offhook_stays_total{outcome="answered"}',
    "abandoned": 'offhook_stays_total{outcome="abandoned"}',
    "in time": 'offhook_wait_seconds_bucket{outcome="answered", le="20.0"}',
    "talks": 'offhook_talk_seconds_count{queue!=""}',
}


async def until_told(ask: Callable[[], object]) -> None:
    """Wait until what is asked of Prometheus, in a thread, is true."""
    async with asyncio.timeout(BOUND_S):
        while not await asyncio.to_thread(ask):  # noqa: ASYNC110  another program's word
            await asyncio.sleep(0.1)


@asynccontextmanager
async def house(folder: Path, ami: AmiServer, port: int) -> AsyncIterator[Offhook]:
    pbx = PbxSettings(name=PBX, port=ami.port, username="demo", secret="a secret", trunks=["trunk"])
    settings = Settings(pbx=(pbx,), web=WebSettings(listen=f"127.0.0.1:{port}"))
    async with Offhook(settings, folder) as one:
        await until(lambda: one.lines[0].link.connected and not one.recorder.backlog)
        yield one


async def some_calls(ami: AmiServer, plant: Plant, one: Offhook, seed: int) -> None:
    """A wave of calls at thirty times the speed of life, up to the last hang-up."""
    before = len(plant.truth.calls)
    traffic = Traffic(calls_per_hour=1_800.0, talk_median_s=20.0)
    bustle = Bustle(plant, Public(random.Random(seed), []), traffic, seed=seed)
    bustle.begin()
    ami.speed = 30.0
    await until(lambda: len(plant.truth.calls) > before + 25, BOUND_S)
    bustle.stop()
    ami.speed = 200.0
    await until(lambda: plant.open_calls == 0, BOUND_S)
    ami.speed = 0.0
    await until(lambda: one.recorder.stored >= len(plant.truth.calls) - before and not one.recorder.backlog, BOUND_S)


async def scraped(prometheus: PrometheusServer) -> float:
    """The instant of a scrape that began after now."""
    now = time.time()
    await until_told(lambda: (prometheus.value("min(timestamp(offhook_calls_total))") or 0) > now)
    return prometheus.value("min(timestamp(offhook_calls_total))") or 0


async def report(one: Offhook) -> Tally:
    """All that the store has of queues."""
    since = datetime(2000, 1, 1, tzinfo=UTC)
    queues = await one.store.fetch_queues(since, datetime.now(UTC) + timedelta(days=1))
    return total(tally for queue, tally in queues.items() if queue)


def risen(prometheus: PrometheusServer, series: str, before: float, after: float) -> float | None:
    return prometheus.value(f"sum({series} @ {after}) - (sum({series} @ {before}) or vector(0))")


async def test_counters_rise_by_the_report_over_a_restart(tmp_path: Path) -> None:
    plant = Plant(DEMO, seed=9, started_at=datetime.now(UTC))
    plant.staff_logs_in()
    port = free_port()
    prometheus = PrometheusServer(tmp_path, f"127.0.0.1:{port}")
    try:
        async with AmiServer(plant, "demo", "a secret", speed=0.0) as ami:
            async with house(tmp_path, ami, port) as one:
                await some_calls(ami, plant, one, 1)
                before, told_before = await scraped(prometheus), await report(one)
            async with house(tmp_path, ami, port) as one:
                await some_calls(ami, plant, one, 2)
                after, told_after = await scraped(prometheus), await report(one)
        asked = {name: risen(prometheus, series, before, after) for name, series in SERIES.items()}
        resets = prometheus.value("sum(resets(offhook_calls_total[10m]))")
    finally:
        prometheus.stop()
    assert asked == {
        "calls": told_after.started - told_before.started,
        "answered": told_after.answered - told_before.answered,
        "abandoned": told_after.abandoned - told_before.abandoned,
        "in time": within(told_after.answered_waits, 20) - within(told_before.answered_waits, 20),
        "talks": told_after.talks - told_before.talks,
    }
    assert min(asked["calls"] or 0, asked["answered"] or 0) > 5
    assert resets == 0
