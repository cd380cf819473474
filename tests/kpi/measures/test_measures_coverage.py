"""Of what a query found."""

from __future__ import annotations

from kpi.found import NOTHING, Found
from kpi.measure import Parameters
from kpi.measures.coverage import coverage


def test_the_share_is_taken_as_it_was_found() -> None:
    assert coverage(Found(coverage=0.9), Parameters()) == 0.9
    assert coverage(NOTHING, Parameters()) is None
