"""A day small enough to be counted by hand: six callers in sales, four calls beside it, agent 101's spans."""

from __future__ import annotations

from typing import Any

from cti.model import (
    AgentState,
    Call,
    CallOutcome,
    Direction,
    Ring,
    RingResult,
    Stay,
    StayOutcome,
    Talk,
    Transfer,
    TransferKind,
)
from kpi.agent_time import span_tallies
from kpi.batch import Span
from kpi.items import tallies_of
from kpi.measure import Parameters, all_measures
from kpi.schema import SpanKind
from kpi.tally import Tally, TallyKey, gather, total
from tests.kpi.calls import answered_call, at

MINUTE_S = 60.0


def ring(agent: str, start: float, end: float, result: RingResult, queue: str | None = "sales") -> Ring:
    return Ring(agent=agent, queue=queue, started_at=at(start), ended_at=at(end), result=result)


def left_call(call_id: str, start: float, wait: float, outcome: StayOutcome, *rings: Ring, **fields: Any) -> Call:
    """A caller who leaves sales unanswered."""
    stay = Stay(queue="sales", joined_at=at(start), left_at=at(start + wait), outcome=outcome)
    told: dict[str, Any] = {"stays": (stay,), "talks": (), "rings": rings, "answered_at": None}
    told |= {"ended_at": at(start + wait), "outcome": CallOutcome(outcome.value)}
    return answered_call(call_id, start=start, **told | fields)


def placed_call(call_id: str, start: float, outcome: CallOutcome, talk_s: float = 0) -> Call:
    """101 calls somebody outside."""
    talk = Talk(agent="101", started_at=at(start + 10), ended_at=at(start + 10 + talk_s))
    told = {"direction": Direction.OUTBOUND, "queue": None, "queued_at": None, "stays": (), "rings": ()}
    talks = (talk,) if outcome is CallOutcome.ANSWERED else ()
    return answered_call(call_id, start=start, outcome=outcome, talks=talks, **told)


PLAIN = answered_call(
    "1",
    wait=4,
    talk=60,
    rings=(ring("101", 0, 4, RingResult.ANSWERED), ring("102", 0, 4, RingResult.ELSEWHERE)),
)
HANDED_ON = answered_call(
    "2",
    start=100,
    wait=9,
    talk=150,
    agent="102",
    rings=(ring("101", 100, 105, RingResult.MISSED), ring("102", 105, 109, RingResult.ANSWERED)),
    talks=(
        Talk(agent="102", started_at=at(109), ended_at=at(229), hold_s=20, holds=1, queue="sales"),
        Talk(agent="103", started_at=at(229), ended_at=at(259)),
    ),
    transfers=(
        Transfer(kind=TransferKind.PARK, by="102", to="701", at=at(150)),
        Transfer(kind=TransferKind.BLIND, by="102", to="103", at=at(229)),
    ),
)
NO_QUEUE = {"queue": None, "queued_at": None, "stays": (), "rings": (), "talks": (), "answered_at": None}
CALLS = (
    PLAIN,
    HANDED_ON,
    left_call("3", 300, 3, StayOutcome.ABANDONED, ring("101", 300, 303, RingResult.CANCELLED)),
    left_call("4", 310, 41, StayOutcome.ABANDONED, ring("101", 310, 325, RingResult.MISSED)),
    left_call("5", 400, 20, StayOutcome.TIMEOUT),
    left_call("6", 500, 10, StayOutcome.EXIT_KEY),
    answered_call("7", start=510, stays=(), rings=(), talks=(), outcome=CallOutcome.REFUSED),
    answered_call("8", start=520, outcome=CallOutcome.IVR_HANGUP, **NO_QUEUE),
    placed_call("9", 530, CallOutcome.ANSWERED, talk_s=50),
    placed_call("10", 540, CallOutcome.BUSY),
)


def state(state: AgentState, start_min: float, minutes: float, **more: Any) -> Span:
    begin, end = at(start_min * MINUTE_S), at((start_min + minutes) * MINUTE_S)
    return Span(pbx="milan", agent="101", kind=SpanKind.STATE, state=state, started_at=begin, ended_at=end, **more)


AFTER_PLAIN = {"talk_queue": "sales", "talk_direction": Direction.INBOUND, "talk_at": at(4), "talk_s": 60.0}
SPANS = (
    state(AgentState.IDLE, 0, 10),
    state(AgentState.RINGING, 10, 1),
    state(AgentState.TALKING, 11, 20),
    state(AgentState.WRAP_UP, 31, 2, **AFTER_PLAIN),
    state(AgentState.PAUSED, 33, 15, reason="lunch"),
    state(AgentState.PAUSED, 48, 2),
)


def day_tallies(*, only: Direction | None = None) -> dict[TallyKey, Tally]:
    rows = gather(pair for of in (*map(tallies_of, CALLS), *map(span_tallies, SPANS)) for pair in of.items())
    return {key: tally for key, tally in rows.items() if only is None or key.direction is only}


def number(key: str, *, agent: str | None = None, only: Direction | None = None, **parameters: Any) -> float | None:
    """What the measure says of the day, or of one agent's."""
    tally = total(one for row, one in day_tallies(only=only).items() if agent in (None, row.agent))
    return all_measures()[key].compute(tally, Parameters(**parameters))
