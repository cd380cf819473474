"""A panel's words are the passport's or the metric's."""

from __future__ import annotations

import pytest

from kpi.grafana.told import of_measure, of_metric
from kpi.measure import all_measures
from kpi.metric_specs import SPECS


@pytest.mark.parametrize("key", ["service_level_offered", "abandon_rate", "asa", "att"])
def test_a_measure_tells_its_formula_and_source(key: str) -> None:
    measure = all_measures()[key]
    text = of_measure(key, "More.")
    assert measure.formula in text
    assert measure.source in text
    assert text.endswith("More.")


def test_a_metric_is_told_in_its_own_words() -> None:
    assert of_metric("offhook_calls_waiting") == SPECS["offhook_calls_waiting"].text
