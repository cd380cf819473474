"""``offhook report``: one report, from a store that is opened for it."""

from __future__ import annotations

from pathlib import Path

from kpi.report import Report
from kpi.store import Store
from offhook.reporting.asked import Asked
from offhook.reporting.fetching import fetch_asked
from offhook.run import open_store
from offhook.settings import Settings


async def fetch_once(settings: Settings, folder: Path, asked: Asked) -> Report:
    """The report that was asked for.

    Raises:
        OffhookError: the question cannot be answered, or the store cannot be used.
    """
    async with open_store(settings, folder) as engine:
        return await fetch_asked(Store(engine), settings.kpi.site(), asked)
