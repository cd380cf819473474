"""The running program's mailman: looks each minute whether a report is due, makes it and sends it.

Sent, then noted as sent: a crash between the two sends a report twice rather than never. What the mail server does not
take is tried again for a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from cti.errors import OffhookError
from kpi.local_time import find_zone
from kpi.parameters import SiteParameters
from kpi.store import Store
from offhook.mail.message import report_message
from offhook.mail.schedule import due_at, parse_times
from offhook.mail.sending import send_mail
from offhook.mail.settings import MailedReport, MailSettings
from offhook.reporting.asked import Asked
from offhook.reporting.fetching import fetch_asked

LOOK_S = 60.0
AGAIN_S = 300.0

log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


class Mailman:
    """Sends the reports of the settings. ``look`` is one look at the clock; ``run`` looks for ever."""

    def __init__(
        self,
        settings: MailSettings,
        password: str | None,
        store: Store,
        site: SiteParameters,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._settings, self._password, self._store, self._site = settings, password, store, site
        self._now = now
        self._zone = find_zone(site.time_zone)
        self._tried: dict[str, datetime] = {}

    async def run(self) -> None:
        """Look each minute, until cancelled; a store that is away is asked again."""
        while True:
            try:
                await self.look()
            except OffhookError as error:
                log.warning("reports wait for the store", ref=error.ref)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> list[str]:
        """Send what is due; the names of what was sent."""
        mailed = await self._store.fetch_mailed()
        sent = []
        for report in self._settings.report:
            if report.name not in mailed:
                await self._store.store_mailed(report.name, self._now())  # from now on
                continue
            due = due_at(parse_times(report.at), mailed[report.name], self._now(), self._zone)
            if due is not None and self._may_try(report.name) and await self._sent(report, due):
                sent.append(report.name)
        return sent

    def _may_try(self, name: str) -> bool:
        tried = self._tried.get(name)
        return tried is None or (self._now() - tried).total_seconds() >= AGAIN_S

    async def _sent(self, report: MailedReport, due: datetime) -> bool:
        self._tried[report.name] = self._now()
        try:
            await send_report(self._settings, self._password, self._store, self._site, report, due)
        except OffhookError as error:
            log.warning("report not sent", report=report.name, ref=error.ref, cause=str(error), again_in_s=AGAIN_S)
            return False
        await self._store.store_mailed(report.name, due)
        del self._tried[report.name]
        log.info("report sent", report=report.name, recipients=len(report.to))
        return True


async def send_report(
    settings: MailSettings,
    password: str | None,
    store: Store,
    site: SiteParameters,
    report: MailedReport,
    at: datetime,
) -> None:
    """Make the report as of ``at`` and send it.

    Raises:
        OffhookError: its question cannot be answered, or the mail server did not take it.
    """
    made = await fetch_asked(store, site, _asked(report), at)
    message = await asyncio.to_thread(
        report_message, made, report.name, settings.sender, report.to, report.attach, at
    )
    await send_mail(settings, password, message)


def _asked(report: MailedReport) -> Asked:
    return Asked(
        period=report.period,
        by=report.by,
        measures=report.measures,
        queue=report.queue,
        agent=report.agent,
        hours=report.hours.value,
    )
