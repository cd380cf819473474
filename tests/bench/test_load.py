"""The load generator as a program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_serves_its_calls_and_writes_what_really_happened(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    wanted = ["--agents=30", "--queues=4", "--calls-per-second=1", "--speed=30", "--seconds=2", "--talk-s=5"]
    command = [sys.executable, str(ROOT / "bench" / "load.py"), "--probe", f"--truth={truth}", *wanted]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert (ended.returncode, ended.stderr) == (0, "")
    calls = json.loads(truth.read_text())["calls"]
    assert len(calls) > 20
    assert f"{len(calls)} calls" in ended.stdout
    assert "0 clients dropped" in ended.stdout
