"""Abandon rates, on stored calls' tallies."""

from __future__ import annotations

from kpi.items import tallies_of
from kpi.measure import Parameters
from kpi.measures.abandon_rate import abandon_rate, long_abandon_rate
from kpi.tally import total
from tests.kpi.calls import abandoned_call, answered_call


def test_short_abandons_leave_both_sides_of_the_fraction() -> None:
    calls = [answered_call("1"), answered_call("2"), abandoned_call("3", wait=5), abandoned_call("4", wait=5.001)]
    day = total(tally for call in calls for tally in tallies_of(call).values())
    assert abandon_rate(day, Parameters()) == 0.5
    assert long_abandon_rate(day, Parameters(short_abandon_s=5)) == 1 / 3
    assert long_abandon_rate(day, Parameters(short_abandon_s=6)) == 0.0
