"""The overview: what a supervisor looks at first."""

from __future__ import annotations

from kpi.grafana.overview import OVERVIEW
from kpi.grafana.view import Shape


def test_the_first_row_is_now() -> None:
    title, views = OVERVIEW.rows[0]
    assert title == "Now"
    assert [view.title for view in views][:2] == ["Callers waiting", "Longest wait"]
    assert all("increase" not in query.expr for view in views for query in view.queries)


def test_numbers_of_the_time_shown_are_differences_as_in_the_reports() -> None:
    _, views = OVERVIEW.rows[1]
    for view in views:
        assert view.shape is Shape.STAT
        assert all("max_over_time" in query.expr and "increase" not in query.expr for query in view.queries)


def test_each_queue_leads_to_its_own_dashboard() -> None:
    (table,) = [view for view in OVERVIEW.views if view.shape is Shape.TABLE]
    assert table.link is not None
    assert "/d/offhook-queues" in table.link[1]
    assert all(query.column for query in table.queries)
