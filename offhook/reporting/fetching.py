"""A report from the store, for a command: from the words of the question to the numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from kpi.local_time import find_zone
from kpi.report import Report, fetch_report
from offhook.reporting.asked import Asked, parse_question
from offhook.run import open_store
from offhook.settings import Settings


async def fetch_asked(settings: Settings, folder: Path, asked: Asked) -> Report:
    """The report that was asked for.

    Raises:
        OffhookError: the question cannot be answered, or the store cannot be used.
    """
    site = settings.kpi.site()
    question = parse_question(asked, datetime.now(UTC), find_zone(site.time_zone))
    async with open_store(settings, folder) as engine, engine.connect() as connection:
        return await fetch_report(connection, question, site)
