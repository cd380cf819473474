"""The contact centre at one look: who waits now, who is there, how the day goes."""

from __future__ import annotations

from kpi.grafana.frame import OF_PBX, OF_QUEUE, PBX, QUEUE, Page
from kpi.grafana.promql import mean, service_level, share, summed
from kpi.grafana.told import of_measure, of_metric
from kpi.grafana.view import MUST_BE_0, Query, Shape, Step, View, lines, number, stack

LEVEL_STEPS: tuple[Step, ...] = ((None, "red"), (0.7, "orange"), (0.8, "green"))
RATE_STEPS: tuple[Step, ...] = ((None, "green"), (0.05, "orange"), (0.1, "red"))
WAIT_STEPS: tuple[Step, ...] = ((None, "green"), (20, "orange"), (180, "red"))
IN_QUEUES = f'{OF_QUEUE}, queue!=""'
LOGGED_IN = f'{OF_PBX}, state!="offline"'
ANSWERED = f'{OF_QUEUE}, outcome="answered"'
ABANDONED = f'{OF_QUEUE}, outcome="abandoned"'

ABANDON_RATE = number(
    "Abandon rate",
    of_measure("abandon_rate"),
    share("offhook_stays_total", ABANDONED, OF_QUEUE),
    unit="percentunit",
    decimals=1,
    steps=RATE_STEPS,
)
SPEED_OF_ANSWER = number(
    "Average speed of answer",
    of_measure("asa"),
    mean("offhook_wait_seconds", ANSWERED),
    unit="s",
    decimals=1,
    steps=WAIT_STEPS,
)

_NOW = (
    number(
        "Callers waiting",
        of_metric("offhook_calls_waiting"),
        f"sum(offhook_calls_waiting{{{OF_QUEUE}}})",
        steps=((None, "green"), (1, "orange"), (10, "red")),
    ),
    number(
        "Longest wait",
        of_metric("offhook_longest_wait_seconds"),
        f"max(offhook_longest_wait_seconds{{{OF_QUEUE}}})",
        unit="s",
        decimals=0,
        steps=WAIT_STEPS,
    ),
    number(
        "Calls in progress",
        of_metric("offhook_calls_in_progress"),
        f"sum(offhook_calls_in_progress{{{OF_PBX}}}) or vector(0)",
    ),
    number(
        "Agents there",
        "Agents who are logged in to a queue or on a call. " + of_metric("offhook_agents"),
        f"sum(offhook_agents{{{LOGGED_IN}}})",
        steps=((None, "red"), (1, "green")),
    ),
    number(
        "Agents free",
        "Agents who could take a call now: logged in, not paused, not on the phone.",
        f'sum(offhook_agents{{{OF_PBX}, state="idle"}})',
    ),
    number(
        "Numbers that do not add up",
        of_metric("offhook_stay_difference"),
        f"sum(abs(offhook_stay_difference{{{OF_QUEUE}}}))",
        steps=MUST_BE_0,
    ),
)

_PERIOD = (
    number(
        "Offered",
        "Waits in a queue that ended in the time shown. A caller who was in two queues counts twice.",
        summed("offhook_stays_total", OF_QUEUE),
    ),
    number("Answered", "Waits that an agent ended.", summed("offhook_stays_total", ANSWERED)),
    number(
        "Service level, 20 s",
        of_measure("service_level_offered", "T is 20 s; for another T see the queue's dashboard."),
        service_level(OF_QUEUE),
        unit="percentunit",
        decimals=1,
        steps=LEVEL_STEPS,
    ),
    ABANDON_RATE,
    SPEED_OF_ANSWER,
    number("Average talk time", of_measure("att"), mean("offhook_talk_seconds", IN_QUEUES), unit="s", decimals=0),
)

_COURSE = (
    stack(
        "Callers waiting, by queue",
        of_metric("offhook_calls_waiting"),
        f"sum by (queue) (offhook_calls_waiting{{{OF_QUEUE}}})",
        "{{queue}}",
    ),
    stack(
        "Agents by what they do",
        of_metric("offhook_agents"),
        f"sum by (state) (offhook_agents{{{LOGGED_IN}}})",
        "{{state}}",
    ),
    stack(
        "Calls ended, in each quarter of an hour",
        of_metric("offhook_calls_total"),
        summed("offhook_calls_total", f'{OF_QUEUE}, direction="inbound"', "15m", "outcome"),
        "{{outcome}}",
    ),
    lines(
        "Service level, 20 s, of the last hour",
        of_measure("service_level_offered", "T is 20 s. A line ends where nobody called for an hour."),
        service_level(OF_QUEUE, window="1h", by="queue"),
        "{{queue}}",
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
                share("offhook_stays_total", ABANDONED, OF_QUEUE, by="pbx, queue"),
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
