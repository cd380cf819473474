"""An agent's day as spans: logged in to a queue, paused there, idle, ringing or talking; each from and to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from cti.model import Agent, AgentChanged, AgentState
from kpi.batch import Span
from kpi.schema import SpanKind

Slot = tuple[SpanKind, str]


class SpanBook:
    """The spans that are open now. Pure: what changed is told from the agent as the event shows him.

    So it does not matter whether a log-in was seen or only its result, as after a reconnect.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], dict[Slot, Span]] = {}

    def apply(self, event: AgentChanged) -> list[Span]:
        """The spans that ended and those that began, in this order; nothing when all goes on."""
        before = self._open.get((event.agent.pbx, event.agent.agent), {})
        after: dict[Slot, Span] = {}
        begun: list[Span] = []
        for slot, span in _spans_of(event.agent, event.at):
            going_on = before.get(slot)
            if going_on is not None and (going_on.state, going_on.reason) == (span.state, span.reason):
                after[slot] = going_on
            else:
                after[slot] = span
                begun.append(span)
        self._open[event.agent.pbx, event.agent.agent] = after
        over = (span for slot, span in before.items() if after.get(slot) is not span)
        return [msgspec.structs.replace(span, ended_at=max(span.started_at, event.at)) for span in over] + begun


def _spans_of(agent: Agent, at: datetime) -> Iterator[tuple[Slot, Span]]:
    """All that is true of him now, as spans that begin now."""
    base = Span(pbx=agent.pbx, agent=agent.agent, kind=SpanKind.STATE, started_at=at)
    for place in agent.memberships:
        yield (SpanKind.LOGIN, place.queue), msgspec.structs.replace(base, kind=SpanKind.LOGIN, queue=place.queue)
        if place.paused:
            pause = msgspec.structs.replace(base, kind=SpanKind.PAUSE, queue=place.queue, reason=place.reason)
            yield (SpanKind.PAUSE, place.queue), pause
    if agent.state is not AgentState.OFFLINE:
        yield (SpanKind.STATE, ""), msgspec.structs.replace(base, state=agent.state)
