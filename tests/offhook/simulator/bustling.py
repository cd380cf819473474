"""Random traffic on a simulated PBX of either kind, watched from its first call until the last has ended."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from cti.model import Party
from offhook.simulator.people import Public, name, numbers
from offhook.simulator.plant import SitePlan, Temper
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic
from tests.offhook.simulator.told import SimulatedPbx, Watched

STARTED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
QUIET = Traffic(calls_per_hour=250.0, talk_median_s=60.0, break_every_s=1200.0, break_median_s=120.0)
BUSY = Traffic(calls_per_hour=900.0, talk_median_s=50.0, break_every_s=1200.0, break_median_s=120.0)


def public(seed: int) -> Public:
    rng = random.Random(seed)
    unused = numbers(rng)
    return Public(rng, [Party(next(unused), name(rng)) for _ in range(60)])


def bustling(
    make: type[SimulatedPbx], seed: int, traffic: Traffic, plan: SitePlan = DEMO, temper: Temper | None = None
) -> tuple[Watched[SimulatedPbx], Bustle]:
    """A PBX of this kind whose staff has logged in, with the first calls on their way."""
    plant = make(plan, seed=seed, started_at=STARTED_AT, temper=temper)
    bustle = Bustle(plant, public(seed), traffic, seed=seed)
    plant.staff_logs_in()
    bustle.begin()
    return Watched(plant), bustle


def until_quiet(watched: Watched[SimulatedPbx], bustle: Bustle, seconds: float) -> None:
    """So many seconds of traffic, and after them time for the last calls to end."""
    watched.run(seconds)
    bustle.stop()
    watched.run(seconds + 20_000.0)
