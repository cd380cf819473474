"""``offhook mail`` as an admin types it."""

from __future__ import annotations

from pathlib import Path

from tests.offhook.called import call
from tests.offhook.house import write_settings
from tests.offhook.test_mailing import MAIL
from tests.pbx.lab.processes import free_port


def test_a_mail_server_that_is_away_is_told(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038, more=MAIL.format(port=free_port()))
    done = call("mail", "Week", "-c", settings)
    assert done.exit_code in (2, 75)
    assert "mail-unreachable" in done.output


def test_wrong_times_are_found_by_check(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038, more=MAIL.format(port=25).replace("mon 07:00", "sometimes"))
    done = call("check", "-c", settings)
    assert done.exit_code == 2
    assert "daily 07:00" in done.output
