"""The three tables: what a leg, a stay and an agent's place in a queue can be, and what moves them.

Theory. A leg is one channel: it is new, may ring, may be up, and ends; it never comes back. A stay is one wait in one
queue: the caller waits, then an agent takes him, or he leaves. PBXs tell the leaving and its reason in two events whose
order differs between versions, so LEFT and GAVE_UP are separate until both are known. An agent's place in a queue is in
or out, free or paused. What a call is at any moment follows from its legs and stays; no phase of a call is stored.

A stream is lossy and may begin in mid-call, so a missing arrow is not an error: the tracker counts an ``Oddity`` and
goes on with what it knows.
"""

from __future__ import annotations

from enum import Enum

from cti.signals import (
    AgentMissed,
    AgentTook,
    AgentTried,
    LegAnswered,
    LegEnded,
    LegRang,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    MemberResumed,
    QueueGaveUp,
    QueueLeft,
    Signal,
)


class LegState(Enum):
    NEW = "new"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


class StayState(Enum):
    WAITING = "waiting"
    GAVE_UP = "gave up"  #: the wait failed, the caller is not out yet
    LEFT = "left"  #: out of the queue, answered or not
    TAKEN = "taken"


class PlaceState(Enum):
    OUT = "out"
    FREE = "free"
    PAUSED = "paused"


LEG: dict[LegState, dict[type[Signal], LegState]] = {
    LegState.NEW: {LegRang: LegState.RINGING, LegAnswered: LegState.UP, LegEnded: LegState.ENDED},
    # Asterisk repeats Ringing when early media comes and goes.
    LegState.RINGING: {LegRang: LegState.RINGING, LegAnswered: LegState.UP, LegEnded: LegState.ENDED},
    # A mobile network's early media may be told after the answer.
    LegState.UP: {LegRang: LegState.UP, LegEnded: LegState.ENDED},
    LegState.ENDED: {},
}

STAY: dict[StayState, dict[type[Signal], StayState]] = {
    StayState.WAITING: {
        AgentTried: StayState.WAITING,
        AgentMissed: StayState.WAITING,
        AgentTook: StayState.TAKEN,
        QueueGaveUp: StayState.GAVE_UP,
        QueueLeft: StayState.LEFT,
    },
    # On a ring-all queue the misses of the last ring come after the queue has given up.
    StayState.GAVE_UP: {AgentMissed: StayState.GAVE_UP, QueueLeft: StayState.LEFT},
    StayState.LEFT: {AgentTook: StayState.TAKEN, AgentMissed: StayState.LEFT},
    StayState.TAKEN: {QueueLeft: StayState.TAKEN, AgentMissed: StayState.TAKEN},
}

PLACE: dict[PlaceState, dict[type[Signal], PlaceState]] = {
    PlaceState.OUT: {MemberAdded: PlaceState.FREE, MemberPaused: PlaceState.PAUSED, MemberResumed: PlaceState.FREE},
    # A pause may come again with another reason.
    PlaceState.FREE: {MemberPaused: PlaceState.PAUSED, MemberResumed: PlaceState.FREE, MemberRemoved: PlaceState.OUT},
    PlaceState.PAUSED: {MemberPaused: PlaceState.PAUSED, MemberResumed: PlaceState.FREE, MemberRemoved: PlaceState.OUT},
}
