"""A set number of calls within a set time."""

from __future__ import annotations

import pytest

from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.plant import Plant
from offhook.simulator.rush import Rush
from offhook.simulator.sites import DEMO
from tests.offhook.simulator.bustling import STARTED_AT, public
from tests.offhook.simulator.told import Watched

BOTH = pytest.mark.parametrize("make", [Plant, FreeswitchPlant], ids=["asterisk", "freeswitch"])
Make = type[Plant] | type[FreeswitchPlant]


def rushed(
    make: Make, *, calls: int, seconds: float, seed: int
) -> tuple[Watched[Plant] | Watched[FreeswitchPlant], Rush]:
    plant = make(DEMO, seed=seed, started_at=STARTED_AT)
    plant.staff_logs_in()
    return Watched(plant), Rush(plant, public(seed), calls=calls, seconds=seconds, seed=seed)


@BOTH
def test_so_many_calls_come_in_that_time_and_all_end(make: Make) -> None:
    watched, rush = rushed(make, calls=80, seconds=40.0, seed=3)
    rush.begin()
    watched.run(20.0)
    assert 20 < rush.begun < 60
    assert not rush.over
    watched.run(40.0)
    assert rush.begun == 80
    watched.run(4000.0)
    assert rush.over
    assert len(watched.plant.truth.calls) == 80
    assert watched.differences() == []


@BOTH
def test_one_seed_gives_the_same_calls(make: Make) -> None:
    runs = []
    for _ in range(2):
        watched, rush = rushed(make, calls=30, seconds=10.0, seed=5)
        rush.begin()
        watched.run(2000.0)
        runs.append([(call.uniqueid, call.outcome, call.ended_at) for call in watched.plant.truth.calls])
    assert runs[0] == runs[1]
