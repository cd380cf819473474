"""``offhook import``, as typed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kpi.importers.importing import Imported
from kpi.importers.source import BadLine
from offhook.history import kinds_at, report_lines
from offhook.main import app
from tests.kpi.importers.freeswitch_logged import FOLDERS as FREESWITCH, json_files
from tests.kpi.importers.logged import FOLDERS
from tests.offhook.house import write_settings

S01 = FOLDERS["asterisk-22-S01"]


def typed(tmp_path: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["import", *words, "-c", str(write_settings(tmp_path, 5038))])
    return done.exit_code, done.output


@pytest.mark.parametrize("deep", [0, 20])
def test_a_queue_log_with_its_records_is_imported_and_once_only(tmp_path: Path, deep: int) -> None:
    folder = tmp_path.joinpath(*["var-log-asterisk"] * deep, "logs")
    shutil.copytree(S01, folder)
    words = "queue-log", str(folder / "queue_log"), "--cdr", str(folder / "cdr.csv")
    status, output = typed(tmp_path, *words)
    assert (status, "1 calls" in output) == (0, True)
    assert "0 lines read, 0 of them bad; 0 calls" in typed(tmp_path, *words)[1]


@pytest.mark.parametrize(
    ("kind", "source", "ref"),
    [("cdr", "/nowhere/Master.csv", "logs-unreadable"), ("asteriskcdrdb", "Master.csv", "logs-bad-address")],
)
def test_what_cannot_be_imported_is_said(tmp_path: Path, kind: str, source: str, ref: str) -> None:
    status, output = typed(tmp_path, kind, source)
    assert status == 2
    assert ref in output


def freeswitch_settings(tmp_path: Path) -> Path:
    path = write_settings(tmp_path, 5038)
    path.write_text(path.read_text().replace("[[pbx]]", '[[pbx]]\nkind = "freeswitch"', 1))
    return path


def test_a_freeswitchs_records_are_imported_and_once_only(tmp_path: Path) -> None:
    config, records = str(freeswitch_settings(tmp_path)), tmp_path / "records"
    records.mkdir()
    for file, raw in [one for name in ("S01", "S08", "S09") for one in json_files(FREESWITCH[name])]:
        (records / file).write_bytes(raw)
    (records / "cut.json").write_bytes(raw[:99])
    for stored in ("3 calls", "0 calls"):
        done = CliRunner().invoke(app, ["import", "freeswitch-cdr", str(records), "-c", config])
        assert done.exit_code == 0, done.output
        assert "cut.json: byte 0: it is no JSON object" in done.output.replace("\n", "")
        assert f"{stored} and 0 log-ins" in done.output


@pytest.mark.parametrize(("source", "ref"), [("records", "import-no-records"), ("Master.csv", "logs-unreadable")])
def test_records_that_are_not_there_are_said(tmp_path: Path, source: str, ref: str) -> None:
    (tmp_path / "records").mkdir()
    words = ["import", "freeswitch-cdr", str(tmp_path / source), "-c", str(freeswitch_settings(tmp_path))]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, ref in done.output) == (2, True)


def test_another_kind_of_pbxs_log_is_refused(tmp_path: Path) -> None:
    status, output = typed(tmp_path, "freeswitch-cdr", str(tmp_path))
    assert (status, "import-unknown-kind" in output) == (2, True)


async def test_what_lies_at_a_place_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "a.cdr.xml").write_text("<cdr/>")
    assert await kinds_at(str(tmp_path)) == ["xml_cdr"]
    assert await kinds_at(str(tmp_path / "Master.csv")) == ["cdr_csv"]
    assert await kinds_at("postgresql://u@h/fusionpbx") == ["v_xml_cdr"]


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
