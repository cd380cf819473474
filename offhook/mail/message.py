"""A report as a mail: the table as text and as HTML, with the files that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from kpi.local_time import find_zone
from kpi.report import Report
from offhook.reporting.page import report_html
from offhook.reporting.writing import TYPES, write_report


def report_message(
    report: Report, name: str, sender: str, to: Sequence[str], attach: Sequence[str], at: datetime
) -> EmailMessage:
    """The mail; making a PDF takes seconds.

    Raises:
        OffhookError: the PDF cannot be made.
    """
    first = report.since.astimezone(find_zone(report.time_zone)).date()
    message = EmailMessage()
    message["Subject"] = f"{name}: {first:%d %b %Y}"
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(write_report(report, "table").decode())
    message.add_alternative(report_html(report, name), subtype="html")
    for form in attach:
        kind, _, rest = TYPES[form].partition("/")
        message.add_attachment(
            write_report(report, form),
            maintype=kind,
            subtype=rest.partition(";")[0],
            filename=f"{name.replace(' ', '-').lower()}-{first:%Y-%m-%d}.{form}",
        )
    return message
