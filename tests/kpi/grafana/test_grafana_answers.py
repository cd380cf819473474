"""Every question of every panel and rule has an answer, from a real Prometheus that scrapes the house at work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kpi.grafana.alerts import ALERTS, Alert
from kpi.grafana.frame import Page
from kpi.grafana.make import FOLDER, PAGES
from kpi.grafana.recordings import RECORDINGS
from kpi.grafana.view import View
from tests.kpi.grafana.watched_demo import WatchedDemo, answers, asked
from tests.pbx.lab.processes import until

BOUND_S = 60
VIEWS = [pytest.param(page, view, id=f"{page.uid}: {view.title}") for page in PAGES for view in page.views]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedDemo]:
    with WatchedDemo(tmp_path_factory.mktemp("watched"), FOLDER / "rules" / "offhook.yml") as watched:
        yield watched


@pytest.mark.parametrize(("page", "view"), VIEWS)
def test_a_panel_has_data(demo: WatchedDemo, page: Page, view: View) -> None:
    for query in view.queries:
        expr = asked(query.expr)
        until(f"{page.uid}, {view.title}: {expr}", lambda e=expr: answers(demo.prometheus.query, e), BOUND_S)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.uid)
def test_a_choice_has_values(demo: WatchedDemo, page: Page) -> None:
    for variable in page.variables:
        rows = demo.prometheus.query(asked(variable.of))
        assert {labels.get(variable.name) for labels, _ in rows} - {None, ""}, variable


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_recorded(demo: WatchedDemo, name: str) -> None:
    until(name, lambda: answers(demo.prometheus.query, name), BOUND_S)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_waits_for_what_there_is(demo: WatchedDemo, alert: Alert) -> None:
    demo.prometheus.query(alert.expr)
    for vector in alert.vectors:
        until(f"{alert.name}: {vector}", lambda v=vector: answers(demo.prometheus.query, v), BOUND_S)


def test_the_numbers_add_up_all_the_time(demo: WatchedDemo) -> None:
    assert demo.prometheus.value("sum(abs(offhook_stay_difference))") == 0
