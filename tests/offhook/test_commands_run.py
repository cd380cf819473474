"""``offhook run`` as an admin uses it: what it prints, where, and how it ends."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

import pytest

from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.called import address, call, start
from tests.offhook.house import write_settings
from tests.pbx.lab.processes import free_port, until


def test_run_against_a_closed_port_goes_on_trying(tmp_path: Path) -> None:
    program = start(tmp_path, write_settings(tmp_path, free_port()))
    try:
        url = address(program)
        until("the cause is logged", lambda: "link-port-closed" in program.output(), 10, program.output)
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/readyz", timeout=5)
        assert refused.value.code == 503
        refused.value.close()
    finally:
        assert program.stop() == 0, program.output()


def test_other_users_cannot_read_what_it_keeps(tmp_path: Path) -> None:
    program = start(tmp_path, write_settings(tmp_path, free_port()))
    try:
        address(program)
    finally:
        program.stop()
    kept = {
        one.name: one.stat().st_mode & 0o007 for one in tmp_path.glob("offhook.*") if one.suffix in (".sqlite", ".key")
    }
    assert kept == {"offhook.sqlite": 0, "offhook.key": 0}


def test_ctrl_c_stops_it_cleanly(tmp_path: Path) -> None:
    program = start(tmp_path, write_settings(tmp_path, free_port()))
    try:
        address(program)
        program.interrupt()
        assert program.wait(15) == 0
    finally:
        program.stop()
    assert "Traceback" not in program.output()


async def test_a_wrong_secret_ends_it_with_a_reason(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        settings = write_settings(tmp_path, pbx.port, secret="wrong")
        program = start(tmp_path, settings)
        try:
            assert await asyncio.to_thread(program.wait, 30) == 2
        finally:
            program.stop()
        told = program.output()
        assert len(pbx.asked("Login")) == 1
    assert "error: PBX 'main'" in told
    assert "ref: link-login-refused" in told
    assert "Traceback" not in told


def test_a_store_that_is_away_may_be_tried_again(tmp_path: Path) -> None:
    url = f"postgresql://offhook:s3cret@127.0.0.1:{free_port()}/x"
    result = call("run", "-c", write_settings(tmp_path, 5038, more=f'[store]\nurl = "{url}"\n'))
    assert result.exit_code == 75
    assert "ref: store-unreachable" in result.stderr
    assert "s3cret" not in result.output
