"""bench/kpi.py makes the tallies that the program would, and prints what it measured."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import duckdb

from bench import kpi as bench
from kpi.schema import CallSource
from kpi.summing import sums_of
from kpi.tally import TallyKey
from offhook.database import make_engine
from tests.kpi.stored import all_tallies
from tests.source import ROOT


def test_its_tallies_are_those_of_the_same_calls(tmp_path: Path) -> None:
    made = bench.make_databases(tmp_path, calls=400, queues=3, agents=6, seed=7)
    with duckdb.connect(str(made.duck), read_only=True) as duck:
        calls = bench.calls_of(duck)

    async def stored() -> dict[TallyKey, object]:
        engine = make_engine(f"sqlite:///{made.sqlite}")
        found = await all_tallies(engine)
        await engine.dispose()
        return dict(found)

    quarters, for_ever = sums_of((call, CallSource.LIVE) for call in calls)
    assert len(calls) == 400
    assert asyncio.run(stored()) == quarters | for_ever


def test_it_prints_all_contestants_for_both_periods(tmp_path: Path) -> None:
    command = [sys.executable, "bench/kpi.py", "--calls", "300", "--rounds", "1", "--folder", str(tmp_path)]
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        lines = done.stdout.splitlines()
        for name in bench.CONTESTANTS:
            assert len([line for line in lines if line.startswith(f"{name}  ")]) == 2
    assert lines[0] == "300 calls in 365 days, 20 queues, 40 agents"
    assert len(list(tmp_path.iterdir())) == 2
