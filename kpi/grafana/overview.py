"""The contact centre at one look: who waits now, who is there, how the day goes."""

from __future__ import annotations

from kpi.grafana.frame import OF_PBX, OF_QUEUE, PBX, QUEUE, Page
from kpi.grafana.promql import mean, service_level, share, summed
from kpi.grafana.told import of_measure, of_metric
from kpi.grafana.view import MUST_BE_0, Query, Shape, Step, View

LEVEL_STEPS: tuple[Step, ...] = ((None, "red"), (0.7, "orange"), (0.8, "green"))
RATE_STEPS: tuple[Step, ...] = ((None, "green"), (0.05, "orange"), (0.1, "red"))
WAIT_STEPS: tuple[Step, ...] = ((None, "green"), (20, "orange"), (180, "red"))
IN_QUEUES = f'{OF_QUEUE}, queue!=""'
LOGGED_IN = f'{OF_PBX}, state!="offline"'

_NOW = (
    View(
        title="Callers waiting",
        text=of_metric("offhook_calls_waiting"),
        queries=(Query(f"sum(offhook_calls_waiting{{{OF_QUEUE}}})"),),
        shape=Shape.STAT,
        steps=((None, "green"), (1, "orange"), (10, "red")),
        width=4,
        height=4,
    ),
    View(
        title="Longest wait",
        text=of_metric("offhook_longest_wait_seconds"),
        queries=(Query(f"max(offhook_longest_wait_seconds{{{OF_QUEUE}}})"),),
        shape=Shape.STAT,
        unit="s",
        decimals=0,
        steps=WAIT_STEPS,
        width=4,
        height=4,
    ),
    View(
        title="Calls in progress",
        text=of_metric("offhook_calls_in_progress"),
        queries=(Query(f"sum(offhook_calls_in_progress{{{OF_PBX}}}) or vector(0)"),),
        shape=Shape.STAT,
        width=4,
        height=4,
    ),
    View(
        title="Agents there",
        text="Agents who are logged in to a queue or on a call. " + of_metric("offhook_agents"),
        queries=(Query(f"sum(offhook_agents{{{LOGGED_IN}}})"),),
        shape=Shape.STAT,
        steps=((None, "red"), (1, "green")),
        width=4,
        height=4,
    ),
    View(
        title="Agents free",
        text="Agents who could take a call now: logged in, not paused, not on the phone.",
        queries=(Query(f'sum(offhook_agents{{{OF_PBX}, state="idle"}})'),),
        shape=Shape.STAT,
        width=4,
        height=4,
    ),
    View(
        title="Numbers that do not add up",
        text=of_metric("offhook_stay_difference"),
        queries=(Query(f"sum(abs(offhook_stay_difference{{{OF_QUEUE}}}))"),),
        shape=Shape.STAT,
        steps=MUST_BE_0,
        width=4,
        height=4,
    ),
)

_PERIOD = (
    View(
        title="Offered",
        text="Waits in a queue that ended in the time shown. A caller who was in two queues counts twice.",
        queries=(Query(summed("offhook_stays_total", OF_QUEUE)),),
        shape=Shape.STAT,
        width=4,
        height=4,
    ),
    View(
        title="Answered",
        text="Waits that an agent ended.",
        queries=(Query(summed("offhook_stays_total", f'{OF_QUEUE}, outcome="answered"')),),
        shape=Shape.STAT,
        width=4,
        height=4,
    ),
    View(
        title="Service level, 20 s",
        text=of_measure("service_level_offered", "T is 20 s; for another T see the queue's dashboard."),
        queries=(Query(service_level(OF_QUEUE)),),
        shape=Shape.STAT,
        unit="percentunit",
        decimals=1,
        steps=LEVEL_STEPS,
        width=4,
        height=4,
    ),
    View(
        title="Abandon rate",
        text=of_measure("abandon_rate"),
        queries=(Query(share("offhook_stays_total", f'{OF_QUEUE}, outcome="abandoned"', OF_QUEUE)),),
        shape=Shape.STAT,
        unit="percentunit",
        decimals=1,
        steps=RATE_STEPS,
        width=4,
        height=4,
    ),
    View(
        title="Average speed of answer",
        text=of_measure("asa"),
        queries=(Query(mean("offhook_wait_seconds", f'{OF_QUEUE}, outcome="answered"')),),
        shape=Shape.STAT,
        unit="s",
        decimals=1,
        steps=WAIT_STEPS,
        width=4,
        height=4,
    ),
    View(
        title="Average talk time",
        text=of_measure("att"),
        queries=(Query(mean("offhook_talk_seconds", IN_QUEUES)),),
        shape=Shape.STAT,
        unit="s",
        decimals=0,
        width=4,
        height=4,
    ),
)

_COURSE = (
    View(
        title="Callers waiting, by queue",
        text=of_metric("offhook_calls_waiting"),
        queries=(Query(f"sum by (queue) (offhook_calls_waiting{{{OF_QUEUE}}})", "{{queue}}"),),
        shape=Shape.STACK,
    ),
    View(
        title="Agents by what they do",
        text=of_metric("offhook_agents"),
        queries=(Query(f"sum by (state) (offhook_agents{{{LOGGED_IN}}})", "{{state}}"),),
        shape=Shape.STACK,
    ),
    View(
        title="Calls ended, in each quarter of an hour",
        text=of_metric("offhook_calls_total"),
        queries=(
            Query(summed("offhook_calls_total", f'{OF_QUEUE}, direction="inbound"', "15m", "outcome"), "{{outcome}}"),
        ),
        shape=Shape.STACK,
    ),
    View(
        title="Service level, 20 s, of the last hour",
        text=of_measure("service_level_offered", "T is 20 s. A line ends where nobody called for an hour."),
        queries=(Query(service_level(OF_QUEUE, window="1h", by="queue"), "{{queue}}"),),
        unit="percentunit",
        steps=((None, "red"), (0.8, "green")),
        most=1,
    ),
)

_QUEUES = (
    View(
        title="Queues",
        text="Each queue as it is now, and its service level (20 s) and abandon rate in the time shown.",
        queries=(
            Query(f"sum by (pbx, queue) (offhook_calls_waiting{{{OF_QUEUE}}})", column="Waiting"),
            Query(f"max by (pbx, queue) (offhook_longest_wait_seconds{{{OF_QUEUE}}})", column="Longest wait", unit="s"),
            Query(f"sum by (pbx, queue) (offhook_queue_agents{{{OF_QUEUE}}})", column="Agents there"),
            Query(f'sum by (pbx, queue) (offhook_queue_agents{{{OF_QUEUE}, state="idle"}})', column="Free"),
            Query(summed("offhook_stays_total", OF_QUEUE, by="pbx, queue"), column="Offered"),
            Query(service_level(OF_QUEUE, by="pbx, queue"), column="Service level", unit="percentunit"),
            Query(
                share("offhook_stays_total", f'{OF_QUEUE}, outcome="abandoned"', OF_QUEUE, by="pbx, queue"),
                column="Abandoned",
                unit="percentunit",
            ),
        ),
        shape=Shape.TABLE,
        width=24,
        height=9,
        link=("This queue", "/d/offhook-queues?var-queue=${__data.fields.queue}&${__url_time_range}"),
    ),
)

OVERVIEW = Page(
    uid="offhook-overview",
    title="Offhook: contact centre",
    text="Who waits now, who is there, how the day goes. Counters are the reports' own tallies.",
    variables=(PBX, QUEUE),
    rows=(("Now", _NOW), ("In the time shown", _PERIOD), ("Over time", _COURSE), ("Queue by queue", _QUEUES)),
)
