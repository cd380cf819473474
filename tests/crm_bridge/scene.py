"""Calls told as events, one step at a time: what a tracker would publish, made by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cti.model import (
    Agent,
    AgentChange,
    AgentChanged,
    AgentState,
    Call,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallHeld,
    CallOffered,
    CallOfferEnded,
    CallOutcome,
    CallQueued,
    CallReleased,
    CallResumed,
    CallStarted,
    CallTransferred,
    Direction,
    Membership,
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

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ORIGIN = Origin("main", "s", 0, "Test")
HOSTILE = "<script>alert(1)</script>\"';-- Žofia Müller 北京"


class Clock:
    """The time of a scene; ``pass_s`` moves it on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class WallClock(Clock):
    """The real time, for scenes that a browser watches."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class Scene:
    """One call as it goes on. Each step returns the event that tells it."""

    def __init__(
        self,
        call_id: str,
        number: str | None,
        clock: Clock,
        *,
        name: str | None = None,
        direction: Direction = Direction.INBOUND,
        dialled: str | None = "+390221000100",
    ) -> None:
        self.clock = clock
        self.call = Call(
            pbx="main",
            call_id=call_id,
            direction=direction,
            caller=Party(number, name),
            dialled=dialled,
            offered_at=clock(),
            origin=ORIGIN,
        )

    def started(self) -> CallEvent:
        return self._tell(CallStarted)

    def queued(self, queue: str = "sales") -> CallEvent:
        stay = Stay(queue=queue, joined_at=self.clock())
        self._set(queue=queue, queued_at=self.clock(), stays=(*self.call.stays, stay))
        return self._tell(CallQueued, stay=stay)

    def offered(self, agent: str, queue: str | None = "sales") -> CallEvent:
        ring = Ring(agent=agent, queue=queue, started_at=self.clock())
        self._set(rings=(*self.call.rings, ring))
        return self._tell(CallOffered, agent=agent, ring=ring)

    def offer_ended(self, agent: str, result: RingResult) -> CallEvent:
        ring = next(one for one in reversed(self.call.rings) if one.agent == agent)
        ended = msgspec.structs.replace(ring, result=result, ended_at=self.clock())
        self._set(rings=tuple(ended if one is ring else one for one in self.call.rings))
        return self._tell(CallOfferEnded, agent=agent, ring=ended)

    def answered(self, agent: str, queue: str | None = "sales") -> CallEvent:
        talk = Talk(agent=agent, started_at=self.clock(), queue=queue)
        stays = tuple(
            stay
            if stay.left_at
            else msgspec.structs.replace(stay, left_at=self.clock(), outcome=StayOutcome.ANSWERED, agent=agent)
            for stay in self.call.stays
        )
        answered_at = self.call.answered_at or self.clock()
        self._set(talks=(*self.call.talks, talk), stays=stays, answered_at=answered_at)
        return self._tell(CallAnswered, agent=agent, talk=talk)

    def held(self, agent: str) -> CallEvent:
        return self._tell(CallHeld, agent=agent)

    def resumed(self, agent: str) -> CallEvent:
        return self._tell(CallResumed, agent=agent)

    def released(self, agent: str) -> CallEvent:
        talk = next(one for one in reversed(self.call.talks) if one.agent == agent)
        over = msgspec.structs.replace(talk, ended_at=self.clock())
        self._set(talks=tuple(over if one is talk else one for one in self.call.talks))
        return self._tell(CallReleased, agent=agent, talk=over)

    def transferred(self, by: str, to: str) -> CallEvent:
        transfer = Transfer(kind=TransferKind.BLIND, by=by, to=to, at=self.clock())
        self._set(transfers=(*self.call.transfers, transfer))
        return self._tell(CallTransferred, transfer=transfer)

    def ended(self, outcome: CallOutcome = CallOutcome.ANSWERED) -> CallEvent:
        self._set(ended_at=self.clock(), outcome=outcome)
        return self._tell(CallEnded)

    def becomes(self, **changes: Any) -> Scene:
        self._set(**changes)
        return self

    def _set(self, **changes: Any) -> None:
        self.call = msgspec.structs.replace(self.call, **changes)

    def _tell(self, kind: type[CallEvent], **more: Any) -> CallEvent:
        return kind(at=self.clock(), origin=ORIGIN, call=self.call, **more)  # type: ignore[call-arg]


def agent_event(
    clock: Clock, agent: str, name: str | None, state: AgentState = AgentState.IDLE, *queues: str
) -> CallEvent:
    """The PBX names an agent, or says what he does."""
    places = tuple(Membership(queue=queue) for queue in queues or ("sales",))
    record = Agent(pbx="main", agent=agent, name=name, memberships=places, state=state, since=clock())
    return AgentChanged(at=clock(), origin=ORIGIN, agent=record, change=AgentChange.STATE)


async def until(condition: Callable[[], object], bound_s: float = 30.0) -> None:
    """Wait until ``condition`` holds; TimeoutError after ``bound_s``."""
    async with asyncio.timeout(bound_s):
        while not condition():  # noqa: ASYNC110  what is waited for need not know of the test
            await asyncio.sleep(0.005)
