"""Counters and histograms are the tallies, by queue."""

from __future__ import annotations

from prometheus_client.core import Metric

from cti.model import Ring, RingResult
from kpi.schema import TallySpan
from kpi.series import Series
from kpi.tally_metrics import tally_families
from tests.kpi.calls import answered_call, at
from tests.kpi.scraping import totals_of

QUEUES = [("milan", "sales"), ("milan", "night")]


def families(*calls: object) -> dict[str, Metric]:
    totals = totals_of(*calls)
    totals.tallies |= totals_of(answered_call("f"), span=TallySpan.FILLED).tallies
    return {one.name: one for one in tally_families(Series(), totals.tallies, QUEUES)}


def test_a_queue_that_had_no_call_yet_begins_with_nothing() -> None:
    stays = families(answered_call("1"))["offhook_stays"].samples
    of_night = [sample.value for sample in stays if sample.labels["queue"] == "night"]
    assert of_night == [0] * 8
    assert sum(sample.value for sample in stays) == 1


def test_phones_rung_are_counted_by_what_came_of_them() -> None:
    missed = Ring(agent="102", queue="sales", started_at=at(1), ended_at=at(9), result=RingResult.MISSED)
    answered = Ring(agent="101", queue="sales", started_at=at(1), ended_at=at(7), result=RingResult.ANSWERED)
    rings = families(answered_call("1", rings=(missed, answered)))["offhook_rings"].samples
    assert {sample.labels["result"]: sample.value for sample in rings if sample.labels["queue"] == "sales"} == {
        "answered": 1,
        "missed": 1,
        "elsewhere": 0,
        "cancelled": 0,
        "busy": 0,
        "failed": 0,
    }


def test_filled_calls_are_in_their_own_counter_only() -> None:
    made = families()
    assert sum(sample.value for sample in made["offhook_calls_filled"].samples) == 1
    others = [one for name, one in made.items() if name != "offhook_calls_filled"]
    assert not any(sample.value for family in others for sample in family.samples)
