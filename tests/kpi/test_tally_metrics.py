"""Counters and histograms are the tallies, by queue."""

from __future__ import annotations

from prometheus_client.core import Metric

from cti.model import AgentState, Direction, Ring, RingResult, Talk, Transfer, TransferKind
from kpi.batch import Span
from kpi.schema import SpanKind, TallySpan
from kpi.series import Series
from kpi.summing import sums_of_spans
from kpi.tally import Tally, add
from kpi.tally_metrics import agent_families, tally_families
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


def test_an_agent_has_what_he_did_in_all_queues() -> None:
    calls = [
        answered_call("1", talk=60),
        answered_call("2", stay_queue="support", talk=30.5),
        answered_call("3", agent="102"),
        answered_call("4", direction=Direction.OUTBOUND, queue=None, stays=(), rings=()),
    ]
    made = {one.name: one for one in agent_families(Series(), totals_of(*calls).tallies, [("milan", "199")])}
    talks = {(one.labels["agent"], one.labels["direction"]): one.value for one in made["offhook_agent_talks"].samples}
    assert (talks["101", "inbound"], talks["101", "outbound"], talks["102", "inbound"]) == (2, 1, 1)
    assert talks["199", "inbound"] == 0
    rings = {(one.labels["agent"], one.labels["result"]): one.value for one in made["offhook_agent_rings"].samples}
    assert (rings["101", "answered"], rings["101", "missed"], rings["199", "missed"]) == (2, 0, 0)
    talked = {one.labels["agent"]: one.value for one in made["offhook_agent_talk_seconds"].samples}
    assert talked == {"101": 150.5, "102": 60, "199": 0}


def test_holds_and_transfers_are_counted_under_the_queue_that_delivered_the_call() -> None:
    talk = Talk(agent="101", queue="sales", started_at=at(7), ended_at=at(67), hold_s=20, holds=1)
    handed = Transfer(kind=TransferKind.BLIND, by="101", to="102", at=at(67))
    made = families(answered_call("1", talks=(talk,), transfers=(handed,)))
    sums = {one.labels["queue"]: one.value for one in made["offhook_hold_seconds"].samples if one.name.endswith("_sum")}
    assert sums["sales"] == 20
    transfers = {
        (one.labels["queue"], one.labels["way"]): one.value for one in made["offhook_transfers"].samples if one.value
    }
    assert transfers == {("sales", "blind"): 1}


def test_wrap_ups_are_counted_under_the_queue_and_the_agent() -> None:
    totals = totals_of(answered_call("1"))
    wrap_up = Span(
        pbx="milan",
        agent="101",
        kind=SpanKind.STATE,
        state=AgentState.WRAP_UP,
        started_at=at(67),
        ended_at=at(79.5),
        talk_queue="sales",
        talk_direction=Direction.INBOUND,
        talk_at=at(7),
        talk_s=60.0,
    )
    for key, tally in sums_of_spans([wrap_up]).items():
        if key.span is not TallySpan.QUARTER:
            totals.tallies[key] = add(totals.tallies.get(key, Tally()), tally)
    made = {one.name: one for one in tally_families(Series(), totals.tallies, QUEUES)}
    sums = {(one.name, one.labels["queue"]): one.value for one in made["offhook_wrap_up_seconds"].samples}
    assert sums["offhook_wrap_up_seconds_sum", "sales"] == 12.5
    assert sums["offhook_wrap_up_seconds_count", "sales"] == 1
    of_agents = {one.name: one for one in agent_families(Series(), totals.tallies, [])}
    (sample,) = of_agents["offhook_agent_wrap_up_seconds"].samples
    assert (sample.labels["agent"], sample.value) == ("101", 12.5)
