"""Of what a query found."""

from __future__ import annotations

from kpi.found import NOTHING, Found
from kpi.measure import Parameters
from kpi.measures.repeat_callers import repeat_callers, repeat_rate


def test_how_many_and_which_share() -> None:
    found = Found(known=8, repeated=2)
    assert (repeat_callers(found, Parameters()), repeat_rate(found, Parameters())) == (2, 0.25)
    assert repeat_rate(NOTHING, Parameters()) is None
