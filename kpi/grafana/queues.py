"""One queue or some: how long callers wait, what becomes of them, who is there for them."""

from __future__ import annotations

from kpi.grafana.frame import OF_QUEUE, PBX, QUEUE, Page
from kpi.grafana.overview import LEVEL_STEPS, RATE_STEPS, WAIT_STEPS
from kpi.grafana.promql import mean, percentile, service_level, share, summed
from kpi.grafana.told import of_measure, of_metric
from kpi.grafana.view import Query, Shape, View

ANSWERED = f'{OF_QUEUE}, outcome="answered"'
ABANDONED = f'{OF_QUEUE}, outcome="abandoned"'

_NOW = (
    View(
        title="Waiting",
        text=of_metric("offhook_calls_waiting"),
        queries=(Query(f"sum by (queue) (offhook_calls_waiting{{{OF_QUEUE}}})", "{{queue}}"),),
        shape=Shape.BARS,
        width=8,
        height=6,
        steps=((None, "green"), (1, "orange"), (5, "red")),
    ),
    View(
        title="Longest wait",
        text=of_metric("offhook_longest_wait_seconds"),
        queries=(Query(f"max by (queue) (offhook_longest_wait_seconds{{{OF_QUEUE}}})", "{{queue}}"),),
        shape=Shape.BARS,
        unit="s",
        width=8,
        height=6,
        steps=WAIT_STEPS,
    ),
    View(
        title="Agents in these queues, by what they do",
        text=of_metric("offhook_queue_agents"),
        queries=(Query(f"sum by (state) (offhook_queue_agents{{{OF_QUEUE}}})", "{{state}}"),),
        shape=Shape.BARS,
        width=8,
        height=6,
        none="nobody logged in",
    ),
)

_LEVELS = tuple(
    View(
        title=f"Answered within {seconds} s",
        text=of_measure("service_level_offered", f"T is {seconds} s. {why}"),
        queries=(Query(service_level(OF_QUEUE, seconds)),),
        shape=Shape.STAT,
        unit="percentunit",
        decimals=1,
        steps=LEVEL_STEPS,
        width=4,
        height=4,
    )
    for seconds, why in (
        (20, "80/20 is the usual aim."),
        (60, "A usual aim of help desks."),
        (180, "Spain asks for 95 %."),
    )
)

_QUALITY = (
    *_LEVELS,
    View(
        title="Average speed of answer",
        text=of_measure("asa"),
        queries=(Query(mean("offhook_wait_seconds", ANSWERED)),),
        shape=Shape.STAT,
        unit="s",
        decimals=1,
        steps=WAIT_STEPS,
        width=4,
        height=4,
    ),
    View(
        title="Average time to abandon",
        text="The mean wait of those who gave up.",
        queries=(Query(mean("offhook_wait_seconds", ABANDONED)),),
        shape=Shape.STAT,
        unit="s",
        decimals=1,
        width=4,
        height=4,
    ),
    View(
        title="Abandon rate",
        text=of_measure("abandon_rate"),
        queries=(Query(share("offhook_stays_total", ABANDONED, OF_QUEUE)),),
        shape=Shape.STAT,
        unit="percentunit",
        decimals=1,
        steps=RATE_STEPS,
        width=4,
        height=4,
    ),
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
    View(
        title="What became of the waits, in each quarter of an hour",
        text=of_metric("offhook_stays_total"),
        queries=(Query(summed("offhook_stays_total", OF_QUEUE, "15m", "outcome"), "{{outcome}}"),),
        shape=Shape.STACK,
    ),
    View(
        title="Agents in these queues over time",
        text=of_metric("offhook_queue_agents"),
        queries=(Query(f"sum by (state) (offhook_queue_agents{{{OF_QUEUE}}})", "{{state}}"),),
        shape=Shape.STACK,
    ),
)

_HANDLED = " + ".join(
    summed(f"offhook_{part}_seconds_sum", OF_QUEUE, by="queue") for part in ("talk", "hold", "wrap_up")
)
_HANDLE = f"({_HANDLED}) / ({summed('offhook_talk_seconds_count', OF_QUEUE, by='queue')} > 0)"
_WORK = (
    View(
        title="Phones rung, by what came of it",
        text=of_metric("offhook_rings_total"),
        queries=(Query(summed("offhook_rings_total", OF_QUEUE, by="result"), "{{result}}"),),
        shape=Shape.BARS,
    ),
    View(
        title="Average talk time, of the last hour",
        text=of_measure("att"),
        queries=(Query(mean("offhook_talk_seconds", OF_QUEUE, "1h", "queue"), "{{queue}}"),),
        unit="s",
    ),
    View(
        title="Average hold",
        text=of_measure("average_hold"),
        queries=(Query(mean("offhook_hold_seconds", OF_QUEUE, by="queue"), "{{queue}}"),),
        shape=Shape.BARS,
        unit="s",
        none="no holds",
    ),
    View(
        title="Average wrap-up",
        text="Mean wrap-up after a conversation, where there was one. " + of_metric("offhook_wrap_up_seconds"),
        queries=(Query(mean("offhook_wrap_up_seconds", OF_QUEUE, by="queue"), "{{queue}}"),),
        shape=Shape.BARS,
        unit="s",
        none="no wrap-ups",
    ),
    View(
        title="Average handle time",
        text=of_measure("aht", "Here of all conversations in the time shown, with the wrap-ups that have ended."),
        queries=(Query(_HANDLE, "{{queue}}"),),
        shape=Shape.BARS,
        unit="s",
    ),
    View(
        title="Customers handed over or parked",
        text=of_metric("offhook_transfers_total"),
        queries=(Query(summed("offhook_transfers_total", OF_QUEUE, by="way"), "{{way}}"),),
        shape=Shape.BARS,
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
