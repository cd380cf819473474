"""Signals: PBX-neutral facts about a leg, a place in a queue, or an agent.

A dialect makes them from the PBX's events, the tracker turns them into calls. ``leg`` is the PBX's own id of a
channel; ``group`` is what the PBX says ties legs together at that moment (Asterisk's ``Linkedid``; None where it says
nothing): it is the id of the group's first leg, and may change during a leg's life without any event of its own.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from cti.model import LegRole, Origin, StayOutcome


class DialResult(StrEnum):
    """How an attempt to reach one phone ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"
    BUSY = "busy"
    FAILED = "failed"
    TAKEN = "taken"  #: another phone took the call
    FORWARDED = "forwarded"  #: the phone sent the call on to another


class Signal(msgspec.Struct, frozen=True):
    at: datetime
    origin: Origin


class LegSignal(Signal, frozen=True):
    """Something about one leg."""

    leg: str
    group: str | None


class LegSeen(LegSignal, frozen=True):
    """A leg exists. ``number`` is the extension of an agent's phone, on a trunk the caller as the PBX shows him.

    ``outgoing`` is True when the PBX made it to call somebody; a phone that calls the PBX is not.
    """

    channel: str
    role: LegRole
    number: str | None
    name: str | None = None
    dialled: str | None = None
    outgoing: bool = False


class LegRang(LegSignal, frozen=True):
    """The phone at this leg rings."""


class LegAnswered(LegSignal, frozen=True):
    """This leg is up: a phone was lifted, or the PBX itself answered."""


class LegHungUp(LegSignal, frozen=True):
    """The party at this leg hung up, or refused, by itself; the end follows."""


class LegTurnedAway(LegSignal, frozen=True):
    """The PBX itself refused the caller at this leg: what looks like his hanging up is his phone that takes it."""


class LegKilled(LegSignal, frozen=True):
    """Somebody asked the PBX to end this leg. On Asterisk it is sent at nearly every end and says nothing of who."""


class LegEnded(LegSignal, frozen=True):
    cause: int | None


class LegHeld(LegSignal, frozen=True):
    """The party at this leg put the other on hold."""


class LegResumed(LegSignal, frozen=True):
    """Not balanced: may come without a hold, or several times."""


class KeyPressed(LegSignal, frozen=True):
    """The party at this leg sent a DTMF digit."""

    key: str


class LegDialled(LegSignal, frozen=True):
    """The PBX calls the phone at ``leg`` on behalf of ``source``; None when the PBX itself began (click-to-dial).

    ``owner`` is the agent who is known to answer at ``number``, though it is outside.
    """

    source: str | None
    number: str | None
    owner: str | None = None


class DialEnded(LegSignal, frozen=True):
    """The attempt to reach ``leg`` is over; may come more than once."""

    result: DialResult


class LegsPaired(Signal, frozen=True):
    """Two virtual legs are the two ends of one: what goes into one comes out of the other."""

    one: str
    two: str


class BridgeEntered(LegSignal, frozen=True):
    """``leg`` hears the others in ``bridge`` from now on. ``swapped`` is the leg whose place it took.

    ``room`` is True for a conference, which goes on without any one of those in it; ``listens`` for one who came muted,
    as a supervisor does: he does not talk until ``LegSpeaks``.
    """

    bridge: str
    swapped: str | None
    room: bool = False
    listens: bool = False


class LegSpeaks(LegSignal, frozen=True):
    """The party at this leg, who only listened in a conference, may be heard from now on."""


class BridgeLeft(LegSignal, frozen=True):
    bridge: str


class QueueReached(LegSignal, frozen=True):
    """The dialplan is about to put the caller into ``queue``; it may refuse him."""

    queue: str


class QueueRefused(LegSignal, frozen=True):
    """The queue did not take the caller, or let him go: ``why`` is ``full``, ``empty``, ``timeout`` or ``continue``."""

    why: str


class QueueJoined(LegSignal, frozen=True):
    queue: str
    position: int | None


class QueueLeft(LegSignal, frozen=True):
    """``outcome`` is the PBX's own word on how the wait ended; None where it has none."""

    queue: str
    outcome: StayOutcome | None = None


class QueueGaveUp(LegSignal, frozen=True):
    """The wait ended without an answer: the caller's doing or the queue's. The tracker tells which.

    ``sent_on`` is True when the caller was taken out of the queue and sent elsewhere, by neither of them.
    """

    queue: str
    sent_on: bool = False


class AgentTried(LegSignal, frozen=True):
    """The queue calls this agent for the caller at ``leg``; ``agent_leg`` is what it dials, maybe a virtual leg."""

    queue: str
    agent: str
    name: str | None
    agent_leg: str | None


class AgentMissed(LegSignal, frozen=True):
    queue: str
    agent: str


class AgentTook(LegSignal, frozen=True):
    """The queue gives the caller at ``leg`` to this agent."""

    queue: str
    agent: str


class AgentDone(LegSignal, frozen=True):
    """The queue's own end of the agent's part. ``talk_s`` is in whole seconds."""

    queue: str
    agent: str
    talk_s: int | None


class AgentFreed(LegSignal, frozen=True):
    """The agent at ``leg`` stays on the line between two callers: the call he was in is over, or goes on without it."""


class BlindTransferred(Signal, frozen=True):
    transferer: str
    transferee: str
    to: str


class AttendedTransferred(Signal, frozen=True):
    """``first`` is the transferer's leg towards the customer, ``second`` the one of his consultation.

    ``transferee`` is the leg handed over, ``target`` the one it meets; None where the PBX does not name one.
    """

    first: str
    second: str | None
    transferee: str | None
    target: str | None


class PickedUp(LegSignal, frozen=True):
    """The party at ``by`` answers the call that rings at ``leg``, from his own phone."""

    by: str


class Parked(Signal, frozen=True):
    leg: str
    slot: str


class Unparked(Signal, frozen=True):
    """``retriever`` is None when the parking timed out."""

    leg: str
    retriever: str | None


class MemberSignal(Signal, frozen=True):
    """Something about an agent's place in a queue."""

    queue: str
    agent: str
    name: str | None
    interface: str | None


class MemberAdded(MemberSignal, frozen=True):
    """Logged in."""


class MemberRemoved(MemberSignal, frozen=True):
    """Logged out."""


class MemberPaused(MemberSignal, frozen=True):
    reason: str | None


class MemberResumed(MemberSignal, frozen=True):
    pass


class MemberSeen(MemberSignal, frozen=True):
    """The agent is in this queue, since when is not said."""

    paused: bool
    reason: str | None


class WrapUpSet(MemberSignal, frozen=True):
    """After each of this queue's calls the agent has ``wrap_up_s`` seconds of peace; no PBX tells of their end."""

    wrap_up_s: float


class AgentStatus(Signal, frozen=True, kw_only=True):
    """What an agent is as a whole, at PBXs where he does not log in to each queue: here or not, on a break or not.

    It may be said again unchanged. ``since_before`` is True when it was found to be so: since when is not said.
    """

    agent: str
    name: str | None
    here: bool
    on_break: bool
    since_before: bool = False
