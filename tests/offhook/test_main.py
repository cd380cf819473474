"""The command as an admin uses it: what it prints, where, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from offhook.main import app
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import RECORDINGS, write_settings
from tests.pbx.lab.processes import Program, free_port, until
from tests.source import ROOT

OFFHOOK = [sys.executable, "-m", "offhook.main"]


@pytest.fixture(autouse=True)
def umask_put_back() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def start(folder: Path, settings: Path) -> Program:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return Program([*OFFHOOK, "run", "-c", settings], folder / "offhook.log", cwd=folder, env=environ)


def address(program: Program) -> str:
    found = until("the address is told", lambda: re.search(r"http://[0-9.:]+", program.output()), 30, program.output)
    return found[0]


def test_the_version() -> None:
    assert call("version").output.startswith("Offhook ")


def test_without_arguments_it_tells_what_it_can_do() -> None:
    assert {"run", "check", "replay", "demo", "customers", "version"} <= set(call("--help").output.split())


def test_help_is_there_at_once() -> None:
    """Nothing heavy is imported before a command needs it."""
    probe = "import sys; from offhook import main; print([one for one in sys.modules if one in sys.argv[1:]])"
    heavy = ["aiohttp", "sqlalchemy", "alembic", "phonenumbers", "jinja2", "structlog", "argon2", "rich.progress"]
    done = subprocess.run([sys.executable, "-c", probe, *heavy], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_right_settings_are_ok_and_told(tmp_path: Path) -> None:
    result = call("check", "-c", write_settings(tmp_path, 5038))
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "ok"
    assert "asterisk at 127.0.0.1:5038, user offhook" in result.output
    assert "correct horse" not in result.output
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ami.secret", "offhook.toml"]


def test_wrong_settings_are_told_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "offhook.toml"
    path.write_text('[[pbx]]\nname = "main"\nusernam = "x"\nport = "5038"\n[wbe]\nlisten = "x"\n')
    result = call("check", "-c", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[0] == f"error: {path} has 4 problems"
    assert "  pbx[0].usernam: unknown key (did you mean username?) [config-unknown-key]" in result.stderr.splitlines()
    assert "Traceback" not in result.output


def test_no_settings_at_all(tmp_path: Path) -> None:
    result = call("check", "-c", tmp_path / "none.toml")
    assert result.exit_code == 2
    assert "there is no such file" in result.stderr


def test_a_pbx_that_does_not_answer_is_found_when_asked_for(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, free_port())
    assert call("check", "-c", settings).exit_code == 0
    result = call("check", "-c", settings, "--connect")
    assert result.exit_code == 2
    assert "ref: link-port-closed" in result.stderr
    assert "ok" not in result.stdout.splitlines()


def test_replay_tells_calls_as_json() -> None:
    result = call("replay", "--json", RECORDINGS / "S01")
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert [row["outcome"] for row in rows if row["type"] == "call"] == ["answered"]


def test_replay_of_something_else_says_so(tmp_path: Path) -> None:
    result = call("replay", "--json", tmp_path)
    assert result.exit_code == 2
    assert "ref: recording-missing" in result.stderr
    assert result.stdout == ""


def test_customers_come_from_a_file(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038, more='[crm]\ndefault_region = "IT"\n')
    file = tmp_path / "customers.csv"
    file.write_text("name,phone\nMario Bianchi,+39 333 1234501\n")
    first = call("customers", "import", file, "-c", settings)
    assert first.exit_code == 0
    assert first.stdout.splitlines()[-1] == "customers.csv: 1 customers read: 1 new, 0 changed, 0 as before"
    again = call("customers", "import", file, "-c", settings)
    assert again.stdout.splitlines()[-1] == "customers.csv: 1 customers read: 0 new, 0 changed, 1 as before"


def test_a_bad_row_keeps_all_rows_out(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038, more='[crm]\ndefault_region = "IT"\n')
    file = tmp_path / "customers.csv"
    file.write_text("name,phone\nMario Bianchi,+39 333 1234501\n,+39 333 1234502\n")
    result = call("customers", "import", file, "-c", settings)
    assert result.exit_code == 1
    assert "line 3" in result.stderr
    assert "nothing was imported" in result.stderr
    skipped = call("customers", "import", file, "-c", settings, "--skip-bad")
    assert skipped.exit_code == 0
    assert "1 new" in skipped.stdout
    assert "1 left out" in skipped.stdout


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
