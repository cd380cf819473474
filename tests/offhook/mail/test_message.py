"""A report as a mail: text, HTML and files, and no header that a name could forge."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from offhook.mail.message import report_message
from tests.offhook.reporting.reports import by_queue

AT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def mail(*attach: str) -> EmailMessage:
    made = report_message(by_queue(), "Week at a glance", "offhook@example.com", ("a@example.com",), attach, AT)
    read = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_the_headers() -> None:
    made = mail()
    assert made["Subject"] == "Week at a glance: 16 Nov 2026"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Message-ID"].endswith("@example.com>")


def test_text_and_html_show_the_same_numbers() -> None:
    made = mail()
    text, html = made.get_body(("plain",)), made.get_body(("html",))
    assert text is not None
    assert html is not None
    for part in (text, html):
        assert "1,060" in part.get_content()
    assert "\x1b" not in text.get_content()
    assert "<script" not in html.get_content()


def test_files_go_with_it() -> None:
    files = list(mail("csv", "xlsx").iter_attachments())
    assert [one.get_filename() for one in files] == [f"week-at-a-glance-2026-11-16.{form}" for form in ("csv", "xlsx")]
    assert files[1].get_content().startswith(b"PK")
