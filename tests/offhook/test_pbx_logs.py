"""A PBX's own logs opened as the settings name them, and gaps filled from them in the running house."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import create_engine, text

from cti.errors import OffhookError
from cti.pbx.freeswitch_logs import FreeswitchLogs
from cti.pbx.log_settings import LogSettings
from cti.pbx.settings import PbxSettings
from kpi.importers.freeswitch_csv import OFFHOOK_COLUMNS
from kpi.importers.log_table import LogTable
from kpi.schema import CallSource
from offhook.pbx_logs import open_pbx_logs, zone_of
from offhook.run import Offhook
from tests.cti.link_contract import until
from tests.cti.scripted_freeswitch import PASSWORD, ScriptedFreeswitch
from tests.cti.scripted_pbx import ScriptedPbx
from tests.kpi.importers.freeswitch_logged import FOLDERS as FREESWITCH, csv_of, json_files
from tests.offhook.house import pbx_settings, settings_for


def pbx_with(**logs: object) -> PbxSettings:
    return PbxSettings(name="milan", username="offhook", logs=msgspec.convert(logs, LogSettings))


async def test_what_happens_while_the_line_is_cut_is_told_by_queue_log(tmp_path: Path) -> None:
    began, log = int(time.time()) - 30, tmp_path / "queue_log"
    log.write_text(f"{began - 5}|NONE|NONE|NONE|QUEUESTART|\n")
    async with ScriptedPbx() as pbx:
        logs = LogSettings(queue_log="queue_log", agents={"Anna Rossi": "101"}, wait_s=0)
        settings = settings_for(msgspec.structs.replace(pbx_settings(pbx), logs=logs))
        async with Offhook(settings, tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            await pbx.stop()
            await until(lambda: not house.lines[0].link.connected)
            now = int(time.time())
            with log.open("a") as file:
                file.write(
                    f"{now}|{now}.7|sales|NONE|ENTERQUEUE||+390255501|1\n"
                    f"{now}|{now}.7|sales|Anna Rossi|CONNECT|0|{now}.8|0\n"
                    f"{now}|{now}.7|sales|Anna Rossi|COMPLETEAGENT|0|0|1\n"
                )
            await pbx.listen()
            await until(lambda: any(gap.filled_from for gap in house.recorder.totals.gaps.values()))
            [gap] = [gap for gap in await house.store.fetch_gaps() if not gap.is_history]
            assert (gap.filled_from, gap.calls_filled) == ("queue_log", 1)
            (call, source), *_ = (await house.store.fetch_told("main", [f"{now}.7"])).values()
            assert (source, call.answered_by, call.queue) == (CallSource.FILLED, ("101",), "sales")
            metrics = house.metrics().decode()
            labels = 'direction="inbound",outcome="answered",pbx="main",queue="sales"'
            assert f"offhook_calls_filled_total{{{labels}}} 1.0" in metrics
            assert 'offhook_gaps_open{pbx="main"} 0.0' in metrics
            assert 'offhook_coverage_today{pbx="main"}' in metrics


def at_another_time(raw: bytes, began: int) -> bytes:
    """A record of S01 as if its call had begun then: all its instants are moved."""
    apart = began - 1795288940
    return re.sub(rb"\b1795288(9\d\d)", lambda found: b"%d" % (1795288000 + int(found[1]) + apart), raw)


async def test_what_happens_while_the_line_is_cut_is_told_by_freeswitchs_records(tmp_path: Path) -> None:
    records = tmp_path / "json_cdr"
    records.mkdir()
    async with ScriptedFreeswitch() as pbx:
        given = {"name": "main", "kind": "freeswitch", "port": pbx.port, "secret": PASSWORD, "backoff_first_s": 0.01}
        given |= {"backoff_max_s": 0.05, "logs": {"json_cdr": "json_cdr", "wait_s": 0}}
        async with Offhook(settings_for(msgspec.convert(given, PbxSettings)), tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            pbx.refused["event"] = "no keywords supplied"
            pbx.cut()
            await until(lambda: house.lines[0].link.health().attempts_failed >= 1)
            for file, raw in json_files(FREESWITCH["S01"]):
                (records / file).write_bytes(at_another_time(raw, int(time.time()) - 8))
            del pbx.refused["event"]
            await until(lambda: any(gap.filled_from for gap in house.recorder.totals.gaps.values()))
            [gap] = [gap for gap in await house.store.fetch_gaps() if not gap.is_history]
            assert (gap.filled_from, gap.calls_filled, gap.still_missing) == ("json_cdr", 1, None)
            leg = "2f620553-17cd-40d2-8331-c60f4f0f8564"
            [(call, source)] = (await house.store.fetch_told("main", [leg])).values()
            assert (source, call.answered_by, call.queue) == (CallSource.FILLED, ("101",), "sales")


async def test_files_are_beside_the_settings_and_tables_at_their_address(tmp_path: Path) -> None:
    database = tmp_path / "asteriskcdrdb.sqlite"
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE cdr (calldate DATETIME, uniqueid TEXT, channel TEXT)"))
    engine.dispose()
    milan = pbx_with(queue_log="logs/queue_log", cdr=f"sqlite:///{database}")
    rome = msgspec.structs.replace(pbx_with(), name="rome")
    turin = msgspec.structs.replace(pbx_with(cel="/var/x/cel.csv"), name="turin")
    async with open_pbx_logs([milan, rome, turin], tmp_path) as logs:
        assert sorted(logs) == ["milan", "turin"]
        queue_log, cdr = logs["milan"].sources
        assert queue_log.label == str(tmp_path / "logs/queue_log")
        assert logs["turin"].sources[0].label == "/var/x/cel.csv"
        assert isinstance(cdr, LogTable)
        assert await cdr.size() == 0


async def test_another_kind_of_pbx_has_no_logs_that_are_known(tmp_path: Path) -> None:
    other = msgspec.structs.replace(pbx_with(queue_log="x"), kind="nortel")
    async with open_pbx_logs([other], tmp_path) as logs:
        assert logs == {}


async def test_a_freeswitchs_records_are_opened_as_its_kinds_say(tmp_path: Path) -> None:
    places = {"json_cdr": "json", "xml_cdr": "xml", "cdr_csv": "Master.csv", "v_xml_cdr": "sqlite:///x.sqlite"}
    given = {"name": "milan", "kind": "freeswitch", "logs": places}
    pbx = msgspec.convert(given, PbxSettings)
    async with open_pbx_logs([pbx], tmp_path) as logs:
        kinds = {source.kind: type(source).__name__ for source in logs["milan"].sources}
        assert isinstance(logs["milan"].teller, FreeswitchLogs)
    assert kinds == {
        "cdr_csv": "LogFile", "json_cdr": "LegFolder", "xml_cdr": "LegFolder", "v_xml_cdr": "FusionPbxTable"
    }  # fmt: skip


async def test_a_freeswitchs_gap_is_told_by_its_records(tmp_path: Path) -> None:
    """The files lie there as mod_json_cdr writes them; quotes in a caller's name end no line of mod_cdr_csv's."""
    names = ("S08", "S18", "S18b")
    for name in names:
        for file, raw in json_files(FREESWITCH[name]):
            (tmp_path / file).write_bytes(raw)
    lines = b"".join(csv_of(raw, OFFHOOK_COLUMNS) for name in names for _, raw in json_files(FREESWITCH[name]))
    (tmp_path / "Master.csv").write_bytes(lines)
    for places in ({"json_cdr": str(tmp_path)}, {"cdr_csv": "Master.csv"}):
        pbx = msgspec.convert({"name": "milan", "kind": "freeswitch", "logs": places}, PbxSettings)
        async with open_pbx_logs([pbx], tmp_path) as logs:
            since, until = (datetime(2026, 11, day, tzinfo=UTC) for day in (21, 22))
            told = [call async for calls in logs["milan"].tell(since, until) for call in calls]
            assert logs["milan"].missing is None
            assert [source.bad.count for source in logs["milan"].sources] == [0]
        assert sorted(call.caller.number or "" for call in told) == ["+331422781027", "+331422781071", "+442079460018"]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("oracle://h/x", "oracle is not supported"),
        ("mysql://h", "names no database"),
        ("://", "no database's address"),
    ],
)
async def test_an_address_that_is_none_is_said_without_the_password(tmp_path: Path, place: str, why: str) -> None:
    with pytest.raises(OffhookError, match=why) as raised:
        async with open_pbx_logs([pbx_with(cdr=place, password="hunter2")], tmp_path):
            pass
    assert raised.value.ref == "logs-bad-address"
    assert "hunter2" not in str(raised.value)


def test_the_zone_is_the_settings_or_the_machines() -> None:
    assert zone_of(LogSettings(time_zone="Asia/Kolkata")) == ZoneInfo("Asia/Kolkata")
    assert zone_of(LogSettings()) is not None
