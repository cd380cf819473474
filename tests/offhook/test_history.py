"""``offhook import``, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kpi.importers.importing import Imported
from kpi.importers.source import BadLine
from offhook.history import report_lines
from offhook.main import app
from tests.kpi.importers.logged import FOLDERS
from tests.offhook.house import write_settings

S01 = FOLDERS["asterisk-22-S01"]


def typed(tmp_path: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["import", *words, "-c", str(write_settings(tmp_path, 5038))])
    return done.exit_code, done.output


def test_a_queue_log_with_its_records_is_imported(tmp_path: Path) -> None:
    status, output = typed(tmp_path, "queue-log", str(S01 / "queue_log"), "--cdr", str(S01 / "cdr.csv"))
    assert status == 0
    assert "1 calls" in output
    again = typed(tmp_path, "queue-log", str(S01 / "queue_log"), "--cdr", str(S01 / "cdr.csv"))[1]
    assert "0 lines read, 0 of them bad; 0 calls" in again


@pytest.mark.parametrize(
    ("kind", "source", "ref"),
    [("cdr", "/nowhere/Master.csv", "logs-unreadable"), ("asteriskcdrdb", "Master.csv", "logs-bad-address")],
)
def test_what_cannot_be_imported_is_said(tmp_path: Path, kind: str, source: str, ref: str) -> None:
    status, output = typed(tmp_path, kind, source)
    assert status == 2
    assert ref in output


def test_a_database_without_the_tables_is_said(tmp_path: Path) -> None:
    status, output = typed(tmp_path, "asteriskcdrdb", f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert (status, "import-no-tables" in output) == (2, True)


def test_bad_lines_come_first_and_not_without_end() -> None:
    bad = tuple(BadLine("queue_log\x1b", n, n, "it has no event") for n in range(60))
    done = Imported(lines=99, calls=3, spans=1, bad_lines=60, bad=bad, covers_from=None, covers_to=None)
    lines = list(report_lines(done))
    assert lines[0] == "queue_log?: line 0: it has no event"
    assert lines[50:] == [
        "... and 10 more bad lines",
        "99 lines read, 60 of them bad; 3 calls and 1 log-ins and pauses stored",
    ]
