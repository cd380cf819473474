"""The bench of the quality report measures what it says."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from bench import quality

ROOT = Path(__file__).parents[2]


def test_as_many_are_there_twice_as_is_said() -> None:
    made = list(quality.people(500))
    assert len(made) == 500
    assert len(made) - len(set(made)) == 0
    assert sum(one.name[:-1] == other.name for one, other in pairwise(made)) == 500 // quality.TWICE - 1


def test_the_duplicates_that_were_made_are_told(tmp_path: Path) -> None:
    outcome = asyncio.run(quality.measure(1_500, tmp_path))
    assert outcome.customers == 1_500
    assert outcome.told >= outcome.made > 20


def test_a_short_run_prints_each_size() -> None:
    command = [sys.executable, "bench/quality.py", "--customers", "300", "600"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["customers", "300", "600"]
    assert lines[1].endswith("x   1.00 x   1.00")
