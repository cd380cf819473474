"""What a call is: the records that every part of the house speaks of.

All records are frozen; a change makes a new one. Instants end in ``_at`` and are aware UTC datetimes, durations end in
``_s`` and are seconds. ``None`` means that it did not happen, or is not known. Numbers and names are what the PBX sent,
unescaped but not normalised: E.164 is the business of ``crm_bridge``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec

from cti.vocabulary import (
    AgentChange as AgentChange,
    AgentState as AgentState,
    CallOutcome as CallOutcome,
    Direction as Direction,
    EndedBy as EndedBy,
    LegRole as LegRole,
    RingResult as RingResult,
    StayOutcome as StayOutcome,
    TransferKind as TransferKind,
)


class Origin(msgspec.Struct, frozen=True):
    """Where a fact was read: a number in a report opens to its calls, a call to its bytes.

    ``session`` names one connection to the PBX (one journal file), ``offset`` is the byte in it where the event begins,
    ``event`` the PBX's own name for it.
    """

    pbx: str
    session: str
    offset: int
    event: str


class Party(msgspec.Struct, frozen=True):
    """A caller as the PBX shows him. ``number`` is None when it is withheld, anonymous or unknown."""

    number: str | None = None
    name: str | None = None


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One channel. ``number`` is the extension of an agent's phone, the public number on a trunk."""

    leg_id: str
    channel: str
    role: LegRole
    number: str | None
    started_at: datetime
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None  #: Q.850
    hung_up: bool = False  #: this party ended it by itself


class Ring(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's phone, or phones, rung once for this call. Several devices of one agent are one ring.

    ``consult`` is True while it is only a colleague asking, who has the customer on hold; it turns False when the
    customer is handed over to this agent.
    """

    agent: str
    queue: str | None
    started_at: datetime
    ended_at: datetime | None = None
    result: RingResult = RingResult.RINGING
    consult: bool = False

    @property
    def ring_s(self) -> float | None:
        return _between(self.started_at, self.ended_at)


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """One wait in one queue. ``outcome`` is None while the caller waits."""

    queue: str
    joined_at: datetime
    left_at: datetime | None = None
    outcome: StayOutcome | None = None
    agent: str | None = None  #: who answered
    position: int | None = None  #: at the join, 1 is next
    key: str | None = None  #: pressed to leave

    @property
    def wait_s(self) -> float | None:
        """Seconds from the join to the answer or the leaving; None while waiting."""
        return _between(self.joined_at, self.left_at)


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's conversation within a call, from the bridges: while his phone and the other party were connected.

    ``hold_s`` is part of the time from start to end, ``talk_s`` leaves it out. ``queue`` is the one that delivered the
    call to this agent, None for a direct call or a transfer. ``queue_talk_s`` is the PBX queue's own figure, in whole
    seconds, None where it gives none: after a transfer it may charge the first agent for the rest.
    """

    agent: str
    started_at: datetime
    ended_at: datetime | None = None
    hold_s: float = 0.0
    holds: int = 0
    queue: str | None = None
    queue_talk_s: int | None = None

    @property
    def talk_s(self) -> float | None:
        """Seconds connected and not on hold; None while it goes on."""
        connected_s = _between(self.started_at, self.ended_at)
        return None if connected_s is None else max(0.0, connected_s - self.hold_s)


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """The customer handed over. ``to`` is an extension, a number, a queue's name, or who took the parked call up."""

    kind: TransferKind
    by: str
    to: str | None
    at: datetime
    slot: str | None = None
    consulted_at: datetime | None = None
    consult_answered_at: datetime | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's journey, from the first ring to the last hang-up, transfers included, as of one moment.

    ``call_id`` is made from the PBX's own ids, so a replay gives the same one; it is unique together with ``pbx``.
    ``outcome`` and ``ended_by`` are None while the call goes on. ``queue`` is the first queue the caller was in (or
    was refused by) before anybody answered, ``queued_at`` when he joined it. ``answered_at`` is the first answer of a
    phone that got this call; on outbound calls the public's. ``customer`` is ``caller`` inbound, ``dialled``
    outbound, None internal.
    """

    pbx: str
    call_id: str
    direction: Direction
    caller: Party
    dialled: str | None
    offered_at: datetime
    origin: Origin
    queue: str | None = None
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: CallOutcome | None = None
    ended_by: EndedBy | None = None
    stays: tuple[Stay, ...] = ()
    rings: tuple[Ring, ...] = ()
    talks: tuple[Talk, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    legs: tuple[Leg, ...] = ()
    click_to_dial: bool = False

    @property
    def customer(self) -> Party | None:
        """The public's side of the call; None on internal calls."""
        if self.direction is Direction.INBOUND:
            return self.caller
        return Party(self.dialled) if self.direction is Direction.OUTBOUND else None

    @property
    def waiting(self) -> Stay | None:
        """The wait that goes on now, if any."""
        return next((stay for stay in reversed(self.stays) if stay.left_at is None), None)

    @property
    def agents_rung(self) -> tuple[str, ...]:
        """The agents whose phones rang for the other party, in order, each once; consultations do not count."""
        return tuple(dict.fromkeys(ring.agent for ring in self.rings if not ring.consult))

    @property
    def answered_by(self) -> tuple[str, ...]:
        """The agents who talked, in the order of their first turns, each once."""
        return tuple(dict.fromkeys(talk.agent for talk in self.talks))

    @property
    def wait_s(self) -> float | None:
        """Seconds waited in all queues together; None for a call that was in none or still waits."""
        waits = [stay.wait_s for stay in self.stays]
        known = [wait for wait in waits if wait is not None]
        return sum(known) if waits and len(known) == len(waits) else None

    @property
    def talk_s(self) -> float | None:
        """Seconds of all talks that are over, without hold; None before the first one is."""
        ended = [talk.talk_s for talk in self.talks if talk.talk_s is not None]
        return sum(ended) if ended else None

    @property
    def hold_s(self) -> float:
        return sum(talk.hold_s for talk in self.talks)

    def was_in(self, queues: Collection[str]) -> bool:
        """Whether one of these queues had it, or took it in for a while."""
        return not {self.queue, *(stay.queue for stay in self.stays)}.isdisjoint(queues)


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's place in one queue. ``interface`` is what the PBX dials; ``reason`` is that of the pause."""

    queue: str
    interface: str | None = None
    paused: bool = False
    reason: str | None = None


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """A person who takes calls, known by extension. ``state`` is derived; talking wins over paused."""

    pbx: str
    agent: str
    name: str | None = None
    memberships: tuple[Membership, ...] = ()
    state: AgentState = AgentState.OFFLINE
    since: datetime | None = None

    @property
    def queues(self) -> tuple[str, ...]:
        return tuple(place.queue for place in self.memberships)

    @property
    def pause_reason(self) -> str | None:
        return next((place.reason for place in self.memberships if place.paused and place.reason), None)


class Oddity(msgspec.Struct, frozen=True):
    """An event that the tables did not expect: counted and shown, never raised. ``kind`` is a short stable name."""

    kind: str
    detail: str
    at: datetime
    origin: Origin


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the house is told. Each carries the whole subject as of that moment, so no follower asks back."""

    at: datetime
    origin: Origin


class AboutCall(CallEvent, frozen=True, kw_only=True):
    """Any event of one call."""

    call: Call


class CallStarted(AboutCall, frozen=True, kw_only=True):
    """A new journey: the first leg was seen."""


class CallQueued(AboutCall, frozen=True, kw_only=True):
    """The caller joined a queue and waits."""

    stay: Stay


class CallLeftQueue(AboutCall, frozen=True, kw_only=True):
    """The wait is over; ``stay.outcome`` says how."""

    stay: Stay


class CallOffered(AboutCall, frozen=True, kw_only=True):
    """An agent's phone rings for this call: the moment of the pop."""

    agent: str
    ring: Ring


class CallOfferEnded(AboutCall, frozen=True, kw_only=True):
    """That ringing is over; ``ring.result`` says how. ``elsewhere`` closes the pop of those who lost the race."""

    agent: str
    ring: Ring


class CallAnswered(AboutCall, frozen=True, kw_only=True):
    """An agent talks with the other party, for the first time or after a transfer."""

    agent: str
    talk: Talk


class CallHeld(AboutCall, frozen=True, kw_only=True):
    agent: str


class CallResumed(AboutCall, frozen=True, kw_only=True):
    agent: str


class CallReleased(AboutCall, frozen=True, kw_only=True):
    """An agent's part is over; the call may go on with another."""

    agent: str
    talk: Talk


class CallTransferred(AboutCall, frozen=True, kw_only=True):
    transfer: Transfer


class CallEnded(AboutCall, frozen=True, kw_only=True):
    """The last hang-up. ``call`` is final and is what the store keeps."""


class CallMerged(AboutCall, frozen=True, kw_only=True):
    """``call`` was no call of its own but part of ``into``: the consultation of a transfer, the way to a parked caller.

    ``call`` will not end and is not to be kept; its legs, rings and stays are in ``into`` from now on.
    """

    into: Call


class AgentChanged(CallEvent, frozen=True, kw_only=True):
    """``agent`` is as of now. ``queue`` is None when the change is not about one queue."""

    agent: Agent
    change: AgentChange
    queue: str | None = None
    reason: str | None = None


class OddityFound(CallEvent, frozen=True, kw_only=True):
    oddity: Oddity


class PbxLost(CallEvent, frozen=True, kw_only=True):
    """The event stream broke: what follows is missed until ``PbxBack``."""

    pbx: str
    cause: str


class PbxBack(CallEvent, frozen=True, kw_only=True):
    """The event stream is whole again, after log-in and subscription."""

    pbx: str


def _between(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()
