"""A recording on the terminal: for programs and for people, with a hostile caller in it."""

from __future__ import annotations

import json

import pytest

from offhook.replay_report import print_json, print_table
from tests.offhook.house import RECORDINGS


def test_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(RECORDINGS / "S12")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [row["type"] for row in rows]
    assert kinds == sorted(kinds, key=["call", "agent_state"].index)
    assert "call" in kinds


def test_the_table_has_whole_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(RECORDINGS / "S01")
    out = capsys.readouterr().out
    assert "+393331234501" in out
    assert "answered" in out


def test_a_hostile_caller_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(RECORDINGS / "S18")
    out = capsys.readouterr().out
    assert all(mark.isprintable() or mark == "\n" for mark in out)
