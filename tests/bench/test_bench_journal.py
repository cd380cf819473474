"""The journal's bench as a program."""

from __future__ import annotations

import subprocess
import sys

from tests.source import ROOT


def test_it_tells_what_both_ways_cost() -> None:
    command = [sys.executable, ROOT / "bench/journal.py", "--seconds", "0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    head, *rows = done.stdout.splitlines()
    assert head.split()[-4:] == ["median", "p99", "p99.9", "worst"]
    assert len(rows) == 2
    for row in rows:
        costs = [float(cost) for cost in row.split()[-4:]]
        assert 0 < costs[0] <= costs[1] <= costs[2]
        assert costs[3] > 0
