"""The gauges of the moment: trunks, and agents in each of their queues."""

from __future__ import annotations

import pytest

from cti.model import Agent, AgentChange, AgentChanged, AgentState, Leg, LegRole, Membership, Origin
from kpi.labels import OTHER
from kpi.live import LiveBoard
from kpi.live_metrics import live_families, queue_states, state_in, trunk_calls
from kpi.series import Series
from tests.kpi.calls import answered_call, at, waiting_call

ORIGIN = Origin("milan", "s1", 1, "x")


def agent(number: str, state: AgentState, **paused: bool) -> Agent:
    places = tuple(Membership(queue=queue, paused=one) for queue, one in paused.items())
    return Agent(pbx="milan", agent=number, memberships=places, state=state)


def leg(channel: str, role: LegRole = LegRole.CUSTOMER, ended: float | None = None) -> Leg:
    ended_at = None if ended is None else at(ended)
    return Leg(leg_id=channel, channel=channel, role=role, number=None, started_at=at(0), ended_at=ended_at)


@pytest.mark.parametrize(
    ("state", "paused", "shown"),
    [
        (AgentState.IDLE, False, AgentState.IDLE),
        (AgentState.IDLE, True, AgentState.PAUSED),
        (AgentState.PAUSED, True, AgentState.PAUSED),
        (AgentState.TALKING, True, AgentState.TALKING),
        (AgentState.WRAP_UP, False, AgentState.WRAP_UP),
    ],
)
def test_an_agent_in_one_queue(state: AgentState, paused: bool, shown: AgentState) -> None:
    one = agent("101", state, sales=paused)
    assert state_in(one, one.memberships[0]) is shown


def test_who_is_in_two_queues_is_counted_in_both() -> None:
    counts = queue_states([agent("101", AgentState.IDLE, sales=False, support=True)])
    assert counts == {("milan", "sales", "idle"): 1, ("milan", "support", "paused"): 1}


def test_channels_are_counted_by_the_trunks_that_the_settings_name() -> None:
    legs = (leg("PJSIP/carrier-1"), leg("PJSIP/carrier-2", ended=9), leg("DAHDI/i1/0612345678-4"), leg("PJSIP/x-3"))
    call = answered_call("1", legs=(*legs, leg("PJSIP/101-5", LegRole.AGENT)))
    counts = trunk_calls([call], {"milan": ["carrier", "i1", "spare"]})
    assert counts == {("milan", "carrier"): 1, ("milan", "i1"): 1, ("milan", "spare"): 0, ("milan", OTHER): 1}
    assert trunk_calls([call], {}) == {("milan", OTHER): 3}


def test_a_queue_that_all_have_left_still_says_so() -> None:
    live, series = LiveBoard(), Series()
    for event in waiting_call("1", 0):
        live.apply(event)

    def idle_in(queue: str) -> float:
        families = {one.name: one for one in live_families(series, live, at(60), {}, agents=True)}
        samples = families["offhook_queue_agents"].samples
        found = [one.value for one in samples if (one.labels["queue"], one.labels["state"]) == (queue, "idle")]
        assert len(found) == 1
        return found[0]

    for one, expected in ((agent("101", AgentState.IDLE, night=False), 1), (agent("101", AgentState.OFFLINE), 0)):
        live.apply(AgentChanged(at=at(1), origin=ORIGIN, agent=one, change=AgentChange.STATE))
        assert idle_in("night") == expected
    assert idle_in("sales") == 0
