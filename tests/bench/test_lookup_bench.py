"""The bench of look-ups measures what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench import lookup

ROOT = Path(__file__).parents[2]


def test_a_short_run_measures_all_contestants_and_each_call_is_answered() -> None:
    command = [sys.executable, "bench/lookup.py", "--per-second", "40", "--seconds", "1", "--crm-ms", "50"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    lines = {name: line for name in lookup.CONTESTANTS for line in done.stdout.splitlines() if line.startswith(name)}
    assert set(lines) == set(lookup.CONTESTANTS)
    assert " 100% " in lines[lookup.SLOW]
    assert " 0% " in lines[lookup.DEAF]
    assert " 0% " in lines[lookup.BROKEN]


def test_the_report_tells_the_ratio_to_no_crm() -> None:
    plain = lookup.Outcome(p50_ms=0.5, p99_ms=2.0, late_s=0.0, answered=0.0, lookup_p50_s=0.0)
    slow = plain._replace(p50_ms=0.6, answered=1.0, lookup_p50_s=0.5)
    lines = "\n".join(lookup.report({lookup.NONE: plain, lookup.SLOW: slow}, 200, 0.3))
    assert "slow CRM                     0.60 ms   2.00 ms      1.20      100%      0.50 s" in lines


def test_the_median_is_told_by_the_end_of_its_class() -> None:
    assert lookup.median_of([0, 0, 0, 0, 0, 0, 9, 1]) == 0.5
    assert lookup.median_of([]) == 0.0
