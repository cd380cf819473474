"""What is committed is what the code makes, and Grafana can take it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from kpi.grafana.make import FOLDER, PAGES, files, write

UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("__")}
BOARDS = {path.name: json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))}
EACH = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
KNOWN_VARIABLES = {
    "pbx",
    "queue",
    "agent",
    "datasource",
    "offhook",
    "__range",
    "__rate_interval",
    "__data",
    "__url_time_range",
    "__all",
}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def test_what_is_committed_is_what_is_made() -> None:
    committed = {name: (FOLDER / name).read_text() for name in files()}
    assert committed == files(), "python -m kpi.grafana.make"


def test_nothing_lies_about_that_is_not_made(tmp_path: Path) -> None:
    write(tmp_path)
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")}
    there = {str(path.relative_to(FOLDER)) for kind in ("dashboards", "rules") for path in (FOLDER / kind).iterdir()}
    assert made == there == set(files())


def test_there_is_a_dashboard_for_each_reader() -> None:
    assert {page.uid for page in PAGES} == {"offhook-overview", "offhook-queues", "offhook-agents", "offhook-health"}
    assert {f"{page.uid}.json" for page in PAGES} == set(BOARDS)


@EACH
def test_panels_have_numbers_and_places_of_their_own(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
    overlapping = [
        (one["title"], other["title"])
        for one, other in combinations(board["panels"], 2)
        if _overlap(one["gridPos"], other["gridPos"])
    ]
    assert overlapping == []


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not beside and not below


@EACH
def test_every_question_goes_to_the_chosen_prometheus(board: dict[str, Any]) -> None:
    for panel in panels(board):
        refs = [target["refId"] for target in panel["targets"]]
        assert refs
        assert len(refs) == len(set(refs))
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    names = [variable["name"] for variable in board["templating"]["list"]]
    assert names[0] == "datasource"
    assert len(names) == len(set(names))


@EACH
def test_every_panel_says_what_it_shows_in_a_unit_that_grafana_knows(board: dict[str, Any]) -> None:
    for panel in panels(board):
        assert len(panel["description"]) > 20, panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] in UNITS, panel["title"]
        steps = [step["value"] for step in defaults["thresholds"]["steps"]]
        assert steps[0] is None
        assert steps[1:] == sorted(steps[1:])


@EACH
def test_only_variables_are_used_that_there_are(board: dict[str, Any]) -> None:
    own = {variable["name"] for variable in board["templating"]["list"]}
    text = json.dumps(board)
    used = set(re.findall(r"\$\{?(\w+)", text))
    assert used <= KNOWN_VARIABLES
    assert used & {"pbx", "queue", "agent"} <= own


@EACH
def test_a_link_from_a_panel_leads_to_a_dashboard(board: dict[str, Any]) -> None:
    uids = {page.uid for page in PAGES}
    links = [link["url"] for panel in panels(board) for link in panel["fieldConfig"]["defaults"].get("links", [])]
    assert {re.match(r"/d/([a-z-]+)", url)[1] for url in links} <= uids  # type: ignore[index]


@EACH
def test_grafanas_own_models_read_all_of_it(board: dict[str, Any]) -> None:
    """The models that Grafana publishes are made from its schema: what they do not know, they drop."""
    register_default_plugins()
    read = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    assert list(_dropped(board, read, "")) == []


def _dropped(committed: Any, read: Any, place: str) -> Iterator[str]:
    if isinstance(committed, dict) and isinstance(read, dict):
        yield from (f"{place}/{key}" for key in committed.keys() - read.keys())
        for key in committed.keys() & read.keys():
            yield from _dropped(committed[key], read[key], f"{place}/{key}")
    elif isinstance(committed, list) and isinstance(read, list) and len(committed) == len(read):
        for n, (one, other) in enumerate(zip(committed, read, strict=True)):
            yield from _dropped(one, other, f"{place}[{n}]")
    elif committed != read:
        yield f"{place}: {committed} != {read}"
