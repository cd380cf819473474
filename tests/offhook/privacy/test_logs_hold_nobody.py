"""No number and no name of anybody stands in the program's log at its default level, whatever goes wrong meanwhile."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import structlog

from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.webhook_settings import WebhookEvent, WebhookSettings
from cti.model import CallEnded
from cti.recording import Recording
from offhook.logs import LogSettings, set_up_logs
from offhook.replay import replay
from offhook.run import Offhook
from offhook.settings import Settings
from tests.cti.link_contract import until
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import RECORDINGS, pbx_settings, settings_for
from tests.pbx.lab.processes import free_port

SCENARIOS = ("S01", "S05", "S10", "X01", "mix-1")
BOUND_S = 240.0


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, as `offhook run` would write it."""
    root, out = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    set_up_logs(LogSettings(), out)
    yield out
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def people(scenario: str) -> set[str]:
    """The numbers and names of the public in a recording's truth, numbers without their country's plus too."""
    calls = json.loads((RECORDINGS / scenario / "truth.json").read_text())["calls"]
    numbers = {one for call in calls for one in (call["caller"], call["dialled"]) if one and len(one) > 6}
    names = {call["caller_name"] for call in calls if call.get("caller_name")}
    return numbers | {number[-9:] for number in numbers} | {name for name in names if len(name) > 3}


def said(scenario: str) -> bytes:
    """What the PBX said in a recording after the log-in."""
    _, _, events = b"".join(data for _, data in Recording(RECORDINGS / scenario).reads()).partition(b"\r\n\r\n")
    return events


def troubled(pbx: ScriptedPbx) -> Settings:
    """A site whose CRM and webhook are both down."""
    down = f"http://127.0.0.1:{free_port()}"
    crm = {"url": down, "find": "/people?number={e164}", "fields": {"id": "id", "name": "name"}}
    sources = (SourceSettings(), SourceSettings(name="down", kind="http", options=crm))
    secret = "whsec_" + base64.b64encode(b"0" * 32).decode()
    webhook = WebhookSettings(name="down", url=f"{down}/calls", secret=secret, events=tuple(WebhookEvent))
    settings = settings_for(pbx_settings(pbx))
    crm_settings = CrmSettings(default_region="IT", sources=sources)
    return msgspec.structs.replace(settings, crm=crm_settings, webhook=(webhook,))


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_no_line_names_anybody(tmp_path: Path, log: io.StringIO, scenario: str) -> None:
    ended = sum(isinstance(event, CallEnded) for event in replay(RECORDINGS / scenario, trunks=["trunk"]))
    async with ScriptedPbx() as pbx:
        settings = troubled(pbx)
        async with Offhook(settings, tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            await pbx.send(said(scenario))
            await until(lambda: house.recorder.stored >= ended, BOUND_S)
        async with Offhook(settings, tmp_path) as house:  # the journal is told again
            await until(lambda: house.lines[0].link.connected, BOUND_S)
    lines = log.getvalue()
    assert "stopping" in lines
    assert [one for one in sorted(people(scenario)) if one in lines] == []


def test_there_are_people_to_be_found() -> None:
    assert all(people(scenario) for scenario in SCENARIOS)
    assert len(people("mix-1")) > 50
