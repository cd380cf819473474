"""Reports that send themselves: at their times, once, again after a failure, over a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi.batch import Batch
from kpi.parameters import SiteParameters
from kpi.schema import metadata
from kpi.store import Store
from offhook.mail.settings import MailedReport, MailSettings
from offhook.mail.work import AGAIN_S, Mailman
from tests.kpi.calls import answered_call
from tests.offhook.mail.mail_server import MailServer
from tests.pbx.lab.processes import free_port
from tests.tables import made_tables

DAY = MailedReport(name="Day", at="daily 07:00", to=("boss@example.com",), measures=("offered",))
BROKEN = MailedReport(name="Broken", at="daily 07:00", to=("boss@example.com",), measures=("luck",))


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with made_tables(f"sqlite:///{tmp_path / 'offhook.sqlite'}", metadata) as made:
        await Store(made).store(Batch(calls=(answered_call("1"), answered_call("2", start=60))))
        yield made


def mailman(engine: AsyncEngine, port: int, clock: Clock, *reports: MailedReport) -> Mailman:
    settings = MailSettings(host="127.0.0.1", port=port, security="none", report=reports or (DAY,))
    return Mailman(settings, None, Store(engine), SiteParameters(), clock)


async def test_it_is_sent_once_at_its_time_with_the_day_before(engine: AsyncEngine) -> None:
    clock = Clock()
    async with MailServer() as server:
        one = mailman(engine, server.port, clock)
        assert await one.look() == []  # from now on
        clock.now = datetime(2026, 3, 3, 6, 59, tzinfo=UTC)
        assert await one.look() == []
        clock.now = datetime(2026, 3, 3, 7, 0, 30, tzinfo=UTC)
        assert await one.look() == ["Day"]
        assert await one.look() == []
        assert await mailman(engine, server.port, clock).look() == []  # after a restart
    (mail,) = server.mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert mail["Subject"] == "Day: 02 Mar 2026"
    assert "sales" in body.get_content()


async def test_what_was_not_taken_is_tried_again(engine: AsyncEngine) -> None:
    clock = Clock()
    await mailman(engine, free_port(), clock).look()
    clock.now += timedelta(days=1)
    one = mailman(engine, free_port(), clock)
    assert await one.look() == []
    async with MailServer() as server:
        one._settings = MailSettings(host="127.0.0.1", port=server.port, security="none", report=(DAY,))
        assert await one.look() == []  # not at once
        clock.now += timedelta(seconds=AGAIN_S)
        assert await one.look() == ["Day"]
    assert server.mails[0]["Subject"] == "Day: 02 Mar 2026"


async def test_a_report_that_cannot_be_made_keeps_no_other_back(engine: AsyncEngine) -> None:
    clock = Clock()
    async with MailServer() as server:
        one = mailman(engine, server.port, clock, BROKEN, DAY)
        await one.look()
        clock.now += timedelta(days=1)
        assert await one.look() == ["Day"]
