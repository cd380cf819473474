"""The moves of stays: a caller joins a queue, agents are tried, one takes him, or he leaves; and agents' places."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from cti.board import Board
from cti.model import AgentChange, CallLeftQueue, CallQueued, LegRole, RingResult, Stay, StayOutcome, TransferKind
from cti.reach import phones_behind
from cti.records import CallRecord, LegRecord, StayRecord
from cti.rings import close_ring, own
from cti.signals import (
    AgentDone,
    AgentMissed,
    AgentStatus,
    AgentTook,
    AgentTried,
    DialResult,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    MemberResumed,
    MemberSeen,
    MemberSignal,
    QueueGaveUp,
    QueueJoined,
    QueueLeft,
    QueueReached,
    QueueRefused,
    Signal,
    WrapUpSet,
)
from cti.states import PLACE, STAY, LegState, PlaceState, StayState
from cti.transfers import consults

#: What a queue does in one step, it tells within this time.
SAME_MOMENT = timedelta(seconds=0.1)
_REFUSAL = {"full": StayOutcome.FULL, "empty": StayOutcome.EXIT_EMPTY, "timeout": StayOutcome.TIMEOUT}


def queue_reached(board: Board, signal: QueueReached) -> None:
    leg = board.leg_of(signal)
    if leg is not None and leg is leg.call.root and leg.call.queue is None and not leg.call.talks:
        leg.call.queue = signal.queue


def queue_refused(board: Board, signal: QueueRefused) -> None:
    """The queue's own word on why it let the caller go: it corrects what was guessed when he left."""
    leg = board.leg_of(signal)
    if leg is None:
        return
    call = leg.call
    outcome = _REFUSAL.get(signal.why)
    last = call.stays[-1] if call.stays else None
    if last is None:
        call.refused_why = signal.why
    elif last.leg is leg and not last.explained:
        last.explained = True
        if outcome is not None and last.stay.outcome is StayOutcome.TIMEOUT:
            last.stay = msgspec.structs.replace(last.stay, outcome=outcome)


def queue_joined(board: Board, signal: QueueJoined) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    call = leg.call
    for stay in [stay for stay in call.open_stays() if stay.leg is leg]:
        leave_at_end(board, stay)  # one leg waits in one queue
    stay = StayRecord(leg, Stay(queue=signal.queue, joined_at=signal.at, position=signal.position))
    call.stays.append(stay)
    if call.queued_at is None and not call.talks and not leg.consult:
        call.queue, call.queued_at = signal.queue, signal.at
    _resolve_transfer(call, leg, signal.queue)
    if not call.started and not consults(board, call):
        board.start(call)
    board.tell(CallQueued, leg.call, stay=stay)


def _resolve_transfer(call: CallRecord, leg: LegRecord, queue: str) -> None:
    """A blind transfer whose customer walks into a queue was one to that queue."""
    if call.pending_transfer is leg and call.transfers:
        last = call.transfers[-1]
        call.transfers[-1] = msgspec.structs.replace(last, kind=TransferKind.QUEUE, to=queue)
        call.pending_transfer = None


def find_stay(call: CallRecord, leg: LegRecord | None, queue: str) -> StayRecord | None:
    """The latest stay in ``queue``, this leg's own if it has one: a transfer may have changed the leg."""
    stays = [stay for stay in reversed(call.stays) if stay.stay.queue == queue]
    return next((stay for stay in stays if stay.leg is leg), stays[0] if stays else None)


def _moved(board: Board, leg: LegRecord, queue: str, signal: Signal) -> StayRecord | None:
    stay = find_stay(leg.call, leg, queue)
    if stay is None:
        board.note("unknown-stay", f"{type(signal).__name__} for a wait that was never seen")
        return None
    after = STAY[stay.state].get(type(signal))
    if after is None:
        board.unexpected("stay", stay.state, signal)
        return None
    stay.state = after
    return stay


def queue_gave_up(board: Board, signal: QueueGaveUp) -> None:
    leg = board.leg_of(signal)
    stay = leg and _moved(board, leg, signal.queue, signal)
    if leg is not None and stay:
        outcome = StayOutcome.TRANSFERRED_OUT if signal.sent_on else _gave_up_how(board, leg, stay)
        stay.stay = msgspec.structs.replace(stay.stay, outcome=outcome)


def _gave_up_how(board: Board, leg: LegRecord, stay: StayRecord) -> StayOutcome:
    if _left_by_himself(leg) or _left_by_himself(leg.call.root) or _cut_while_ringing(stay, board.at):
        return StayOutcome.ABANDONED
    empty = board.roster.let_go_as_empty(stay.stay.queue, stay.stay.joined_at, board.at)
    return StayOutcome.EXIT_EMPTY if empty else StayOutcome.TIMEOUT


def _cut_while_ringing(stay: StayRecord, at: datetime) -> bool:
    """The queue took a ringing member's phone back without a miss: whoever waited is gone, ended from outside."""
    tried = (leg.dial_over for leg in _ways(stay))
    return any(over is not None and over[1] is DialResult.CANCELLED and at - over[0] <= SAME_MOMENT for over in tried)


def _left_by_himself(leg: LegRecord) -> bool:
    """Hung up, or ended from outside: the PBX tells of both before the queue notices; its own time-out it does not."""
    return leg.hung_up_at is not None or leg.killed_at is not None


def queue_left(board: Board, signal: QueueLeft) -> None:
    leg = board.leg_of(signal)
    if leg is not None and signal.outcome is StayOutcome.ANSWERED and not find_stay(leg.call, leg, signal.queue):
        return  # FreeSWITCH says it at the end of the conversation: the wait was over before we came
    stay = leg and _moved(board, leg, signal.queue, signal)
    if leg is not None and stay and stay.stay.left_at is None:
        if signal.outcome is not None:
            stay.stay = msgspec.structs.replace(stay.stay, outcome=signal.outcome)
            stay.explained = True
        _close(board, leg.call, stay)


def _close(board: Board, call: CallRecord, stay: StayRecord) -> None:
    taker = None
    if stay.stay.outcome is None:
        taker = _taker(call, stay)
    outcome = stay.stay.outcome or (StayOutcome.ANSWERED if taker else _left_how(stay))
    key = stay.leg.key_at[1] if outcome is StayOutcome.EXIT_KEY and stay.leg.key_at else None
    stay.stay = msgspec.structs.replace(
        stay.stay, left_at=board.at, outcome=outcome, agent=taker or stay.stay.agent, key=key
    )
    if outcome is StayOutcome.REFUSED and call.queued_at == stay.stay.joined_at:
        call.queued_at = None  # he never waited
    board.tell(CallLeftQueue, call, stay=stay)


def _taker(call: CallRecord, stay: StayRecord) -> str | None:
    """Who answered: the queue lets the caller go once an agent's phone that it rang is up, or was picked up."""
    if stay.stay.agent is not None:
        return stay.stay.agent
    up = {leg.ring for leg in call.legs if leg.ring is not None and leg.state is LegState.UP}
    answered = [
        ring.ring
        for ring in call.rings
        if ring in up
        and ring.ring.result is RingResult.ANSWERED
        and ring.ring.queue == stay.stay.queue
        and ring.ring.started_at >= stay.stay.joined_at
    ]
    if answered:
        return min(answered, key=lambda ring: ring.ended_at or ring.started_at).agent
    return _answered_for(stay)


def _answered_for(stay: StayRecord) -> str | None:
    """The member whose way is up though no phone of his is: another queue, a menu, an announcement answered it."""
    up = (leg for leg in _ways(stay) if leg.state is LegState.UP and leg.role is LegRole.VIRTUAL)
    return next((leg.member for leg in up), None)


def _ways(stay: StayRecord) -> list[LegRecord]:
    """The queue's own legs to its members."""
    return [leg for leg in stay.leg.call.legs if leg.dialled_by is stay.leg and leg.member is not None]


def _left_how(stay: StayRecord) -> StayOutcome:
    if _left_by_himself(stay.leg):
        return StayOutcome.ABANDONED
    if stay.leg.key_at is not None and stay.leg.key_at[0] >= stay.stay.joined_at:
        return StayOutcome.EXIT_KEY
    rung = any(ring.open and ring.ring.queue == stay.stay.queue for ring in stay.leg.call.rings)
    kept = any(leg.state is not LegState.ENDED for leg in _ways(stay))  # a queue that gives up ends its ways first
    if (rung or kept) and stay.leg.state is not LegState.ENDED:
        return StayOutcome.ANSWERED  # by somebody who picked him up, which is told in a moment
    return StayOutcome.TRANSFERRED_OUT


def leave_at_end(board: Board, stay: StayRecord) -> None:
    """The caller's leg ended, or waits in another queue, and this one never said that he left."""
    board.note("stay-without-leave", "the caller is gone, the queue did not say so")
    stay.state = StayState.LEFT
    _close(board, stay.leg.call, stay)


def agent_tried(board: Board, signal: AgentTried) -> None:
    record = board.roster.agent(signal.agent)
    record.name = signal.name or record.name
    leg = board.leg_of(signal)
    if leg is not None:
        _moved(board, leg, signal.queue, signal)
    tried = board.known(signal.agent_leg)
    if tried is not None:
        tried.member = signal.agent
        for phone in phones_behind(tried):
            own(board, phone, signal.agent)


def agent_missed(board: Board, signal: AgentMissed) -> None:
    leg = board.leg_of(signal)
    if leg is None or _moved(board, leg, signal.queue, signal) is None:
        return
    ring = leg.call.open_ring(signal.agent)
    if ring is not None:
        close_ring(board, leg.call, ring, RingResult.MISSED)


def agent_took(board: Board, signal: AgentTook) -> None:
    leg = board.leg_of(signal)
    stay = leg and _moved(board, leg, signal.queue, signal)
    if leg is None or not stay:
        return
    told, stay.member = stay.stay, signal.agent
    stay.stay = msgspec.structs.replace(
        told,
        outcome=StayOutcome.ANSWERED,
        agent=_answerer(leg.call, stay, signal.agent),
        left_at=told.left_at or _answer_time(leg.call, signal),
    )
    if told.left_at is None:
        board.tell(CallLeftQueue, leg.call, stay=stay)
    elif told.outcome is not StayOutcome.ANSWERED:
        board.note("stay-answered-late", f"the wait was told as {told.outcome}, then an agent took it")


def _answerer(call: CallRecord, stay: StayRecord, member: str) -> str:
    """Who talks: the member that the queue names, unless a colleague took his call or his phone sent it on."""
    if any(leg.number == member and leg.state is LegState.UP for leg in call.legs):
        return member
    return _taker(call, stay) or member


def _answer_time(call: CallRecord, signal: AgentTook) -> datetime:
    legs = (leg for leg in call.legs if leg.number == signal.agent and leg.state is LegState.UP)
    return max((leg.answered_at for leg in legs if leg.answered_at), default=signal.at)


def agent_done(board: Board, signal: AgentDone) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    stay = find_stay(leg.call, leg, signal.queue)
    agent = stay.stay.agent if stay is not None and stay.member == signal.agent else signal.agent
    for talk in reversed(leg.call.talks):
        if talk.talk.agent == agent and talk.talk.queue == signal.queue:
            talk.talk = msgspec.structs.replace(talk.talk, queue_talk_s=signal.talk_s)
            return


_TOLD_AS = {
    MemberAdded: AgentChange.LOGIN,
    MemberRemoved: AgentChange.LOGOUT,
    MemberPaused: AgentChange.PAUSE,
    MemberResumed: AgentChange.UNPAUSE,
}


def member_moved(board: Board, signal: MemberSignal) -> None:
    """A log-in, log-out or pause, told once for each queue it is about."""
    record = board.roster.agent(signal.agent)
    place = record.place(signal.queue)
    after = PLACE[place.state].get(type(signal))
    out_unseen = isinstance(signal, MemberRemoved) and place.interface is None
    if after is None and not out_unseen:
        board.unexpected("place", place.state, signal)
    place.state = after or (PlaceState.OUT if isinstance(signal, MemberRemoved) else PlaceState.FREE)
    record.name, place.interface = signal.name or record.name, signal.interface or place.interface
    place.reason = signal.reason if isinstance(signal, MemberPaused) else None
    board.roster.count_places(signal.queue, signal.at)
    board.roster.settle(record, signal.at)
    board.tell_agent(record, _TOLD_AS[type(signal)], signal.queue, place.reason)


def member_seen(board: Board, signal: MemberSeen) -> None:
    """The agent is there, since some time we did not see: known from now on, but nothing happened."""
    record = board.roster.agent(signal.agent)
    record.name = signal.name or record.name
    place = record.place(signal.queue)
    place.interface = signal.interface or place.interface
    if place.state is PlaceState.OUT:
        place.state = PlaceState.PAUSED if signal.paused else PlaceState.FREE
        place.reason = signal.reason if signal.paused else None
        board.roster.count_places(signal.queue, signal.at)
        board.roster.settle(record, signal.at)
        board.tell_agent(record, AgentChange.STATE)


def wrap_up_set(board: Board, signal: WrapUpSet) -> None:
    board.roster.agent(signal.agent).place(signal.queue).wrap_up_s = signal.wrap_up_s


def agent_status(board: Board, signal: AgentStatus) -> None:
    """What an agent is as a whole: told as log-in, log-out and pause of no queue in particular."""
    record = board.roster.agent(signal.agent)
    record.name = signal.name or record.name
    before, after = record.status, _state_of(signal)
    if before is after:
        return
    record.status = after
    moved = board.roster.settle(record, signal.at)
    if not signal.since_before:
        for change in _changes(before, after):
            board.tell_agent(record, change)
    elif moved:
        board.tell_agent(record, AgentChange.STATE)


def _state_of(signal: AgentStatus) -> PlaceState:
    if not signal.here:
        return PlaceState.OUT
    return PlaceState.PAUSED if signal.on_break else PlaceState.FREE


def _changes(before: PlaceState | None, after: PlaceState) -> list[AgentChange]:
    """What happened to whom; who was not known to be out and takes a break was there."""
    if after is PlaceState.OUT:
        return [AgentChange.LOGOUT]
    came = [AgentChange.LOGIN] if before is PlaceState.OUT or (before is None and after is PlaceState.FREE) else []
    if after is PlaceState.PAUSED:
        return [*came, AgentChange.PAUSE]
    return came or [AgentChange.UNPAUSE]
