"""The `[mail]` table, right and wrong."""

from __future__ import annotations

import msgspec
import pytest

from offhook.mail.settings import MailedReport, MailSettings

REPORT = {"name": "Week", "at": "mon 07:00", "to": ["boss@example.com"]}


def made(**fields: object) -> MailSettings:
    return msgspec.convert({"host": "mail.example.com", "report": [REPORT], **fields}, MailSettings)


def test_what_is_usual() -> None:
    settings = made()
    assert settings.security == "starttls"
    assert settings.report[0] == MailedReport(name="Week", at="mon 07:00", to=("boss@example.com",))


def test_the_password_is_never_shown() -> None:
    assert "s3cret" not in repr(made(password="s3cret"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"host": None}, "no mail server is named"),
        ({"report": [REPORT, REPORT]}, "is the name of two"),
        ({"sender": "nobody"}, "is no mail address"),
        ({"report": [{**REPORT, "to": ["a@b.c\nBcc: x@y.z"]}]}, "is no mail address"),
        ({"report": [{**REPORT, "to": []}]}, "length"),
        ({"report": [{**REPORT, "at": "sometimes"}]}, "at: expected"),
        ({"report": [{**REPORT, "name": "Week\r\nBcc: x@y.z"}]}, "matching regex"),
        ({"report": [{**REPORT, "attach": ["exe"]}]}, "Invalid enum value"),
    ],
)
def test_what_is_wrong_is_told(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=problem):
        made(**fields)
