"""``offhook mail`` sends a report of the settings to a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.errors import OffhookError
from offhook.mailing import mail_now
from offhook.settings import load_settings
from tests.offhook.house import write_settings
from tests.offhook.mail.mail_server import MailServer

MAIL = """
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
[[mail.report]]
name = "Week"
at = "mon 07:00"
period = "last-week"
to = ["a@example.com", "b@example.com"]
attach = ["csv"]
"""


async def test_it_arrives_with_its_file(tmp_path: Path) -> None:
    async with MailServer() as server:
        settings = load_settings(write_settings(tmp_path, 5038, more=MAIL.format(port=server.port)))
        assert await mail_now(settings, tmp_path, "Week") == 2
    (mail,) = server.mails
    assert [one.get_content_type() for one in mail.iter_attachments()] == ["text/csv"]


async def test_a_report_that_there_is_not(tmp_path: Path) -> None:
    settings = load_settings(write_settings(tmp_path, 5038, more=MAIL.format(port=25)))
    with pytest.raises(OffhookError, match="choose among Week") as refused:
        await mail_now(settings, tmp_path, "Month")
    assert refused.value.ref == "mail-no-report"
