"""One agent or some: what they do, and for how much of the time."""

from __future__ import annotations

from cti.model import AgentState
from kpi.grafana.frame import AGENT, OF_AGENT, OF_PBX, PBX, Page
from kpi.grafana.promql import summed
from kpi.grafana.told import of_metric
from kpi.grafana.view import Query, Shape, View, bars, lines, stack

COLORS = {
    AgentState.OFFLINE: "text",
    AgentState.IDLE: "green",
    AgentState.RINGING: "yellow",
    AgentState.TALKING: "blue",
    AgentState.PAUSED: "orange",
    AgentState.WRAP_UP: "purple",
}
AWAY = f'{OF_AGENT}, state="offline"'
TALKING = f'{OF_AGENT}, state="talking"'


def _state_numbers() -> str:
    """Each agent's state as its number in ``AgentState``: what a time line of states is drawn from."""
    parts = (f'offhook_agent_state{{{OF_AGENT}, state="{state}"}} * {n}' for n, state in enumerate(AgentState))
    return f"sum by (agent) ({' or '.join(parts)})"


def _time_share(part: str) -> str:
    """The share of the time of being there, in the time shown."""
    there = f"(1 - avg_over_time(offhook_agent_state{{{AWAY}}}[$__range]))"
    return f"sum by (agent) (avg_over_time(offhook_agent_state{{{part}}}[$__range])) / (sum by (agent) ({there}) > 0)"


_DAY = (
    View(
        title="What they do",
        text=of_metric("offhook_agent_state"),
        queries=(Query(_state_numbers(), "{{agent}}"),),
        shape=Shape.STATES,
        words=tuple((str(n), state.value, COLORS[state]) for n, state in enumerate(AgentState)),
        width=24,
        height=10,
        none="no agents",
    ),
)

_SHARES = (
    bars(
        "Share of their time there that they talk",
        "Time talking / time logged in, of the time shown, as scraped: a call shorter than the scrape interval "
        "may be missed. The reports have it to the second.",
        _time_share(TALKING),
        "{{agent}}",
        unit="percentunit",
        most=1,
        height=9,
        none="nobody was there",
    ),
    bars(
        "Share of their time there in pause",
        "Time paused in all their queues / time logged in, of the time shown, as scraped.",
        _time_share(f'{OF_AGENT}, state="paused"'),
        "{{agent}}",
        unit="percentunit",
        most=1,
        height=9,
        none="nobody was there",
    ),
)

_WORK = (
    View(
        title="What they did",
        text="In the time shown, of calls that have ended. " + of_metric("offhook_agent_rings_total"),
        queries=(
            Query(summed("offhook_agent_talks_total", OF_AGENT, by="pbx, agent"), column="Conversations"),
            Query(
                summed("offhook_agent_rings_total", f'{OF_AGENT}, result="answered"', by="pbx, agent"),
                column="Answered",
            ),
            Query(
                summed("offhook_agent_rings_total", f'{OF_AGENT}, result="missed"', by="pbx, agent"), column="Missed"
            ),
            Query(summed("offhook_agent_talk_seconds_total", OF_AGENT, by="pbx, agent"), column="Talk", unit="s"),
            Query(
                f"{summed('offhook_agent_talk_seconds_total', OF_AGENT, by='pbx, agent')}"
                f" / ({summed('offhook_agent_talks_total', OF_AGENT, by='pbx, agent')} > 0)",
                column="Average talk",
                unit="s",
            ),
            Query(summed("offhook_agent_hold_seconds_total", OF_AGENT, by="pbx, agent"), column="On hold", unit="s"),
            Query(summed("offhook_agent_wrap_up_seconds_total", OF_AGENT, by="pbx, agent"), column="Wrap-up", unit="s"),
        ),
        shape=Shape.TABLE,
        decimals=0,
        width=24,
        height=10,
        none="nobody was rung",
    ),
)

_ALL = (
    stack(
        "Agents by what they do",
        of_metric("offhook_agents"),
        f'sum by (state) (offhook_agents{{{OF_PBX}, state!="offline"}})',
        "{{state}}",
    ),
    lines(
        "Share of the agents there who talk",
        "Agents talking / agents logged in, at each moment.",
        f'sum(offhook_agents{{{OF_PBX}, state="talking"}}) / (sum(offhook_agents{{{OF_PBX}, state!="offline"}}) > 0)',
        "talking",
        unit="percentunit",
        most=1,
        steps=((None, "green"), (0.85, "orange")),
    ),
)

AGENTS = Page(
    uid="offhook-agents",
    title="Offhook: agents",
    text="What agents do and for how much of their time. Agents are extensions; names are on Offhook's own pages.",
    variables=(PBX, AGENT),
    rows=(("The day", _DAY), ("In the time shown", (*_SHARES, *_WORK)), ("All agents", _ALL)),
)
