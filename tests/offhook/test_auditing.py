"""``offhook audit`` and ``offhook oddities``, as typed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from cti.model import Call, Oddity, Origin
from kpi.batch import Batch, NumberedOddity
from kpi.store import Store
from offhook.main import app
from offhook.run import open_store
from offhook.settings import load_settings
from tests.kpi.cut_stream import really
from tests.kpi.importers.logged import FOLDERS
from tests.offhook.house import write_settings

NAME = "asterisk-22-S02"


def settings_with_logs(folder: Path) -> Path:
    place = FOLDERS[NAME]
    files = "".join(f'{kind} = "{place / file}"\n' for kind, file in (("queue_log", "queue_log"), ("cel", "cel.csv")))
    path = write_settings(folder, 5038)
    text = path.read_text().replace("[web]", f'[pbx.logs]\ntime_zone = "UTC"\n{files}[web]')
    path.write_text(text)
    return path


def fill(config: Path, batch: Batch) -> None:
    async def work() -> None:
        async with open_store(load_settings(config), config.parent) as engine:
            await Store(engine).store(batch)

    asyncio.run(work())


def typed(config: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "-c", str(config)])
    return done.exit_code, done.output


def of_main() -> list[Call]:
    return [msgspec.structs.replace(call, pbx="main") for call in really(NAME).values()]


def test_a_day_that_is_right_has_status_0(tmp_path: Path) -> None:
    config = settings_with_logs(tmp_path)
    fill(config, Batch(calls=tuple(of_main())))
    status, output = typed(config, "audit", "--day", "2026-11-21")
    assert status == 0
    assert "1 calls compared" in output
    assert "0 differences unexplained" in output


def test_a_call_that_is_missing_has_status_1_and_is_named(tmp_path: Path) -> None:
    config = settings_with_logs(tmp_path)
    status, output = typed(config, "audit", "--day", "2026-11-21")
    assert status == 1
    assert of_main()[0].call_id in output
    assert "not explained" in output


def test_without_logs_there_is_nothing_to_hold_against(tmp_path: Path) -> None:
    status, output = typed(write_settings(tmp_path, 5038), "audit")
    assert (status, "audit-no-logs" in output) == (2, True)
    assert "name queue_log, cdr or cel in" in output
    config = write_settings(tmp_path, 8021)
    config.write_text(config.read_text().replace("[[pbx]]", '[[pbx]]\nkind = "freeswitch"', 1))
    assert "name cdr_csv, json_cdr, xml_cdr or v_xml_cdr in" in typed(config, "audit")[1]


def test_oddities_are_listed_by_kind_with_the_latest(tmp_path: Path) -> None:
    config = write_settings(tmp_path, 5038)
    assert "none" in typed(config, "oddities")[1]
    found = [
        NumberedOddity(Oddity("leg-arrow", f"what\x1b {n}", datetime(2026, 3, 2, 9, n, tzinfo=UTC), origin))
        for n, origin in enumerate(Origin("main", "s1", place, "Hangup") for place in range(3))
    ]
    fill(config, Batch(oddities=tuple(found)))
    output = typed(config, "oddities")[1]
    assert "leg-arrow" in output
    assert "s1 @ 2" in output
    assert "\x1b" not in output
    assert "none" in typed(config, "oddities", "--since", "2026-03-03")[1]
