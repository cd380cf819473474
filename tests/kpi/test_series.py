"""Samples: values that share a label are one, counters never fall."""

from __future__ import annotations

from kpi.labels import OTHER
from kpi.series import Series, gauge, joined


def test_values_that_share_a_label_are_joined() -> None:
    series = Series(queues=1)
    groups = series.of_queues({("milan", "sales"): 1.0, ("milan", "a"): 2.0, ("milan", "b"): 5.0})
    assert joined(groups) == {("milan", "sales"): 1.0, ("milan", OTHER): 7.0}
    assert joined(groups, max) == {("milan", "sales"): 1.0, ("milan", OTHER): 5.0}
    assert {sample.labels["label"]: sample.value for sample in series.folded().samples} == {
        "queue": 2,
        "agent": 0,
        "kind": 0,
    }


def test_what_follows_the_queue_stays_in_the_labels() -> None:
    assert Series().of_queues({("milan", "sales", "idle"): 1}) == {("milan", "sales", "idle"): [1]}


def test_an_agent_at_a_number_outside_has_another_name() -> None:
    ((pbx, agent),) = Series().of_agents({("milan", "+393331112222"): 1})
    assert (pbx, agent.partition("-")[0]) == ("milan", "outside")


def test_a_counter_stays_as_high_as_it_was() -> None:
    series = Series()
    shown = [
        series.counter("offhook_recorder_refused_total", [((), value)]).samples[0].value for value in (3.0, 1.0, 4.0)
    ]
    assert shown == [3.0, 3.0, 4.0]


def test_a_histogram_has_every_bucket_and_the_sum_in_seconds() -> None:
    family = Series().histogram("offhook_talk_seconds", [(("milan", "sales"), {3: 1, 70: 1}, 72_500)], (15, 60))
    shown = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples}
    assert shown == {
        ("offhook_talk_seconds_bucket", "15.0"): 1,
        ("offhook_talk_seconds_bucket", "60.0"): 1,
        ("offhook_talk_seconds_bucket", "+Inf"): 2,
        ("offhook_talk_seconds_count", None): 2,
        ("offhook_talk_seconds_sum", None): 72.5,
    }


def test_a_gauge_goes_both_ways() -> None:
    assert [gauge("offhook_link_up", {("milan",): value}).samples[0].value for value in (1, 0)] == [1, 0]
