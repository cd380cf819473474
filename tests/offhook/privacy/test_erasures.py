"""The log of erasures holds no number, and outlives the database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from offhook.privacy.erasures import FILE_NAME, KEY_NAME, ErasureLog, Step
from offhook.privacy.kept import PersonError
from tests.offhook.privacy.someone import MARIO

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def test_what_is_noted_is_read_again_without_a_number(tmp_path: Path) -> None:
    ErasureLog(tmp_path).note(AT, MARIO, Step.BEGUN)
    ErasureLog(tmp_path).note(AT, MARIO, Step.DONE, {"calls": 3})
    begun, done = ErasureLog(tmp_path).read()
    assert (begun.step, done.step, done.counts) == (Step.BEGUN, Step.DONE, {"calls": 3})
    assert begun.digest == done.digest == ErasureLog(tmp_path).digest(MARIO)
    assert MARIO[1:] not in (tmp_path / FILE_NAME).read_text()
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in (FILE_NAME, KEY_NAME)} == {0o600}


def test_another_site_has_another_digest(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert ErasureLog(tmp_path / "a").digest(MARIO) != ErasureLog(tmp_path / "b").digest(MARIO)


def test_a_line_cut_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    log = ErasureLog(tmp_path)
    log.note(AT, MARIO, Step.DONE)
    with (tmp_path / FILE_NAME).open("a") as file:
        file.write('{"at":"2026-')
    assert len(log.read()) == 1
    assert ErasureLog(tmp_path / "nothing").read() == []


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    log = ErasureLog(tmp_path)
    (tmp_path / KEY_NAME).write_bytes(b"short")
    with pytest.raises(PersonError, match="5 bytes") as caught:
        log.digest(MARIO)
    assert caught.value.ref == "person-log-unusable"
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(PersonError, match="cannot be used"):
        log.read()
    with pytest.raises(PersonError, match="cannot be used"):
        ErasureLog(tmp_path / "nowhere").digest(MARIO)
