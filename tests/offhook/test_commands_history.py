"""``offhook import`` as an admin types it."""

from __future__ import annotations

from pathlib import Path

from tests.kpi.importers.logged import FOLDERS
from tests.offhook.called import call
from tests.offhook.house import write_settings

S01 = FOLDERS["asterisk-22-S01"]


def test_an_unknown_kind_is_refused_with_those_there_are(tmp_path: Path) -> None:
    done = call("import", "queuelog", S01 / "queue_log", "-c", write_settings(tmp_path, 5038))
    assert done.exit_code == 2
    assert "queue-log" in done.output


def test_only_the_time_that_is_asked_for_is_read(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038)
    before = call("import", "queue-log", S01 / "queue_log", "--to", "2001-01-01", "-c", settings)
    assert before.exit_code == 0
    assert "0 calls" in before.output
    assert "1 calls" in call("import", "queue-log", S01 / "queue_log", "--anew", "-c", settings).output
