"""The queue's dashboard answers for the chosen queues only."""

from __future__ import annotations

from kpi.grafana.queues import QUEUES
from kpi.metric_specs import WAIT_BUCKETS_S


def test_every_question_is_of_the_chosen_queues() -> None:
    for view in QUEUES.views:
        assert all('queue=~"$queue"' in query.expr and 'pbx=~"$pbx"' in query.expr for query in view.queries)


def test_service_levels_are_at_buckets() -> None:
    levels = [view.title for view in QUEUES.views if view.title.startswith("Answered within")]
    assert levels == ["Answered within 20 s", "Answered within 60 s", "Answered within 180 s"]
    assert {20, 60, 180} <= set(WAIT_BUCKETS_S)
