"""Of what a query found."""

from __future__ import annotations

from kpi.found import NOTHING, Found
from kpi.measure import Parameters
from kpi.measures.concurrent_calls import concurrent_calls


def test_the_peak_is_taken_as_it_was_found() -> None:
    assert concurrent_calls(Found(most_at_once=3), Parameters()) == 3
    assert concurrent_calls(NOTHING, Parameters()) is None
