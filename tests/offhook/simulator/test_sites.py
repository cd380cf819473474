"""Ready plans."""

from __future__ import annotations

import pytest

from offhook.simulator.people import AGENTS
from offhook.simulator.sites import DEMO, RING_ALL_MOST, site


def test_the_demo_has_a_desk_for_every_agent_and_a_number_for_every_queue() -> None:
    staffed = {agent for agents in DEMO.staff.values() for agent in agents}
    assert staffed == set(AGENTS) == set(DEMO.direct.values())
    assert {line.name for line in DEMO.lines} == set(DEMO.staff)
    assert set(DEMO.menu_keys.values()) <= set(DEMO.staff)
    assert {line.strategy for line in DEMO.lines} == {"linear", "ringall", "leastrecent"}
    dialled = [line.did for line in DEMO.lines] + list(DEMO.direct) + [DEMO.menu]
    assert len(set(dialled)) == len(dialled)


@pytest.mark.parametrize(("agents", "queues"), [(1, 1), (20, 4), (1000, 40), (50, 9)])
def test_a_site_of_any_size(agents: int, queues: int) -> None:
    plan = site(agents, queues)
    assert (len(plan.agents), len(plan.lines), len(plan.staff)) == (agents, queues, queues)
    for line in plan.lines:
        assert line.strategy != "ringall" or len(plan.staff[line.name]) <= RING_ALL_MOST
    assert len({line.exten for line in plan.lines} | set(plan.agents)) == agents + queues
    assert set(plan.menu_keys.values()) <= set(plan.staff)
