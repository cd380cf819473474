"""Of what a query found."""

from __future__ import annotations

from kpi.found import NOTHING, Found
from kpi.measure import Parameters
from kpi.measures.first_contact_resolution import first_contact_resolution


def test_calls_whose_time_is_not_over_count_on_neither_side() -> None:
    assert first_contact_resolution(Found(known=20, settled=10, resolved=7), Parameters()) == 0.7
    assert first_contact_resolution(NOTHING, Parameters()) is None
