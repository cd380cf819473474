"""A view becomes a panel of its shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from kpi.grafana.view import MUST_BE_0, Query, Shape, View, bars, lines, number, panel_of, stack

TYPES = {
    Shape.STAT: "stat",
    Shape.LINES: "timeseries",
    Shape.STACK: "timeseries",
    Shape.BARS: "bargauge",
    Shape.TABLE: "table",
    Shape.HEAT: "heatmap",
    Shape.STATES: "state-timeline",
}


def made(**fields: Any) -> dict[str, Any]:
    given = {"title": "T", "text": "what", "queries": (Query("up", "{{job}}", "Up"),)} | fields
    panel: dict[str, Any] = json.loads(json.dumps(panel_of(View(**given)).build(), cls=JSONEncoder))
    return panel


@pytest.mark.parametrize("shape", Shape)
def test_a_shape_is_a_panel_of_grafana(shape: Shape) -> None:
    panel = made(shape=shape)
    assert panel["type"] == TYPES[shape]
    target = panel["targets"][0]
    once = shape in (Shape.STAT, Shape.BARS, Shape.TABLE)
    assert (target.get("instant", False), target.get("range", False)) == (once, not once)


def test_a_table_names_its_columns() -> None:
    panel = made(shape=Shape.TABLE, queries=(Query("up", column="Up", unit="s"),))
    assert panel["transformations"][1]["options"]["renameByName"] == {"Value #A": "Up"}
    (override,) = panel["fieldConfig"]["overrides"]
    assert (override["matcher"]["options"], override["properties"]) == ("Up", [{"id": "unit", "value": "s"}])


def test_a_stack_is_stacked() -> None:
    assert made(shape=Shape.STACK)["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"


def test_values_have_words_and_colours() -> None:
    defaults = made(words=(("0", "DOWN", "red"),), steps=MUST_BE_0, most=1.0, decimals=2)["fieldConfig"]["defaults"]
    assert defaults["mappings"][0]["options"]["0"]["text"] == "DOWN"
    assert [step["color"] for step in defaults["thresholds"]["steps"]] == ["green", "red"]
    assert (defaults["max"], defaults["decimals"]) == (1, 2)


def test_a_click_leads_on() -> None:
    assert made(link=("More", "/d/x"))["fieldConfig"]["defaults"]["links"][0]["url"] == "/d/x"


@pytest.mark.parametrize(
    ("shorthand", "shape"),
    [(number, Shape.STAT), (lines, Shape.LINES), (stack, Shape.STACK), (bars, Shape.BARS)],
)
def test_a_view_of_one_question_is_said_shortly(shorthand: Callable[..., View], shape: Shape) -> None:
    view = shorthand("T", "what", "up", "{{job}}", width=5, unit="s")
    assert (view.title, view.text, view.queries, view.shape) == ("T", "what", (Query("up", "{{job}}"),), shape)
    assert (view.width, view.unit) == (5, "s")


def test_numbers_stand_six_in_a_row_unless_told_otherwise() -> None:
    one = number("T", "what", "up")
    assert (one.width, one.height) == (4, 4)
