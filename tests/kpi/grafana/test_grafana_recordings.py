"""What is recorded: named by the custom of Prometheus, over the windows that the alerts ask for."""

from __future__ import annotations

import re

from kpi.grafana.alerts import ALERTS
from kpi.grafana.recordings import RECORDINGS, WINDOWS, WITHIN_S, callers_in, missed_in
from kpi.metric_specs import WAIT_BUCKETS_S


def test_names_are_of_the_level_the_metric_and_what_was_done() -> None:
    assert [name for name in RECORDINGS if not re.fullmatch(r"offhook:[a-z_]+(:[a-z]+_[0-9]+[mh])?", name)] == []


def test_the_threshold_is_a_bucket() -> None:
    assert WITHIN_S in WAIT_BUCKETS_S


def test_each_window_is_recorded_in_full() -> None:
    for window in WINDOWS:
        assert f"[{window}]" in RECORDINGS[missed_in(window)]
        assert f"[{window}]" in RECORDINGS[callers_in(window)]


def test_what_alerts_ask_for_is_recorded() -> None:
    asked = {name for alert in ALERTS for name in re.findall(r"offhook:[a-z_:0-9]+", alert.expr)}
    assert asked
    assert asked <= set(RECORDINGS)
