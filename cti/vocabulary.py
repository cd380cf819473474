"""The words of the house: the closed lists that records, rows, labels and pages share."""

from __future__ import annotations

from enum import StrEnum


class Direction(StrEnum):
    INBOUND = "inbound"  #: from the public, by a trunk
    OUTBOUND = "outbound"  #: an agent, or click-to-dial, calls the public
    INTERNAL = "internal"  #: extension to extension


class CallOutcome(StrEnum):
    """How the caller's journey ended. An inbound call that any person answered is ``answered``, whatever came after."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"  #: the caller left while waiting in a queue, or while a direct number rang
    TIMEOUT = "timeout"  #: the queue gave up
    EXIT_KEY = "exit_key"  #: the caller left the queue by a key
    EXIT_EMPTY = "exit_empty"  #: the queue had nobody left
    FULL = "full"  #: the queue took no more callers
    REFUSED = "refused"  #: the queue had nobody, the caller never waited
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    IVR_HANGUP = "ivr_hangup"  #: hung up before any queue or person was reached
    FAILED = "failed"  #: the PBX or the trunk could not place the call


class StayOutcome(StrEnum):
    """How one wait in one queue ended. Entered = the sum of these + still waiting, always."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    EXIT_KEY = "exit_key"
    EXIT_EMPTY = "exit_empty"
    FULL = "full"
    REFUSED = "refused"
    TRANSFERRED_OUT = "transferred_out"  #: taken out of the queue while waiting (a pickup, a redirect)


class RingResult(StrEnum):
    RINGING = "ringing"
    ANSWERED = "answered"
    MISSED = "missed"  #: let it ring until the PBX took it back: the agent's own miss
    ELSEWHERE = "elsewhere"  #: somebody else answered; nobody missed anything
    CANCELLED = "cancelled"  #: the caller left, or the PBX withdrew the call
    BUSY = "busy"  #: refused by the phone
    FAILED = "failed"  #: the phone could not be reached


class EndedBy(StrEnum):
    CUSTOMER = "customer"  #: the public's side, on outbound calls too
    AGENT = "agent"
    PBX = "pbx"  #: neither phone hung up


class LegRole(StrEnum):
    CUSTOMER = "customer"  #: on a trunk
    AGENT = "agent"  #: on an extension
    VIRTUAL = "virtual"  #: the PBX's own half of a pair (Local, loopback): no person at its end


class TransferKind(StrEnum):
    BLIND = "blind"
    ATTENDED = "attended"
    QUEUE = "queue"  #: a blind one whose target is a queue
    PARK = "park"


class AgentState(StrEnum):
    """What an agent does, for the wallboard and the agent spans."""

    OFFLINE = "offline"  #: in no queue, and on no call
    IDLE = "idle"
    RINGING = "ringing"
    TALKING = "talking"
    PAUSED = "paused"
    WRAP_UP = "wrap_up"


class AgentChange(StrEnum):
    """What happened to an agent; the words of the traces' ``agent_states``, and ``state`` for all else."""

    LOGIN = "login"
    LOGOUT = "logout"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    STATE = "state"
