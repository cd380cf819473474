"""What ``offhook check`` finds beyond the settings file itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crm_bridge.settings import CrmSettings, SourceSettings
from cti.pbx.settings import PbxSettings
from offhook.check import Report, examine
from offhook.database import StoreSettings, make_engine, migrate
from offhook.settings import Settings
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import pbx_settings
from tests.pbx.lab.processes import free_port

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


@pytest.mark.parametrize("url", ["sqlite:///none/offhook.sqlite", f"postgresql://u:s3cret@127.0.0.1:{free_port()}/x"])
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


async def test_sources_are_looked_at(tmp_path: Path) -> None:
    wrong = (SourceSettings(name="a", kind="bok"), SourceSettings(name="b", options={"x": 1}))
    report = await examine(Settings(pbx=(PBX,), crm=CrmSettings(sources=wrong)), tmp_path)
    assert refs(report)[0] == "crm-unknown-kind"


async def test_each_pbx_is_asked_once_when_told_to(tmp_path: Path) -> None:
    async with ScriptedPbx() as good, ScriptedPbx() as bad:
        pbxs = (pbx_settings(good, "good"), pbx_settings(bad, "bad", "wrong"))
        report = await examine(Settings(pbx=pbxs), tmp_path, connect=True)
        assert refs(report) == ["link-login-refused"]
        assert line(report, "PBX good").endswith("logged in")
        assert len(bad.asked("Login")) == len(good.asked("Login")) == len(good.asked("Logoff")) == 1
