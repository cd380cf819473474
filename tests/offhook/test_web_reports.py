"""``/reports``: what is asked, what is shown, what is taken away, on a store with calls in it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from multidict import MultiDict
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi.batch import Batch
from kpi.measure import Dimension
from kpi.parameters import SiteParameters
from kpi.schema import metadata
from kpi.store import Store
from offhook.reporting.asked import Asked
from offhook.web.reports import address, asked_in, chart_of, report_pages
from tests.kpi.calls import abandoned_call, answered_call
from tests.offhook.reporting.reports import HOSTILE, by_queue, by_weekday_and_hour
from tests.offhook.web_client import Client, open_pages
from tests.tables import made_tables

DAY = "2026-03-02"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with made_tables(f"sqlite:///{tmp_path / 'offhook.sqlite'}", metadata) as made:
        yield made


@pytest.fixture
async def pages(engine: AsyncEngine) -> AsyncIterator[Client]:
    hostile = answered_call("3", start=60, stay_queue=HOSTILE[:90])
    await Store(engine).store(Batch(calls=(answered_call("1"), abandoned_call("2", start=3_700), hostile)))
    client = await open_pages(report_pages(Store(engine), SiteParameters()))
    yield client
    await client.close()


async def shown(pages: Client, query: str) -> str:
    answer = await pages.get(f"/reports?{query}")
    assert answer.status == 200
    return await answer.text()


async def test_the_numbers_of_a_day_with_their_passports_and_calls(pages: Client) -> None:
    text = await shown(pages, f"period={DAY}&by=queue&m=offered&m=abandon_rate")
    assert "50.0 %" in text
    assert text.count('class="passport"') == 2
    assert f"/reports/calls?queue=sales&amp;period={DAY}" in text


async def test_a_hostile_queue_is_a_text(pages: Client) -> None:
    text = await shown(pages, f"period={DAY}&by=queue")
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


async def test_weekday_by_hour_is_a_heat_map_with_lines(pages: Client) -> None:
    text = await shown(pages, f"period={DAY}&by=weekday&by=hour&m=offered")
    assert 'class="heat-9' in text
    drawn = json.loads(unescape(re.search(r'data-chart="([^"]*)"', text)[1]))  # type: ignore[index]
    assert drawn["labels"] == ["09:00", "10:00"]
    assert drawn["lines"] == [{"title": "mon", "unit": "count", "values": [2, 1]}]


async def test_what_cannot_be_answered_is_told_above_the_form(pages: Client) -> None:
    answer = await pages.get("/reports?period=<b>someday")
    text = await answer.text()
    assert answer.status == 400
    assert "is no period" in text
    assert "<b>someday" not in text
    assert '<form class="ask"' in text


@pytest.mark.parametrize("form", ["csv", "json", "xlsx", "html"])
async def test_the_same_report_as_a_file(pages: Client, form: str) -> None:
    answer = await pages.get(f"/reports/file?period={DAY}&form={form}")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="offhook-{DAY}.{form}"'
    assert await answer.read()


@pytest.mark.parametrize("query", ["form=exe", "form=csv&period=someday", "form=csv&by=colour"])
async def test_a_file_that_there_is_not(pages: Client, query: str) -> None:
    assert (await pages.get(f"/reports/file?{query}")).status == 400


def test_an_address_asks_the_same_again() -> None:
    asked = Asked(period=DAY, by=("queue", "day"), measures=("offered", "asa"), queue=("sales & more",), version="abc")
    again = asked_in(MultiDict(part.split("=") for part in address(asked).replace("+", " ").split("&")))
    assert again.by == asked.by
    assert again.measures == asked.measures
    assert "form=csv" in address(asked, form="csv")


def test_lines_only_over_time_and_weekdays_in_their_order() -> None:
    assert chart_of(by_queue()) is None
    drawn = chart_of(by_weekday_and_hour())
    assert drawn is not None
    assert by_weekday_and_hour().by == (Dimension.WEEKDAY, Dimension.HOUR)
    assert [line["title"] for line in drawn["lines"]] == ["mon", "fri", "sun"]
    assert drawn["lines"][1]["values"] == [None, 5]
