"""Calls for the tests: a plain one to vary, and hypothesis strategies for any call a tracker could end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from cti.model import (
    AgentState,
    Call,
    CallEvent,
    CallOutcome,
    CallQueued,
    CallStarted,
    Direction,
    EndedBy,
    Leg,
    LegRole,
    Origin,
    Party,
    Ring,
    RingResult,
    Stay,
    StayOutcome,
    Talk,
    Transfer,
    TransferKind,
)
from kpi.batch import Span
from kpi.schema import SpanKind

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Nine o'clock and some seconds."""
    return NINE + timedelta(seconds=seconds)


def answered_call(call_id: str = "1", *, start: float = 0, wait: float = 7, talk: float = 60, **fields: Any) -> Call:
    """A caller who waits in sales and talks with 101."""
    queue, agent = fields.pop("stay_queue", "sales"), fields.pop("agent", "101")
    answer, end = at(start + wait), at(start + wait + talk)
    told = {
        "pbx": "milan",
        "call_id": call_id,
        "direction": Direction.INBOUND,
        "caller": Party("+390255501", "Ada Bianchi"),
        "dialled": "+390221000100",
        "offered_at": at(start),
        "origin": Origin("milan", "s1", 1_000 + int(start), "Newchannel"),
        "queue": queue,
        "queued_at": at(start),
        "answered_at": answer,
        "ended_at": end,
        "outcome": CallOutcome.ANSWERED,
        "ended_by": EndedBy.CUSTOMER,
        "stays": (Stay(queue=queue, joined_at=at(start), left_at=answer, outcome=StayOutcome.ANSWERED, agent=agent),),
        "rings": (Ring(agent=agent, queue=queue, started_at=at(start), ended_at=answer, result=RingResult.ANSWERED),),
        "talks": (Talk(agent=agent, started_at=answer, ended_at=end, queue=queue),),
        "legs": (
            Leg(
                leg_id=f"{call_id}.leg",
                channel="PJSIP/trunk-1",
                role=LegRole.CUSTOMER,
                number="+390255501",
                started_at=at(start),
                answered_at=at(start),
                ended_at=end,
                cause=16,
                hung_up=True,
            ),
        ),
    }
    return Call(**told | fields)


def abandoned_call(call_id: str = "1", *, start: float = 0, wait: float = 4, **fields: Any) -> Call:
    """A caller who gives up in sales while 101 rings."""
    end = at(start + wait)
    told = {
        "wait": wait,
        "answered_at": None,
        "ended_at": end,
        "outcome": CallOutcome.ABANDONED,
        "stays": (Stay(queue="sales", joined_at=at(start), left_at=end, outcome=StayOutcome.ABANDONED),),
        "rings": (Ring(agent="101", queue="sales", started_at=at(start), ended_at=end, result=RingResult.CANCELLED),),
        "talks": (),
    }
    return answered_call(call_id, start=start, **told | fields)


def waiting_call(call_id: str, joined: float, **fields: Any) -> list[CallEvent]:
    """What is told of a caller who has come to sales and still waits."""
    stay = Stay(queue="sales", joined_at=at(joined))
    call = answered_call(
        call_id, start=joined, stays=(stay,), talks=(), rings=(), outcome=None, ended_at=None, **fields
    )
    return [
        CallStarted(at=at(joined), origin=call.origin, call=call),
        CallQueued(at=at(joined), origin=call.origin, call=call, stay=stay),
    ]


names = st.sampled_from(["sales", "support", "101", "102", "a b", "žofia"])
instants = st.integers(0, 8 * 3_600_000_000).map(lambda us: NINE + timedelta(microseconds=us))
texts = st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=20)
stays = st.builds(
    Stay,
    queue=names,
    joined_at=instants,
    left_at=st.none() | instants,
    outcome=st.none() | st.sampled_from(StayOutcome),
    agent=st.none() | names,
    position=st.none() | st.integers(1, 50),
    key=st.none() | st.sampled_from("0123456789*#"),
)
rings = st.builds(
    Ring,
    agent=names,
    queue=st.none() | names,
    started_at=instants,
    ended_at=st.none() | instants,
    result=st.sampled_from(RingResult),
    consult=st.booleans(),
)
talks = st.builds(
    Talk,
    agent=names,
    started_at=instants,
    ended_at=st.none() | instants,
    hold_s=st.floats(0, 1_000),
    holds=st.integers(0, 3),
    queue=st.none() | names,
    queue_talk_s=st.none() | st.integers(0, 9_999),
)
transfers = st.builds(
    Transfer,
    kind=st.sampled_from(TransferKind),
    by=names,
    to=texts,
    at=instants,
    slot=texts,
    consulted_at=st.none() | instants,
    consult_answered_at=st.none() | instants,
)
legs = st.builds(
    Leg,
    leg_id=names,
    channel=texts.map(lambda text: text or "PJSIP/101-1"),
    role=st.sampled_from(LegRole),
    number=texts,
    started_at=instants,
    rang_at=st.none() | instants,
    answered_at=st.none() | instants,
    ended_at=st.none() | instants,
    cause=st.none() | st.integers(0, 127),
    hung_up=st.booleans(),
)


def _span(state: AgentState, start: datetime, length: timedelta, reason: str | None) -> Span:
    told = Span(pbx="milan", agent="101", kind=SpanKind.STATE, state=state, reason=reason, started_at=start)
    return msgspec.structs.replace(told, ended_at=start + length)


spans = st.builds(
    _span,
    st.sampled_from(AgentState),
    instants,
    st.integers(0, 3 * 3_600_000_000).map(lambda us: timedelta(microseconds=us)),
    texts,
)


def some(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(parts, max_size=3).map(tuple)


calls = st.builds(
    Call,
    pbx=st.just("milan"),
    call_id=st.sampled_from(["1.1", "1.2", "1.3", "1.10"]),
    direction=st.sampled_from(Direction),
    caller=st.builds(Party, texts, texts),
    dialled=texts,
    offered_at=instants,
    origin=st.builds(Origin, st.just("milan"), names, st.integers(0, 2**40), names),
    queue=st.none() | names,
    queued_at=st.none() | instants,
    answered_at=st.none() | instants,
    ended_at=st.none() | instants,
    outcome=st.none() | st.sampled_from(CallOutcome),
    ended_by=st.none() | st.sampled_from(EndedBy),
    stays=some(stays),
    rings=some(rings),
    talks=some(talks),
    transfers=some(transfers),
    legs=some(legs),
    click_to_dial=st.booleans(),
)
