"""An agent's day in short words: what was seen of it, what the log says, and a gap in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from cti.model import Agent, AgentChange, AgentChanged, AgentState, Origin
from kpi.batch import Span
from kpi.gaps import Gap
from kpi.schema import SpanKind
from tests.kpi.calls import at

BEGIN, END = 100, 200
SEEN_S = 0.3  # after the return comes the snapshot
LOGIN, PAUSE, STATE = SpanKind.LOGIN, SpanKind.PAUSE, SpanKind.STATE
IDLE, PAUSED, RINGING, TALKING = AgentState.IDLE, AgentState.PAUSED, AgentState.RINGING, AgentState.TALKING
Brief = tuple[SpanKind, float, float | None, object]


def gap(end: float = END) -> Gap:
    return Gap(pbx="milan", began_at=at(BEGIN), ended_at=at(end), cause="cut")


def span(kind: SpanKind, start: float, end: float | None = None, what: object = None, **more: object) -> Span:
    state = what if isinstance(what, AgentState) else None
    whole = Span(
        pbx="milan",
        agent="101",
        kind=kind,
        queue="" if kind is STATE else "sales",
        started_at=at(start),
        ended_at=None if end is None else at(end),
        state=state,
        reason="lunch" if state is PAUSED else str(what) if what is not None and state is None else None,
    )
    return msgspec.structs.replace(whole, **more)


def line(seconds: float, change: AgentChange, reason: str | None = None) -> AgentChanged:
    agent = Agent(pbx="milan", agent="101")
    origin = Origin("milan", "queue_log", int(seconds), change.value)
    return AgentChanged(at=at(seconds), origin=origin, agent=agent, change=change, queue="sales", reason=reason)


def brief(spans: Iterable[Span]) -> list[Brief]:
    return [
        (one.kind, _s(one.started_at), None if one.ended_at is None else _s(one.ended_at), one.state or one.reason)
        for one in spans
    ]


def _s(instant: datetime) -> float:
    return round((instant - at(0)).total_seconds(), 3)


THERE = (span(LOGIN, 0), span(STATE, 0, None, IDLE))
