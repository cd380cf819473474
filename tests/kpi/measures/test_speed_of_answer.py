"""Average speed of answer, on stored calls' tallies."""

from __future__ import annotations

from kpi.items import tallies_of
from kpi.measure import Parameters
from kpi.measures.speed_of_answer import speed_of_answer
from kpi.tally import total
from tests.kpi.calls import abandoned_call, answered_call


def test_only_answered_callers_count() -> None:
    calls = [answered_call("1", wait=4), answered_call("2", wait=9), abandoned_call("3", wait=300)]
    day = total(tally for call in calls for tally in tallies_of(call).values())
    assert speed_of_answer(day, Parameters()) == 6.5
