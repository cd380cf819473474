"""What all dashboards have in common: variables, links to each other and to Offhook's pages, marks in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from kpi.grafana.view import DATASOURCE, View, panel_of

TAG = "offhook"
SITE = "http://127.0.0.1:8088"
PAGES = (("Offhook", "/"), ("Agent's page", "/desk"), ("Reports", "/reports"))  #: of Offhook itself
OF_PBX = 'pbx=~"$pbx"'
OF_QUEUE = 'pbx=~"$pbx", queue=~"$queue"'
OF_AGENT = 'pbx=~"$pbx", agent=~"$agent"'


class Variable(NamedTuple):
    """A choice at the head of a dashboard: the values of ``label`` in ``of``."""

    name: str
    title: str
    of: str
    text: str


PBX = Variable("pbx", "PBX", "offhook_link_up", "The PBXs, as the settings name them.")
QUEUE = Variable("queue", "Queue", f"offhook_calls_waiting{{{OF_PBX}}}", "Queues of these PBXs.")
AGENT = Variable("agent", "Agent", f"offhook_agent_state{{{OF_PBX}}}", "Agents of these PBXs, by extension.")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard: rows of views. ``since`` is how much time it shows at first."""

    uid: str
    title: str
    text: str
    variables: tuple[Variable, ...]
    rows: tuple[tuple[str, tuple[View, ...]], ...]
    since: str = "now-8h"

    @property
    def views(self) -> list[View]:
        return [view for _, views in self.rows for view in views]


def dashboard_of(page: Page) -> models.Dashboard:
    """The page as Grafana's dashboard; panels are numbered in order."""
    made = builders.Dashboard(page.title).uid(page.uid).description(page.text).tags([TAG]).time(page.since, "now")
    made.refresh("30s").timezone("browser").tooltip(models.DashboardCursorSync.CROSSHAIR).readonly()
    for variable in (_datasource(), *map(_variable, page.variables), _site()):
        made.with_variable(variable)
    for link in _links():
        made.link(link)
    for name, expr, color in _MARKS:
        made.annotation(
            builders.AnnotationQuery().name(name).expr(expr).datasource(DATASOURCE).icon_color(color).enable(True)
        )
    _add_rows(made, page.rows)
    return made.build()


_MARKS = (
    ("PBX not read", f"offhook_link_up{{{OF_PBX}}} == 0", "red"),
    ("Alerts", 'ALERTS{alertname=~"Offhook.*", alertstate="firing"}', "orange"),
)


def _add_rows(made: builders.Dashboard, rows: Sequence[tuple[str, tuple[View, ...]]]) -> None:
    number = 0
    for title, views in rows:
        number += 1
        made.with_row(builders.Row(title).id(number))
        for view in views:
            number += 1
            made.with_panel(panel_of(view).id(number))


def _datasource() -> builders.DatasourceVariable:
    return builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def _variable(variable: Variable) -> builders.QueryVariable:
    made = builders.QueryVariable(variable.name).label(variable.title).description(variable.text)
    everything = models.VariableOption(selected=True, text="All", value="$__all")
    made.query(f"label_values({variable.of}, {variable.name})").datasource(DATASOURCE).current(everything)
    made.multi(True).include_all(True).sort(models.VariableSort.NATURAL_ASC)
    return made.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)


def _site() -> builders.TextBoxVariable:
    made = builders.TextBoxVariable("offhook").label("Offhook at").description("Where Offhook's pages are.")
    return made.default_value(SITE).current(models.VariableOption(selected=True, text=SITE, value=SITE))


def _links() -> list[builders.DashboardLink]:
    others = builders.DashboardLink("Dashboards").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    others.as_dropdown(True).include_vars(True).keep_time(True)
    return [others] + [
        builders.DashboardLink(title).type(models.DashboardLinkType.LINK).url(f"${{offhook}}{path}").target_blank(True)
        for title, path in PAGES
    ]
