"""bench/kpi.py makes the tallies that the program would, and prints what it measured."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bench import kpi as bench
from kpi.schema import CallSource, TallySpan
from kpi.summing import sums_of
from kpi.tally import Tally, TallyKey
from offhook.database import make_engine
from tests.kpi.stored import all_tallies
from tests.source import ROOT


@pytest.mark.parametrize("quarters", [True, False])
def test_its_tallies_are_those_of_the_same_calls(tmp_path: Path, quarters: bool) -> None:
    made = bench.make_databases(tmp_path, calls=400, queues=3, agents=6, seed=7, quarters=quarters)
    with duckdb.connect(str(made.duck), read_only=True) as duck:
        calls = bench.calls_of(duck)

    async def stored() -> dict[TallyKey, Tally]:
        engine = make_engine(f"sqlite:///{made.sqlite}")
        found = await all_tallies(engine)
        await engine.dispose()
        return found

    of_periods, for_ever = sums_of((call, CallSource.LIVE) for call in calls)
    long = {key: tally for key, tally in of_periods.items() if key.span in (TallySpan.HOUR, TallySpan.SEVEN_DAYS)}
    assert len(calls) == 400
    assert asyncio.run(stored()) == (of_periods | for_ever if quarters else long)


def test_it_prints_all_contestants_for_both_periods(tmp_path: Path) -> None:
    command = [sys.executable, "bench/kpi.py", "--calls", "300", "--rounds", "1", "--folder", str(tmp_path)]
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        lines = done.stdout.splitlines()
        for name in bench.CONTESTANTS:
            assert len([line for line in lines if line.startswith(f"{name}  ")]) == 2
    assert lines[0] == "300 calls in 365 days, 20 queues, 40 agents"
    assert len(list(tmp_path.iterdir())) == 2
