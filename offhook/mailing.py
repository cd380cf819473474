"""``offhook mail``: one report of the settings, sent at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cti.errors import OffhookError
from kpi.store import Store
from offhook.mail.work import send_report
from offhook.run import open_store
from offhook.settings import Settings, fetch_secret


async def mail_now(settings: Settings, folder: Path, name: str) -> int:
    """Send the report with this name; to how many.

    Raises:
        OffhookError: there is none, or the mail server did not take it.
    """
    reports = {one.name: one for one in settings.mail.report}
    if name not in reports:
        known = ", ".join(reports) or "there are none in [[mail.report]]"
        raise OffhookError("mail-no-report", f"there is no mailed report {name[:60]!r}", "", f"choose among {known}")
    password = fetch_secret(settings.mail.password, settings.mail.password_file)
    async with open_store(settings, folder) as engine:
        await send_report(settings.mail, password, Store(engine), settings.kpi.site(), reports[name], datetime.now(UTC))
    return len(reports[name].to)
