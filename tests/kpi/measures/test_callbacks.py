"""Of what a query found."""

from __future__ import annotations

from kpi.found import NOTHING, Found
from kpi.measure import Parameters
from kpi.measures.callbacks import callback_rate, callbacks


def test_how_many_and_which_share() -> None:
    found = Found(lost=5, called_back=2)
    assert (callbacks(found, Parameters()), callback_rate(found, Parameters())) == (2, 0.4)
    assert callback_rate(NOTHING, Parameters()) is None
