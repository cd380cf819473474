"""A report from the store: from the words of the question to the numbers. All who show reports ask here."""

from __future__ import annotations

from datetime import UTC, datetime

from kpi.local_time import find_zone
from kpi.parameters import SiteParameters
from kpi.report import Report
from kpi.store import Store
from offhook.reporting.asked import Asked, parse_question


async def fetch_asked(store: Store, site: SiteParameters, asked: Asked, at: datetime | None = None) -> Report:
    """The report that was asked for, its period as of ``at`` (None: now).

    Raises:
        OffhookError: the question cannot be answered, or the store cannot be used.
    """
    question = parse_question(asked, at or datetime.now(UTC), find_zone(site.time_zone))
    return await store.fetch_report(question, site)
