"""One queue or some: how long callers wait, what becomes of them, who is there for them."""

from __future__ import annotations

from kpi.grafana.frame import OF_QUEUE, PBX, QUEUE, Page
from kpi.grafana.overview import ABANDON_RATE, ABANDONED, ANSWERED, LEVEL_STEPS, SPEED_OF_ANSWER, WAIT_STEPS
from kpi.grafana.promql import mean, percentile, service_level, summed
from kpi.grafana.told import of_measure, of_metric
from kpi.grafana.view import Query, Shape, View, bars, lines, number, stack

_NOW = (
    bars(
        "Waiting",
        of_metric("offhook_calls_waiting"),
        f"sum by (queue) (offhook_calls_waiting{{{OF_QUEUE}}})",
        "{{queue}}",
        width=8,
        height=6,
        steps=((None, "green"), (1, "orange"), (5, "red")),
    ),
    bars(
        "Longest wait",
        of_metric("offhook_longest_wait_seconds"),
        f"max by (queue) (offhook_longest_wait_seconds{{{OF_QUEUE}}})",
        "{{queue}}",
        unit="s",
        width=8,
        height=6,
        steps=WAIT_STEPS,
    ),
    bars(
        "Agents in these queues, by what they do",
        of_metric("offhook_queue_agents"),
        f"sum by (state) (offhook_queue_agents{{{OF_QUEUE}}})",
        "{{state}}",
        width=8,
        height=6,
        none="nobody logged in",
    ),
)

_LEVELS = tuple(
    number(
        f"Answered within {seconds} s",
        of_measure("service_level_offered", f"T is {seconds} s. {why}"),
        service_level(OF_QUEUE, seconds),
        unit="percentunit",
        decimals=1,
        steps=LEVEL_STEPS,
    )
    for seconds, why in (
        (20, "80/20 is the usual aim."),
        (60, "A usual aim of help desks."),
        (180, "Spain asks for 95 %."),
    )
)

_QUALITY = (
    *_LEVELS,
    SPEED_OF_ANSWER,
    number(
        "Average time to abandon",
        "The mean wait of those who gave up.",
        mean("offhook_wait_seconds", ABANDONED),
        unit="s",
        decimals=1,
    ),
    ABANDON_RATE,
)

_WAITS = (
    View(
        title="Waits of those who were answered",
        text="How many waited how long, over time. " + of_metric("offhook_wait_seconds"),
        queries=(
            Query(f"sum by (le) (increase(offhook_wait_seconds_bucket{{{ANSWERED}}}[$__rate_interval]))", "{{le}}"),
        ),
        shape=Shape.HEAT,
    ),
    View(
        title="Percentiles of the wait until the answer, of the last hour",
        text="Half of those who were answered waited no longer than the 50th percentile; interpolated within a bucket.",
        queries=tuple(
            Query(percentile("offhook_wait_seconds", ANSWERED, quantile / 100, "1h"), f"{quantile}th")
            for quantile in (50, 90, 95)
        ),
        unit="s",
        steps=((None, "green"), (20, "orange")),
    ),
    stack(
        "What became of the waits, in each quarter of an hour",
        of_metric("offhook_stays_total"),
        summed("offhook_stays_total", OF_QUEUE, "15m", "outcome"),
        "{{outcome}}",
    ),
    stack(
        "Agents in these queues over time",
        of_metric("offhook_queue_agents"),
        f"sum by (state) (offhook_queue_agents{{{OF_QUEUE}}})",
        "{{state}}",
    ),
)

_HANDLED = " + ".join(
    summed(f"offhook_{part}_seconds_sum", OF_QUEUE, by="queue") for part in ("talk", "hold", "wrap_up")
)
_HANDLE = f"({_HANDLED}) / ({summed('offhook_talk_seconds_count', OF_QUEUE, by='queue')} > 0)"
_WORK = (
    bars(
        "Phones rung, by what came of it",
        of_metric("offhook_rings_total"),
        summed("offhook_rings_total", OF_QUEUE, by="result"),
        "{{result}}",
    ),
    lines(
        "Average talk time, of the last hour",
        of_measure("att"),
        mean("offhook_talk_seconds", OF_QUEUE, "1h", "queue"),
        "{{queue}}",
        unit="s",
    ),
    bars(
        "Average hold",
        of_measure("average_hold"),
        mean("offhook_hold_seconds", OF_QUEUE, by="queue"),
        "{{queue}}",
        unit="s",
        none="no holds",
    ),
    bars(
        "Average wrap-up",
        "Mean wrap-up after a conversation, where there was one. " + of_metric("offhook_wrap_up_seconds"),
        mean("offhook_wrap_up_seconds", OF_QUEUE, by="queue"),
        "{{queue}}",
        unit="s",
        none="no wrap-ups",
    ),
    bars(
        "Average handle time",
        of_measure("aht", "Here of all conversations in the time shown, with the wrap-ups that have ended."),
        _HANDLE,
        "{{queue}}",
        unit="s",
    ),
    bars(
        "Customers handed over or parked",
        of_metric("offhook_transfers_total"),
        summed("offhook_transfers_total", OF_QUEUE, by="way"),
        "{{way}}",
        decimals=0,
    ),
)

QUEUES = Page(
    uid="offhook-queues",
    title="Offhook: queues",
    text="How long callers wait, what becomes of them, who is there for them.",
    variables=(PBX, QUEUE),
    rows=(("Now", _NOW), ("In the time shown", _QUALITY), ("Waits", _WAITS), ("Work", _WORK)),
)
