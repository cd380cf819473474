"""The agents' dashboard: every state has its number, word and colour."""

from __future__ import annotations

from cti.model import AgentState
from kpi.grafana.agents import AGENTS, COLORS


def test_every_state_is_drawn() -> None:
    (what_they_do, *_) = AGENTS.views
    assert set(COLORS) == set(AgentState)
    assert [word for _, word, _ in what_they_do.words] == [state.value for state in AgentState]
    (query,) = what_they_do.queries
    assert all(f'state="{state}"' in query.expr for state in AgentState)


def test_agents_are_shown_by_extension_only() -> None:
    assert {variable.name for variable in AGENTS.variables} == {"pbx", "agent"}
    assert not any("name" in query.legend for view in AGENTS.views for query in view.queries)
