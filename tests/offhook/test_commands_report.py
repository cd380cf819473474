"""``offhook report`` as a supervisor types it."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from kpi.batch import Batch
from kpi.store import Store
from offhook.run import open_store
from offhook.settings import load_settings
from tests.kpi.calls import abandoned_call, answered_call
from tests.offhook.called import call
from tests.offhook.house import write_settings

DAY = date(2026, 3, 2).isoformat()  # of tests.kpi.calls


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = write_settings(tmp_path, 5038)

    async def fill() -> None:
        async with open_store(load_settings(path), tmp_path) as engine:
            lost = abandoned_call("9", start=400, wait=30)
            await Store(engine).store(Batch(calls=(answered_call("1"), answered_call("2", start=100, wait=25), lost)))

    asyncio.run(fill())
    return path


def test_a_day_by_queue(settings: Path) -> None:
    done = call("report", "-p", DAY, "-m", "offered,service_level_offered,asa", "-c", settings)
    assert done.exit_code == 0
    row = next(line.split() for line in done.output.splitlines() if "sales" in line)
    assert row == ["sales", "3", "33.3", "%", "16.0", "s"]


def test_a_file_is_written_in_the_form_of_its_name(settings: Path, tmp_path: Path) -> None:
    done = call("report", "-p", DAY, "--by", "weekday,hour", "-m", "offered", "-o", tmp_path / "x.json", "-c", settings)
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "x.json").read_bytes())
    assert [row["key"] for row in told["rows"]] == [["mon", "09:00"]]
    assert (tmp_path / "x.json").stat().st_mode & 0o007 == 0


def test_to_a_pipe(settings: Path) -> None:
    done = call("report", "-p", DAY, "-f", "csv", "-m", "offered", "-c", settings)
    assert done.output.splitlines()[1:] == ["sales,3", "all,3"]


@pytest.mark.parametrize(
    ("words", "ref"),
    [
        (("-p", "someday"), "report-bad-period"),
        (("--by", "colour"), "report-bad-split"),
        (("-m", "luck"), "report-no-measure"),
    ],
)
def test_what_cannot_be_answered_is_told(settings: Path, words: tuple[str, ...], ref: str) -> None:
    done = call("report", *words, "-c", settings)
    assert done.exit_code == 2
    assert ref in done.output
