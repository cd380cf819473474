"""How long things are kept, as it stands in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from offhook.privacy.settings import RetentionSettings
from offhook.settings import SettingsError, load_settings
from tests.offhook.house import write_settings


def test_calls_are_kept_for_ever_and_people_in_them_for_two_years() -> None:
    assert (RetentionSettings().calls_days, RetentionSettings().numbers_days) == (0, 730)


def test_they_are_read(tmp_path: Path) -> None:
    file = write_settings(tmp_path, 5038, more="[retention]\ncalls_days = 400\n")
    assert load_settings(file, {}).retention.calls_days == 400


@pytest.mark.parametrize("line", ["calls_days = -1", "calls_days = 99999", "call_days = 3", 'notes_days = "x"'])
def test_what_makes_no_sense_is_refused(tmp_path: Path, line: str) -> None:
    file = write_settings(tmp_path, 5038, more=f"[retention]\n{line}\n")
    with pytest.raises(SettingsError):
        load_settings(file, {})
