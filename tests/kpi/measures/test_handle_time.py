"""Handle, talk and hold time, on stored calls' tallies."""

from __future__ import annotations

from cti.model import Talk
from kpi.measure import Parameters
from kpi.measures.handle_time import handle_time, hold_time, talk_time
from kpi.tally import tallies_of, total
from tests.kpi.calls import answered_call, at


def test_a_transferred_call_is_handled_twice_and_hold_is_shared_by_those_that_had_it() -> None:
    talks = (
        Talk(agent="101", started_at=at(7), ended_at=at(67), hold_s=20, holds=1, queue="sales"),
        Talk(agent="102", started_at=at(67), ended_at=at(97)),
    )
    day = total(tallies_of(answered_call(talks=talks)).values())
    assert handle_time(day, Parameters()) == (60 + 30) / 2
    assert talk_time(day, Parameters()) == (40 + 30) / 2
    assert hold_time(day, Parameters()) == 20
