"""A view: what one panel of a dashboard asks and how it shows the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict, Unpack

import msgspec
from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard as builders,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as words, dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
Step = tuple[float | None, str]
PLAIN: tuple[Step, ...] = ((None, "text"),)
MUST_BE_0: tuple[Step, ...] = ((None, "green"), (0.5, "red"))
MUST_BE_1: tuple[Step, ...] = ((None, "red"), (0.5, "green"))


class Shape(StrEnum):
    STAT = "stat"
    LINES = "lines"
    STACK = "stack"
    BARS = "bars"
    TABLE = "table"
    HEAT = "heat"
    STATES = "states"


class Query(NamedTuple):
    """One question. ``column`` is its title in a table, ``unit`` what its numbers are there."""

    expr: str
    legend: str = ""
    column: str = ""
    unit: str = "short"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` says what is shown and by which formula. ``words`` name values: of states, of 0 and 1.

    ``steps`` are thresholds: from this value on, this colour. ``width`` is in 24ths of the page.
    """

    title: str
    text: str
    queries: tuple[Query, ...]
    shape: Shape = Shape.LINES
    unit: str = "short"
    decimals: int | None = None
    steps: tuple[Step, ...] = PLAIN
    words: tuple[tuple[str, str, str], ...] = ()
    width: int = 12
    height: int = 8
    none: str = "no calls"
    least: float | None = 0
    most: float | None = None
    link: tuple[str, str] | None = None


class Look(TypedDict, total=False):
    """What a view of one question may say of its look; each as in ``View``."""

    unit: str
    decimals: int | None
    steps: tuple[Step, ...]
    words: tuple[tuple[str, str, str], ...]
    width: int
    height: int
    none: str
    least: float | None
    most: float | None


def number(title: str, text: str, expr: str, legend: str = "", **look: Unpack[Look]) -> View:
    """One number, large; six stand side by side."""
    size: Look = {"width": 4, "height": 4}
    return _of_one(Shape.STAT, title, text, Query(expr, legend), size | look)


def lines(title: str, text: str, expr: str, legend: str, **look: Unpack[Look]) -> View:
    """A line over time for each row of the answer."""
    return _of_one(Shape.LINES, title, text, Query(expr, legend), look)


def stack(title: str, text: str, expr: str, legend: str, **look: Unpack[Look]) -> View:
    """The rows of the answer over time, one on top of the other."""
    return _of_one(Shape.STACK, title, text, Query(expr, legend), look)


def bars(title: str, text: str, expr: str, legend: str, **look: Unpack[Look]) -> View:
    """A bar for each row of the answer."""
    return _of_one(Shape.BARS, title, text, Query(expr, legend), look)


def _of_one(shape: Shape, title: str, text: str, query: Query, look: Look) -> View:
    return View(title=title, text=text, queries=(query,), shape=shape, **look)


def panel_of(view: View) -> Any:
    """The builder of the view's panel."""
    panel: Any = _BUILDERS[view.shape](view)
    panel.title(view.title).description(view.text).datasource(DATASOURCE)
    panel.span(view.width).height(view.height).unit(view.unit).no_value(view.none)
    panel.thresholds(_thresholds(view.steps))
    if view.decimals is not None:
        panel.decimals(view.decimals)
    if view.least is not None:
        panel.min(view.least)
    if view.most is not None:
        panel.max(view.most)
    if view.words:
        panel.mappings([_mapping(view.words)])
    if view.link is not None:
        panel.data_links([builders.DashboardLink(view.link[0]).url(view.link[1])])
    for ref, query in zip("ABCDEFGHIJKL", view.queries, strict=False):
        panel.with_target(_target(view.shape, ref, query))
    return panel


def _target(shape: Shape, ref: str, query: Query) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).ref_id(ref).datasource(DATASOURCE)
    if query.legend:
        target.legend_format(query.legend)
    if shape is Shape.HEAT:
        target.format(PromQueryFormat.HEATMAP)
    if shape is Shape.TABLE:
        target.format(PromQueryFormat.TABLE)
    return target.instant() if shape in (Shape.STAT, Shape.BARS, Shape.TABLE) else target.range()


def _thresholds(steps: Sequence[Step]) -> builders.ThresholdsConfig:
    made = [models.Threshold(value=value, color=color) for value, color in steps]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(made)


def _mapping(named: Sequence[tuple[str, str, str]]) -> models.ValueMap:
    options = {
        value: models.ValueMappingResult(text=text, color=color, index=n)
        for n, (value, text, color) in enumerate(named)
    }
    return models.ValueMap(options=options)


def _stat(view: View) -> stat.Panel:
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"])
    mode = words.BigValueColorMode.NONE if view.steps == PLAIN else words.BigValueColorMode.VALUE
    return stat.Panel().reduce_options(reduced).color_mode(mode).graph_mode(words.BigValueGraphMode.NONE)


def _lines(view: View) -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(words.LegendDisplayMode.LIST)
    legend.placement(words.LegendPlacement.BOTTOM).show_legend(True)
    tooltip = common.VizTooltipOptions().mode(words.TooltipDisplayMode.MULTI)
    panel = timeseries.Panel().legend(legend).tooltip(tooltip).line_width(1).fill_opacity(8)
    if view.shape is Shape.STACK:
        stacking = common.StackingConfig().mode(words.StackingMode.NORMAL)
        return panel.stacking(stacking).fill_opacity(60).line_width(0)
    if view.steps != PLAIN:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(words.GraphThresholdsStyleMode.DASHED))
    return panel


def _bars(_: View) -> bargauge.Panel:
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"])
    panel = bargauge.Panel().reduce_options(reduced).orientation(words.VizOrientation.HORIZONTAL)
    return panel.display_mode(words.BarGaugeDisplayMode.BASIC)


def _table(view: View) -> table.Panel:
    """One row for each set of labels, one column for each query."""
    hidden = {"Time": True, "__name__": True, "instance": True, "job": True}
    titles = {f"Value #{ref}": query.column for ref, query in zip("ABCDEFGHIJKL", view.queries, strict=False)}
    made = table.Panel()
    for query in view.queries:
        made.override_by_name(query.column, [models.DynamicConfigValue(id_val="unit", value=query.unit)])
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("merge", {}),
        ("organize", {"excludeByName": hidden, "renameByName": titles}),
    )
    return made.transformations([models.DataTransformerConfig(id_val=name, options=o) for name, o in steps])


def _heat(_: View) -> heatmap.Panel:
    return heatmap.Panel().calculate(False)


def _states(_: View) -> statetimeline.Panel:
    return statetimeline.Panel().merge_values(True).show_value(words.VisibilityMode.NEVER).row_height(0.85)


_BUILDERS: dict[Shape, Callable[[View], Any]] = {
    Shape.STAT: _stat,
    Shape.LINES: _lines,
    Shape.STACK: _lines,
    Shape.BARS: _bars,
    Shape.TABLE: _table,
    Shape.HEAT: _heat,
    Shape.STATES: _states,
}
