"""How a call ended: outcome, who ended it and when, told from its legs, rings, stays and talks once all is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from cti.model import CallOutcome, Direction, EndedBy, LegRole, RingResult, StayOutcome
from cti.records import CallRecord, LegRecord
from cti.signals import DialResult

_FROM_DIAL = {
    DialResult.ANSWERED: CallOutcome.ANSWERED,
    DialResult.NO_ANSWER: CallOutcome.NO_ANSWER,
    DialResult.CANCELLED: CallOutcome.NO_ANSWER,
    DialResult.TAKEN: CallOutcome.NO_ANSWER,
    DialResult.BUSY: CallOutcome.BUSY,
    DialResult.FAILED: CallOutcome.FAILED,
    DialResult.FORWARDED: CallOutcome.NO_ANSWER,
}
_FROM_STAY = {
    StayOutcome.ANSWERED: CallOutcome.ANSWERED,  # by a member outside, who is no agent of ours
    StayOutcome.ABANDONED: CallOutcome.ABANDONED,
    StayOutcome.TIMEOUT: CallOutcome.TIMEOUT,
    StayOutcome.EXIT_KEY: CallOutcome.EXIT_KEY,
    StayOutcome.EXIT_EMPTY: CallOutcome.EXIT_EMPTY,
    StayOutcome.FULL: CallOutcome.FULL,
    StayOutcome.REFUSED: CallOutcome.REFUSED,
}
#: The PBX takes the others down after the one who hung up: not all talks end in one instant.
SAME_END = timedelta(seconds=1)
SAME_MOMENT = timedelta(seconds=0.2)
_CAUSES_OF_REFUSAL = (17, 34, 42)  # Q.850: user busy, no circuit, congestion: what Busy() and Congestion() leave behind
_CAUSES_OF_ABSENCE = (18, 19, 20, 27)  # no user responding, no answer, subscriber absent, destination out of order


def outcome_of(call: CallRecord) -> CallOutcome:
    """A person's answer decides; then the last wait; then the last attempt to reach a phone."""
    if call.talks or (call.answered_at is not None and call.direction is Direction.INBOUND):
        return CallOutcome.ANSWERED
    if call.stays:
        outcome = call.stays[-1].stay.outcome
        if outcome is StayOutcome.TRANSFERRED_OUT and _rung_afterwards(call) and call.direction is Direction.INBOUND:
            return _inbound_outcome(call)
        return _FROM_STAY.get(outcome, CallOutcome.ABANDONED) if outcome else CallOutcome.ABANDONED
    if call.direction is Direction.INBOUND:
        return _inbound_outcome(call)
    return _FROM_DIAL[call.dial_result or DialResult.NO_ANSWER]


def _inbound_outcome(call: CallRecord) -> CallOutcome:
    root = call.root
    by_caller = root.hung_up_at is not None
    if any(leg.was_dialled for leg in call.legs):
        if by_caller and _rang_to_the_end(call):
            return CallOutcome.ABANDONED
        busy = call.dial_result is DialResult.BUSY or any(ring.ring.result is RingResult.BUSY for ring in call.rings)
        if call.dial_result is DialResult.FAILED and not busy:
            return CallOutcome.NO_ANSWER  # to a caller it is all one whether a phone rang in vain or is out of reach
        return CallOutcome.BUSY if busy else _FROM_DIAL[call.dial_result or DialResult.NO_ANSWER]
    if by_caller:
        return CallOutcome.IVR_HANGUP
    if call.refused_why == "full":
        return CallOutcome.FULL
    if call.refused_why or call.queue or root.cause in _CAUSES_OF_REFUSAL:
        return CallOutcome.REFUSED
    return CallOutcome.NO_ANSWER if root.cause in _CAUSES_OF_ABSENCE else CallOutcome.IVR_HANGUP


def _rung_afterwards(call: CallRecord) -> bool:
    """Whether a phone was called for him after he was taken out of the queue."""
    left_at = call.stays[-1].stay.left_at
    return left_at is not None and any(leg.was_dialled and leg.started_at >= left_at for leg in call.legs)


def _rang_to_the_end(call: CallRecord) -> bool:
    """The caller left while a phone was being called: not a mailbox, nor the menu he was sent back to."""
    left_at = call.root.hung_up_at
    ends = [leg.ended_at for leg in call.legs if leg.was_dialled]
    return left_at is not None and any(end is None or end >= left_at - SAME_MOMENT for end in ends)


def ended_by(call: CallRecord) -> EndedBy:
    """Who of those present at the end hung up first by himself and left nobody talking; the PBX when nobody did."""
    since = max([call.root.started_at, *_last_beginnings(call)])
    gone = [
        (leg.hung_up_at, leg)
        for leg in call.legs
        if leg.hung_up_at is not None and (leg.hung_up_at >= since or _left_as_he_was_answered(call, leg))
        if not leg.transferred and _was_there(call, leg)
        if not _left_others_talking(call, leg, leg.hung_up_at)
    ]
    if not gone:
        return EndedBy.PBX
    first = min(gone, key=lambda pair: pair[0])[1]
    return EndedBy.CUSTOMER if first.role is LegRole.CUSTOMER else EndedBy.AGENT


def _left_as_he_was_answered(call: CallRecord, leg: LegRecord) -> bool:
    """A caller who hangs up is gone for good, though the PBX still connects him with whom it has just reached."""
    return leg is call.root and leg.role is LegRole.CUSTOMER


def _last_beginnings(call: CallRecord) -> list[datetime]:
    return [talk.talk.started_at for talk in call.talks[-1:]] + [stay.stay.joined_at for stay in call.stays[-1:]]


def _was_there(call: CallRecord, leg: LegRecord) -> bool:
    """Whether the party at ``leg`` was in the call at its end: the caller, the public's side, who talked last."""
    if leg is call.root:
        return True
    if leg.role is LegRole.CUSTOMER:
        return leg.answered_at is not None
    ends = [talk.talk.ended_at for talk in call.talks if talk.talk.ended_at is not None]
    own_end = None if leg.talk is None else leg.talk.talk.ended_at
    return call.is_far(leg) or (own_end is not None and own_end >= max(ends, default=own_end) - SAME_END)


def _left_others_talking(call: CallRecord, leg: LegRecord, at: datetime) -> bool:
    """An agent who leaves a conference does not end it: another's talk outlasts his."""
    others = (talk.talk for talk in call.talks if talk.talk.agent != leg.number)
    return leg.role is LegRole.AGENT and any(
        other.started_at <= at and other.ended_at is not None and other.ended_at > at + SAME_MOMENT for other in others
    )


def ended_at(call: CallRecord, now: datetime) -> datetime:
    """When the caller's own leg ended; for a caller who handed his call over, when the last party left."""
    root = call.root
    if root.transferred or root.ended_at is None:
        return max((leg.ended_at for leg in call.legs if leg.ended_at), default=now)
    return root.ended_at
