"""The bench of matches measures what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench import match

ROOT = Path(__file__).parents[2]


def test_a_short_run_finds_every_number_and_measures_all_contestants() -> None:
    command = [sys.executable, "bench/match.py", "--customers", "500", "--lookups", "20", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "500 customers"
    for name in (match.BARE, match.ERRAND, match.FIND):
        (line,) = [one for one in lines if one.startswith(name)]
        assert line.count(" ms") == 2


def test_the_report_tells_the_ratio_to_the_bare_select() -> None:
    outcomes = {match.BARE: match.Outcome(0.01, 0.02), match.FIND: match.Outcome(0.3, 0.8)}
    lines = match.report(outcomes, 1_000_000)
    assert lines[0] == "1,000,000 customers"
    assert lines[-1].split()[-6:] == ["0.300", "ms", "0.800", "ms", "30.0", "40.0"]


def test_a_number_of_the_bench_is_one_that_a_pbx_may_send() -> None:
    assert match.parse_number(match.key_of(7), "IT").key == match.key_of(7)
