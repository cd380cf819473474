"""``offhook check`` as an admin uses it."""

from __future__ import annotations

from pathlib import Path

from tests.offhook.called import call
from tests.offhook.house import write_settings
from tests.pbx.lab.processes import free_port


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
