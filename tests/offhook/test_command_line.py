"""How an error reaches the admin, and who may read what a command writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import typer

from cti.errors import OffhookError
from offhook.command_line import complaining, keep_private, load, version_text
from offhook.settings import SettingsError


def test_an_error_of_ours_is_some_lines_and_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, complaining():
        raise OffhookError("some-ref", "the thing failed", "it was tired", "let it rest")
    assert left.value.exit_code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "the thing failed" in told.err
    assert "some-ref" in told.err


def test_an_error_that_is_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), complaining():
        1 / 0  # noqa: B018


def test_others_may_not_read_what_is_written() -> None:
    before = os.umask(0o022)
    try:
        keep_private()
        assert os.umask(0) == 0o027
    finally:
        os.umask(before)


def test_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        load(tmp_path / "none.toml")


def test_the_version_is_told_in_any_case() -> None:
    assert version_text()
