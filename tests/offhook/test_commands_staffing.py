"""``offhook staffing`` as a supervisor types it."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path

import pytest

from kpi.batch import Batch
from kpi.store import Store
from offhook.run import open_store
from offhook.settings import load_settings
from tests.kpi.calls import answered_call
from tests.offhook.called import call
from tests.offhook.house import write_settings


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = write_settings(tmp_path, 5038, more='[kpi]\ntime_zone = "UTC"\n')
    calls = tuple(answered_call(str(n), start=n * 15, talk=180) for n in range(100))

    async def fill() -> None:
        async with open_store(load_settings(path), tmp_path) as engine:
            await Store(engine).store(Batch(calls=calls))

    asyncio.run(fill())
    return path


def test_a_week_at_a_glance(settings: Path) -> None:
    done = call("staffing", "--from", "2026-W11", "-c", settings)
    assert done.exit_code == 0, done.output
    assert "14 (100.0)" in done.output
    assert "80% within 20 s" in done.output


def test_every_half_hour_for_a_spreadsheet(settings: Path) -> None:
    done = call("staffing", "--from", "2026-03-09", "--shrinkage", "30", "--csv", "-c", settings)
    (row,) = csv.DictReader(io.StringIO(done.output))
    assert (row["starts_at"], row["agents"], row["scheduled"]) == ("2026-03-09T09:00:00+00:00", "14", "20")


@pytest.mark.parametrize(
    ("words", "ref"),
    [
        (("--target", "100/20", "--from", "2026-03-09"), "staffing-bad-target"),
        (("--from", "soon"), "staffing-bad-date"),
        (("--from", "2020-W10"), "staffing-no-history"),
    ],
)
def test_what_cannot_be_planned_is_told(settings: Path, words: tuple[str, ...], ref: str) -> None:
    done = call("staffing", *words, "-c", settings)
    assert done.exit_code == 2
    assert ref in done.output
