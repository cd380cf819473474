"""What ``offhook check`` finds beyond the settings file itself."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from crm_bridge.settings import CrmSettings, SourceSettings
from cti.journal import JournalSettings
from cti.pbx.settings import PbxSettings
from offhook.check import Report, examine
from offhook.database import StoreSettings, make_engine, migrate
from offhook.settings import Settings
from tests.cti.scripted_freeswitch import PASSWORD, ScriptedFreeswitch
from tests.cti.scripted_pbx import ScriptedPbx, message
from tests.offhook.house import pbx_settings

PBX = PbxSettings(name="main", username="offhook", secret="x")


def refs(report: Report) -> list[str]:
    return [problem.ref for problem in report.problems]


def line(report: Report, subject: str) -> str:
    return dict(report.lines)[subject]


async def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    report = await examine(Settings(pbx=(PBX,)), tmp_path)
    assert refs(report) == []
    assert line(report, "store") == "sqlite:///offhook.sqlite, not there yet: made at the first start"
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_the_store_is_told_with_its_schema(tmp_path: Path) -> None:
    engine = make_engine("sqlite:///offhook.sqlite", beside=tmp_path)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("CREATE TABLE t (x INTEGER)")
    assert line(await examine(Settings(pbx=(PBX,)), tmp_path), "store").endswith(
        "empty: its tables are made at the next start"
    )
    revision = await migrate(engine)
    assert line(await examine(Settings(pbx=(PBX,)), tmp_path), "store").endswith(f"schema {revision}")
    await engine.dispose()


@pytest.mark.parametrize("url", ["sqlite:///none/offhook.sqlite", "postgresql://u:s3cret@127.0.0.1:1/x"])
async def test_a_store_that_cannot_be_used(tmp_path: Path, url: str) -> None:
    report = await examine(Settings(pbx=(PBX,), store=StoreSettings(url=url)), tmp_path)
    assert refs(report) == ["store-unreachable"]
    assert "s3cret" not in str(report.problems) + str(report.lines)


@pytest.mark.parametrize(
    ("values", "ref"),
    [
        ({"kind": "asterix"}, "pbx-unknown-kind"),
        ({"driver": "nativ"}, "link-unknown-driver"),
        ({"secret": None}, "link-no-secret"),
        ({"tls": True, "tls_ca_file": "/none.pem"}, "link-tls-ca-file"),
    ],
)
async def test_a_pbx_that_cannot_be_watched(tmp_path: Path, values: dict[str, object], ref: str) -> None:
    pbx = PbxSettings(**{"name": "main", "username": "offhook", "secret": "x", **values})  # type: ignore[arg-type]
    assert refs(await examine(Settings(pbx=(pbx,)), tmp_path)) == [ref]


async def test_a_freeswitch_with_the_password_that_it_comes_with_is_warned_of(tmp_path: Path) -> None:
    pbx = PbxSettings(name="main", kind="freeswitch", secret="ClueCon")
    report = await examine(Settings(pbx=(pbx,)), tmp_path)
    assert refs(report) == []
    assert line(report, "PBX main").startswith("freeswitch at 127.0.0.1:8021, driver native, WARNING: with ")
    other = await examine(Settings(pbx=(msgspec.structs.replace(pbx, secret="x"),)), tmp_path)
    assert line(other, "PBX main") == "freeswitch at 127.0.0.1:8021, driver native"


async def test_a_freeswitch_is_asked_and_its_own_files_are_named(tmp_path: Path) -> None:
    async with ScriptedFreeswitch() as good:
        pbx = PbxSettings(name="main", kind="freeswitch", port=good.port, secret=PASSWORD)
        wrong = msgspec.structs.replace(pbx, name="wrong", secret="wrong")
        report = await examine(Settings(pbx=(pbx, wrong)), tmp_path, connect=True)
    assert refs(report) == ["link-login-refused"]
    assert "event_socket.conf.xml" in report.problems[0].hint
    assert line(report, "PBX main").endswith("logged in")


async def test_sources_are_looked_at(tmp_path: Path) -> None:
    odoo = SourceSettings(name="c", kind="odoo", options={"url": "https://odoo.example.com", "database": "prod"})
    wrong = (SourceSettings(name="a", kind="bok"), SourceSettings(name="b", options={"x": 1}), odoo)
    report = await examine(Settings(pbx=(PBX,), crm=CrmSettings(sources=wrong)), tmp_path)
    assert refs(report)[0] == "crm-unknown-kind"
    assert [problem.what for problem in report.problems if problem.ref == "crm-options"] == [
        "the options of the source 'b' do not fit",
        "the options of the source 'c' lack token",
    ]


async def test_each_pbx_is_asked_once_when_told_to(tmp_path: Path) -> None:
    async with ScriptedPbx() as good, ScriptedPbx() as bad:
        pbxs = (pbx_settings(good, "good"), pbx_settings(bad, "bad", "wrong"))
        report = await examine(Settings(pbx=pbxs), tmp_path, connect=True)
        assert refs(report) == ["link-login-refused"]
        assert line(report, "PBX good").endswith("logged in")
        assert len(bad.asked("Login")) == len(good.asked("Login")) == len(good.asked("Logoff")) == 1


async def test_the_journal_is_told_and_its_folder_is_not_made(tmp_path: Path) -> None:
    report = await examine(Settings(pbx=(PBX,)), tmp_path)
    assert line(report, "journal") == f"in {tmp_path / 'journal'}, made at the first start, for 14 days"
    off = Settings(pbx=(PBX,), journal=JournalSettings(enabled=False))
    assert line(await examine(off, tmp_path), "journal").startswith("none: ")


async def test_a_journal_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file is in the way")
    report = await examine(Settings(pbx=(PBX,)), tmp_path)
    assert refs(report) == ["journal-no-folder"]
    assert report.problems[0].why == f"{tmp_path / 'journal'} is no folder"


async def test_a_manager_user_who_may_not_ask_is_told_what_he_lacks(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        pbx.answers["Status"] = lambda fields: message(
            "Response: Error", f"ActionID: {fields['ActionID']}", "Message: Permission denied"
        )
        report = await examine(Settings(pbx=(pbx_settings(pbx, "main"),)), tmp_path, connect=True)
    assert refs(report) == ["pbx-rights"]
    assert "write = reporting" in report.problems[0].hint
