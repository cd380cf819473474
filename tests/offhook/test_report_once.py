"""From the words of a question to the numbers in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.errors import OffhookError
from kpi.batch import Batch
from kpi.store import Store
from offhook.report_once import fetch_once
from offhook.reporting.asked import Asked
from offhook.run import open_store
from offhook.settings import load_settings
from tests.kpi.calls import answered_call
from tests.offhook.house import write_settings


async def test_the_site_has_its_own_parameters_and_time(tmp_path: Path) -> None:
    more = '[kpi]\ntime_zone = "Europe/Rome"\nanswer_within_s = 5\n'
    settings = load_settings(write_settings(tmp_path, 5038, more=more))
    async with open_store(settings, tmp_path) as engine:
        await Store(engine).store(Batch(calls=(answered_call("1", wait=7),)))
    asked = Asked(period="2026-03-02", by=("hour",), measures=("offered", "service_level_offered"))
    report = await fetch_once(settings, tmp_path, asked)
    assert [(row.key, row.numbers) for row in report.rows] == [(("10:00",), (1.0, 0.0))]
    assert report.version == settings.kpi.site().version


async def test_a_version_that_never_was_is_told(tmp_path: Path) -> None:
    settings = load_settings(write_settings(tmp_path, 5038))
    with pytest.raises(OffhookError) as refused:
        await fetch_once(settings, tmp_path, Asked(version="no-such-version"))
    assert refused.value.ref.startswith("report-")
