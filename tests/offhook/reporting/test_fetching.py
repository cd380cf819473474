"""The period of a report is as of the moment that is named, by the site's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from kpi.batch import Batch
from kpi.parameters import SiteParameters
from kpi.schema import metadata
from kpi.store import Store
from offhook.database import make_engine
from offhook.reporting.asked import Asked
from offhook.reporting.fetching import fetch_asked
from tests.kpi.calls import answered_call


async def test_yesterday_is_that_of_the_moment_and_the_site(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'offhook.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    store, site = Store(engine), SiteParameters(time_zone="Europe/Rome")
    await store.store(Batch(calls=(answered_call("1"),)))  # on 2 March 2026
    asked = Asked(measures=("offered",))
    told = [
        (await fetch_asked(store, site, asked, datetime(2026, 3, day, hour, tzinfo=UTC))).total.numbers
        for day, hour in ((2, 22), (2, 23), (3, 22), (3, 23))
    ]
    await engine.dispose()
    assert told == [(0,), (1,), (1,), (0,)]
