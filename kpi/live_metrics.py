"""The gauges of what goes on now: callers waiting, calls on each trunk, agents by what they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client.core import Metric

from cti.model import Agent, AgentState, Call, LegRole, Membership
from kpi.labels import OTHER, plain_label, trunk_label
from kpi.live import LiveBoard
from kpi.series import Labels, Series, gauge, joined

STATES_IN_QUEUE = tuple(state for state in AgentState if state is not AgentState.OFFLINE)


def live_families(
    series: Series, live: LiveBoard, now: datetime, trunks: Mapping[str, Sequence[str]], *, agents: bool
) -> Iterator[Metric]:
    """What the board shows. ``trunks``: their names in the settings, by PBX. Without ``agents`` none has his own."""
    yield from _waiting(series, live, now)
    ways = {(plain_label(pbx), way.value): float(calls) for (pbx, way), calls in live.in_progress().items()}
    yield gauge("offhook_calls_in_progress", ways)
    yield gauge("offhook_trunk_calls", trunk_calls(live.calls(), trunks))
    counts = live.agents_by_state()
    yield gauge("offhook_agents", {(plain_label(pbx), state.value): n for (pbx, state), n in counts.items()})
    everybody = live.agents()
    yield gauge("offhook_queue_agents", _by_queue(series, queue_states(everybody)))
    if agents:
        yield gauge("offhook_agent_state", _by_agent(series, everybody))


def _waiting(series: Series, live: LiveBoard, now: datetime) -> Iterator[Metric]:
    waiting = live.waiting()
    count = {key: float(queue.count) for key, queue in waiting.items()}
    longest = {key: max(0.0, (now - (queue.oldest_at or now)).total_seconds()) for key, queue in waiting.items()}
    differences = {key: float(one) for key, one in live.stay_differences().items()}
    nobody = {labels: 0.0 for labels in series.queues.own if labels[1]}
    yield gauge("offhook_calls_waiting", nobody | joined(series.of_queues(count)))
    yield gauge("offhook_longest_wait_seconds", nobody | joined(series.of_queues(longest), max))
    yield gauge("offhook_stay_difference", nobody | joined(series.of_queues(differences)))


def trunk_calls(calls: Iterable[Call], trunks: Mapping[str, Sequence[str]]) -> dict[Labels, float]:
    """Channels that are up towards the public, by PBX and trunk; a trunk that is not in use has 0."""
    counts: dict[Labels, float] = {
        (plain_label(pbx), plain_label(trunk)): 0.0 for pbx, names in trunks.items() for trunk in (*names, OTHER)
    }
    for call in calls:
        for leg in call.legs:
            if leg.role is LegRole.CUSTOMER and leg.ended_at is None:
                trunk = trunk_label(leg.channel, trunks.get(call.pbx, ()))
                labels = plain_label(call.pbx), plain_label(trunk)
                counts[labels] = counts.get(labels, 0) + 1
    return counts


def queue_states(agents: Iterable[Agent]) -> Counter[tuple[str, str, str]]:
    """How many agents of each PBX and queue do what."""
    return Counter((one.pbx, place.queue, state_in(one, place).value) for one in agents for place in one.memberships)


def state_in(agent: Agent, place: Membership) -> AgentState:
    """What he is to this queue: who pauses here only is paused here, who pauses elsewhere only is not."""
    if agent.state not in (AgentState.IDLE, AgentState.PAUSED, AgentState.OFFLINE):
        return agent.state
    return AgentState.PAUSED if place.paused else AgentState.IDLE


def _by_agent(series: Series, agents: Iterable[Agent]) -> dict[Labels, float]:
    """Each agent's state, with 0 where he is not; those who share a label are counted together."""
    groups = series.of_agents({(one.pbx, one.agent): one.state for one in agents})
    return {
        (*labels, state.value): float(group.count(state)) for labels, group in groups.items() for state in AgentState
    }


def _by_queue(series: Series, counts: Mapping[tuple[str, str, str], int]) -> dict[Labels, float]:
    """With 0 where a queue has nobody in a state."""
    shown = joined(series.of_queues({key: float(n) for key, n in counts.items()}))
    zeros = {(*labels, state.value): 0.0 for labels in series.queues.own if labels[1] for state in STATES_IN_QUEUE}
    return zeros | shown
