"""``offhook replay`` as an admin uses it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.offhook.called import call
from tests.offhook.house import RECORDINGS


def test_replay_tells_calls_as_json() -> None:
    result = call("replay", "--json", RECORDINGS / "S01")
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert [row["outcome"] for row in rows if row["type"] == "call"] == ["answered"]


def test_replay_of_something_else_says_so(tmp_path: Path) -> None:
    result = call("replay", "--json", tmp_path)
    assert result.exit_code == 2
    assert "ref: recording-missing" in result.stderr
    assert result.stdout == ""
