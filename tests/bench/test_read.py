"""The bench measures what it says: repetitions do not meet, each contestant reads all, the ratios are those printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import read

ROOT = Path(__file__).parents[2]


def test_each_repetition_has_calls_of_its_own_and_is_as_long() -> None:
    once = read.recorded_events()
    again = read.with_own_ids(once, 1)
    assert len(again) == len(once)
    assert again.count(read.END) == once.count(read.END)
    calls = read.count_calls(once)
    assert calls >= 300
    assert read.count_calls(once + again + read.with_own_ids(once, 2)) == 3 * calls


def test_a_short_run_measures_all_contestants() -> None:
    command = [sys.executable, "bench/read.py", "--repetitions", "1", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    for name in read.CONTESTANTS:
        assert any(line.startswith(name) for line in done.stdout.splitlines()), name
    assert "ours / panoramisk" in done.stdout


def test_the_report_tells_ratios_and_stages() -> None:
    rates = dict.fromkeys(read.CONTESTANTS, 100_000.0) | {read.PANORAMISK: 25_000.0, read.SPLIT: 400_000.0}
    lines = "\n".join(read.report(rates))
    assert "ours / panoramisk   4.00" in lines
    assert "ours / bare split   0.25" in lines
    assert "tracker               0.00" in lines


@pytest.mark.parametrize(
    "text", [b"1763759564.12", b"PJSIP/101-0000003d\r\n", b"Local/103@agents-00000012;1", b"Uniqueid: 1763759564.7\r\n"]
)
def test_ids_are_made_anew(text: bytes) -> None:
    assert read.with_own_ids(text, 0) == text
    assert len({read.with_own_ids(text, repetition) for repetition in range(50)}) == 50
