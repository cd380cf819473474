"""The moves of legs: seen, ringing, answered, held, ended."""

from __future__ import annotations

from cti.board import Board
from cti.bridges import connected, disconnect, end_talk, reconnect
from cti.model import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallQueued,
    CallResumed,
    CallStarted,
    Direction,
    LegRole,
    RingResult,
)
from cti.queues import leave_at_end
from cti.reach import member_rung_at
from cti.records import CallRecord, LegRecord
from cti.rings import close_ring, only_asked, open_ring, own, stop_ringing
from cti.signals import (
    AgentFreed,
    DialEnded,
    DialResult,
    KeyPressed,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegHeld,
    LegHungUp,
    LegKilled,
    LegRang,
    LegResumed,
    LegSeen,
    LegSignal,
    LegsPaired,
    LegTurnedAway,
)
from cti.states import LEG, LegState
from cti.transfers import asks_by_key, consults
from cti.verdicts import ended_at, ended_by, outcome_of


def leg_seen(board: Board, signal: LegSeen) -> None:
    if board.is_over(signal.leg):
        return
    if signal.leg in board.legs:
        _seen_again(board.legs[signal.leg], signal)
        return
    leg = board.legs[signal.leg] = LegRecord(signal)
    group = signal.group or signal.leg
    call = board.calls.get(group)
    if call is None and group != signal.leg and group in board.legs:
        call = board.legs[group].call  # made for a leg that is itself a part of a call
    if call is None:
        call = board.calls[group] = CallRecord(leg, group, signal.origin)
        if group != signal.leg:
            board.note("call-without-root", "the first leg of this call was not seen")
            call.private = group in board.gone
            call.awaits_root = not call.private
    elif group == signal.leg and group == call.group:
        _root(leg, call)
    if leg not in call.legs:
        call.add(leg)
    leg.consult = any(part.group == group and part.root.consult for part in call.absorbed)
    if leg.role is LegRole.AGENT and leg.number is not None:
        board.roster.agent(leg.number).legs.add(leg)
    if leg is call.root and leg.role is LegRole.CUSTOMER and not leg.outgoing:
        board.start(call)


def _root(root: LegRecord, call: CallRecord) -> None:
    """``root`` began this call: its other legs were seen before it, a snapshot shows it now."""
    dialled = next((leg for leg in call.legs if leg.role is LegRole.CUSTOMER and leg.was_dialled), None)
    call.root = call.anchor = root
    call.awaits_root = False
    call.dialled = root.dialled
    if root.role is LegRole.CUSTOMER:
        call.direction = Direction.INBOUND
    elif dialled is not None:
        call.direction = Direction.OUTBOUND
        call.dialled = dialled.number or call.dialled
    root.call = call
    call.legs.insert(0, root)


def _seen_again(leg: LegRecord, signal: LegSeen) -> None:
    """Announced after a snapshot had already shown it: the announcement knows more."""
    leg.dialled = leg.dialled or signal.dialled
    if leg is leg.call.root:
        leg.call.dialled = leg.call.dialled or signal.dialled


def legs_paired(board: Board, signal: LegsPaired) -> None:
    one, two = board.known(signal.one), board.known(signal.two)
    if one is None or two is None:
        board.note("unknown-leg", "a pair of legs of which one was never seen")
        return
    one.twin, two.twin = one.pair, two.pair = two, one
    reconnect(board, [one])


def leg_dialled(board: Board, signal: LegDialled) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    leg.was_dialled = True
    leg.dialled_by = board.known(signal.source)
    call = leg.call
    if leg.dialled_by is not None and call.pending_transfer is leg.dialled_by:
        call.pending_transfer = None  # handed to a phone: a queue it comes to later is not where it was sent
    call.dial_result = None
    agent = signal.owner or member_rung_at(leg)
    if agent is not None:
        own(board, leg, agent)
    call.originated = call.originated or (signal.source is None and leg is call.root)
    _begins(call, leg, signal.number)
    if leg is call.root and leg.role is not LegRole.CUSTOMER:
        return
    if leg.role is LegRole.CUSTOMER:
        leg.number = leg.number or signal.number
        if call.root.role is LegRole.AGENT:
            call.direction = Direction.OUTBOUND
            call.dialled = signal.number or call.dialled
    if asks_by_key(leg):
        only_asked(leg)
    if not call.started and not consults(board, call):
        board.start(call)
    board.agent_moved(leg.call.root)


def _begins(call: CallRecord, leg: LegRecord, number: str | None) -> None:
    """A call that the PBX places by itself begins with the first phone it rings, whatever pairs lie between."""
    if not call.originated or leg.role is LegRole.VIRTUAL:
        return
    if call.root.role is LegRole.VIRTUAL:
        call.root = call.anchor = leg
    if leg is not call.root:
        return
    if leg.role is LegRole.AGENT:
        call.click_to_dial = True
    else:
        call.direction, call.dialled = Direction.OUTBOUND, number or call.dialled


def leg_rang(board: Board, signal: LegRang) -> None:
    leg = _moved(board, signal)
    if leg is None:
        return
    leg.rang_at = leg.rang_at or signal.at
    if leg.state is LegState.RINGING and leg.role is LegRole.AGENT and leg.number is not None and leg.ring is None:
        if not leg.call.started:
            consults(board, leg.call)  # a phone may ring before it is told who dialled it
        open_ring(board, leg, leg.number)
        board.agent_moved(leg)


def leg_answered(board: Board, signal: LegAnswered) -> None:
    leg = _moved(board, signal)
    if leg is None:
        return
    leg.answered_at = signal.at
    call = leg.call
    if leg.ring is None and leg.was_dialled and leg.role is LegRole.AGENT and leg.number is not None:
        open_ring(board, leg, leg.number)  # a phone that answers by itself never rings
    if leg.ring is not None:
        close_ring(board, call, leg.ring, RingResult.ANSWERED)
    outbound = call.direction is not Direction.INBOUND
    if leg.was_dialled and leg.role is LegRole.CUSTOMER and outbound and call.answered_at is None:
        call.answered_at = signal.at
    if leg.bridge is not None:
        reconnect(board, [leg])  # it was connected before it was up
    board.agent_moved(leg)


def leg_hung_up(board: Board, signal: LegHungUp) -> None:
    leg = board.leg_of(signal)
    if leg is not None and leg.hung_up_at is None and not leg.turned_away:
        leg.hung_up_at = signal.at


def leg_turned_away(board: Board, signal: LegTurnedAway) -> None:
    leg = board.leg_of(signal)
    if leg is not None and not leg.outgoing:
        leg.turned_away, leg.hung_up_at = True, None


def leg_killed(board: Board, signal: LegKilled) -> None:
    leg = board.leg_of(signal)
    if leg is not None and leg.killed_at is None:
        leg.killed_at = signal.at


def leg_held(board: Board, signal: LegHeld) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    leg.held_at = leg.held_at or signal.at
    if leg.talk is not None and leg.talk.open and leg.talk.held_since is None:
        leg.talk.hold(signal.at)
        board.tell(CallHeld, leg.call, agent=leg.talk.talk.agent)
        for call in _begun_by(board, leg):
            consults(board, call)  # some phones call the colleague first


def _begun_by(board: Board, leg: LegRecord) -> list[CallRecord]:
    """The other calls that the agent at ``leg`` has begun."""
    mine = board.roster.agent(leg.number).legs if leg.number is not None else set()
    return [other.call for other in mine if other.call is not leg.call and other is other.call.root]


def leg_resumed(board: Board, signal: LegResumed) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    leg.held_at = None
    if leg.talk is not None and leg.talk.held_since is not None:
        leg.talk.resume(signal.at)
        board.tell(CallResumed, leg.call, agent=leg.talk.talk.agent)


def key_pressed(board: Board, signal: KeyPressed) -> None:
    leg = board.leg_of(signal)
    if leg is not None:
        leg.key_at = (signal.at, signal.key)


def dial_ended(board: Board, signal: DialEnded) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    call = leg.call
    if leg.dial_over is None:
        leg.dial_over = signal.at, signal.result
    if call.dial_result is not DialResult.ANSWERED and leg.role is not LegRole.VIRTUAL:
        # A queue says NOANSWER and then CANCEL of the same attempt: the first is the reason.
        call.dial_result = signal.result if call.dial_result is None else call.dial_result
    if signal.result is not DialResult.ANSWERED:
        stop_ringing(board, leg, signal.result)


def leg_ended(board: Board, signal: LegEnded) -> None:
    leg = _moved(board, signal)
    if leg is None:
        board.gone_unseen(signal.leg)
        _root_gone(board, signal.leg)
        return
    leg.ended_at, leg.cause = signal.at, signal.cause
    call = leg.call
    stop_ringing(board, leg, None)
    disconnect(board, leg)
    if leg.role is LegRole.AGENT and leg.number is not None:
        board.roster.agent(leg.number).legs.discard(leg)
        board.agent_moved(leg)
    _close_stays_of(board, leg)
    if call.over or _only_colleagues_left(board, call):
        _finish(board, call)


def agent_freed(board: Board, signal: AgentFreed) -> None:
    """His leg goes on by itself until it is connected with the next caller; the call may be over without it."""
    leg = board.leg_of(signal)
    if leg is None or leg.state is LegState.ENDED or leg is leg.call.anchor:
        return
    call = leg.call
    disconnect(board, leg)
    call.legs.remove(leg)
    call.absorbed = [part for part in call.absorbed if part.root is not leg]
    leg.talk, leg.ring, leg.frozen = None, None, None
    _leave_behind(board, [leg])
    board.agent_moved(leg)
    if call.over:
        _finish(board, call)


def _only_colleagues_left(board: Board, call: CallRecord) -> bool:
    """The customer has gone, and those who stay speak with one another: in a room, or about what one was asked."""
    if call.direction is Direction.INTERNAL:
        return False
    there = [leg for leg in call.legs if leg.state is not LegState.ENDED and not leg.consult]
    return bool(there) and all(leg.role is LegRole.AGENT and _in_company(board, leg) for leg in there)


def _in_company(board: Board, leg: LegRecord) -> bool:
    return leg.bridge in board.rooms or any(
        other is not leg and other.role is not LegRole.VIRTUAL for other in connected(board, leg)
    )


def _root_gone(board: Board, leg_id: str) -> None:
    """A leg that was never seen has ended: the call that it began may be over."""
    call = board.calls.get(leg_id)
    if call is not None and call.awaits_root:
        call.awaits_root = False
        if call.over:
            _finish(board, call)


def _close_stays_of(board: Board, leg: LegRecord) -> None:
    for stay in list(leg.call.open_stays()):
        if stay.leg is leg:
            leave_at_end(board, stay)


def _close_what_is_open(board: Board, call: CallRecord) -> None:
    for ring in call.rings:
        close_ring(board, call, ring, RingResult.CANCELLED)
    for stay in list(call.open_stays()):
        leave_at_end(board, stay)
    for talk in call.talks:
        end_talk(board, call, talk)


def _finish(board: Board, call: CallRecord) -> None:
    _close_what_is_open(board, call)
    for leg in call.legs:
        if leg.state is LegState.ENDED:
            board.forget(leg)
    for group in {call.group, *(part.group for part in call.absorbed), *(leg.leg_id for leg in call.legs)}:
        if board.calls.get(group) is call:
            del board.calls[group]
            board.gone_by(group)
    _leave_behind(board, [leg for leg in call.legs if leg.state is not LegState.ENDED])
    if call.started:
        final = call.freeze(board.pbx, outcome_of(call), ended_by(call), ended_at(call, board.at))
        board.out.append(CallEnded(at=board.at, origin=board.origin, call=final))


def announce(board: Board, call: CallRecord) -> None:
    """Tell an open call anew, up to where it is now."""
    board.tell(CallStarted, call)
    for stay in call.open_stays():
        board.tell(CallQueued, call, stay=stay)
    for ring in call.rings:
        if ring.open:
            board.tell(CallOffered, call, ring=ring)
    for talk in call.talks:
        if talk.open:
            board.tell(CallAnswered, call, talk=talk)


def _leave_behind(board: Board, legs: list[LegRecord]) -> None:
    """The consultation that outlives its customer goes on between two agents, and is told to nobody."""
    if not legs:
        return
    rest = CallRecord(legs[0], legs[0].leg_id, board.origin)
    rest.private = True
    for leg in legs:
        leg.consult = False
        rest.add(leg)
        board.calls[leg.leg_id] = rest


def _moved(board: Board, signal: LegSignal) -> LegRecord | None:
    """The leg after its move in the LEG table; None when there is no such leg or no such arrow."""
    leg = board.leg_of(signal)
    if leg is None:
        return None
    after = LEG[leg.state].get(type(signal))
    if after is None:
        board.unexpected("leg", leg.state, signal)
        return None
    leg.state = after
    return leg
