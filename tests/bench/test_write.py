"""bench/write.py runs and says what it measured."""

from __future__ import annotations

import subprocess
import sys

from tests.source import ROOT


def test_it_prints_both_and_their_ratio() -> None:
    command = [sys.executable, str(ROOT / "bench/write.py"), "--calls", "60", "--batch", "25", "--rounds", "1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["60", "bare", "store,", "store,", "ratio"]
