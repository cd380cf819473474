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


def test_the_queues_figure_is_shown_where_it_differs(capsys: pytest.CaptureFixture[str]) -> None:
    """After a transfer behind a Local channel the queue charges the first agent with the second one's talk."""
    print_table(RECORDINGS / "S08")
    assert "103 3 s (support says 10 s)" in capsys.readouterr().out
    print_table(RECORDINGS / "S11")
    assert "says" not in capsys.readouterr().out, "hold is talk to a queue"


def test_both_figures_are_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(RECORDINGS / "S08")
    call = json.loads(capsys.readouterr().out.splitlines()[0])
    assert [(talk["agent"], round(talk["talk_s"], 1), talk["queue_talk_s"]) for talk in call["talks"]] == [
        ("103", 3.5, 10),
        ("101", 4.5, None),
    ]
    (stay,) = call["stays"]
    assert (stay["queue"], stay["outcome"], stay["agent"]) == ("support", "answered", "103")
