"""Every dashboard leads to the others, to Offhook's pages, and shows when a PBX was not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from kpi.grafana.frame import PAGES as LINKS, Page, dashboard_of
from kpi.grafana.make import PAGES
from offhook.run import Offhook
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import pbx_settings, settings_for


def made(page: Page) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(json.dumps(dashboard_of(page), cls=JSONEncoder))
    return board


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.uid)
def test_a_dashboard_leads_on(page: Page) -> None:
    board = made(page)
    others, *own = board["links"]
    assert (others["type"], others["tags"], others["includeVars"]) == ("dashboards", ["offhook"], True)
    assert [link["url"] for link in own] == [f"${{offhook}}{path}" for _, path in LINKS]
    assert board["tags"] == ["offhook"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.uid)
def test_a_dashboard_marks_when_a_pbx_was_not_read(page: Page) -> None:
    marks = {mark["name"]: mark["expr"] for mark in made(page)["annotations"]["list"] if "expr" in mark}
    assert "offhook_link_up" in marks["PBX not read"]
    assert "ALERTS" in marks["Alerts"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.uid)
def test_choices_are_all_at_first(page: Page) -> None:
    choices = [one for one in made(page)["templating"]["list"] if one["type"] == "query"]
    assert {one["current"]["value"] for one in choices} == {"$__all"}
    assert all(one["multi"] and one["includeAll"] for one in choices)


async def test_the_pages_that_are_linked_are_there(tmp_path: Path) -> None:
    async with (
        ScriptedPbx() as pbx,
        Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house,
        aiohttp.ClientSession(house.url) as browser,
    ):
        for _, path in LINKS:
            async with browser.get(path) as answer:
                assert answer.status == 200, path
