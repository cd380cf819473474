"""The moves of a handed-over customer: blind, attended, parked and picked up."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cti.board import Board, has_customer
from cti.bridges import connected, count_in, in_order, reconnect
from cti.model import LegRole, RingResult, Transfer, TransferKind
from cti.reach import phones_behind, phones_once_behind
from cti.records import CallRecord, LegRecord, StayRecord
from cti.rings import close_ring
from cti.signals import AttendedTransferred, BlindTransferred, Parked, PickedUp, Unparked
from cti.states import LegState

#: Asterisk 16 tells the join of the new queue before the transfer that led there, within the same milliseconds.
SAME_MOMENT = timedelta(seconds=0.1)


def blind_transferred(board: Board, signal: BlindTransferred) -> None:
    giver, given = board.known(signal.transferer), board.known(signal.transferee)
    if giver is None or given is None:
        board.note("unknown-leg", "a blind transfer of a leg that was never seen")
        return
    call = given.call
    giver.transferred = True
    if giver is call.anchor:
        call.anchor = _person_at(board, given)
        reconnect(board, [given])
    if given.consult:
        return  # the one who asks was sent on, not the customer
    if _just_parked(call, board):
        return  # told before the transfer that led there
    joined = _just_joined(call, given, board)
    kind = TransferKind.QUEUE if joined else TransferKind.BLIND
    call.transfers.append(Transfer(kind=kind, by=giver.number or "", to=joined or signal.to, at=signal.at))
    call.pending_transfer = None if joined else given
    board.tell_transfer(call)


def _just_joined(call: CallRecord, leg: LegRecord, board: Board) -> str | None:
    stays = (stay.stay for stay in call.open_stays() if stay.leg is leg)
    return next((stay.queue for stay in stays if board.at - stay.joined_at <= SAME_MOMENT), None)


def _just_parked(call: CallRecord, board: Board) -> bool:
    last = call.transfers[-1] if call.transfers else None
    waits = last is not None and last.kind is TransferKind.PARK and last.to is None
    return waits and last is not None and board.at - last.at <= SAME_MOMENT


def attended_transferred(board: Board, signal: AttendedTransferred) -> None:
    first, target = board.known(signal.first), board.known(signal.target)
    if target is None and first is not None and signal.first == signal.second:
        target = _asked_by_key(first.call)  # still ringing, it was moved to the customer's bridge before it was named
    second = board.known(signal.second) or _consulting(first, target)
    if first is None or second is None:
        board.note("unknown-leg", "an attended transfer of a leg that was never seen")
        return
    given = board.known(signal.transferee)
    if _asks_a_colleague(first) and not _asks_a_colleague(second):
        first, second, given, target = second, first, target, given
    main, consult = _main_and_consult(first.call, second.call, second)
    first.transferred = second.transferred = True
    if consult is not None and second.call is not main:
        board.absorb(main, second.call)
    if first is main.anchor and given is not None:
        main.anchor = _person_at(board, given)
    for stay in main.open_stays():
        if stay.leg is second and given is not None:
            stay.leg = given
    count_in(in_order(_with_whom(board, second, target) - {first, second}))
    main.transfers.append(_attended(first, consult, target, board))
    board.tell_transfer(main)
    reconnect(board, [leg for leg in (given, target, first, second) if leg is not None])


def consults(board: Board, call: CallRecord) -> bool:
    """Whether ``call`` is a consultation: its caller has a customer on hold. It becomes part of his call."""
    root = call.root
    if root.role is not LegRole.AGENT or root.number is None or has_customer(call):
        return False
    legs = (leg for leg in board.roster.agent(root.number).legs if leg.call is not call and not leg.consult)
    on_hold = [(leg.talk.held_since, leg) for leg in legs if leg.talk is not None and leg.talk.held_since is not None]
    if not on_hold:
        return False
    held = max(on_hold, key=lambda pair: (pair[0], pair[1].leg_id))[1]
    for leg in call.legs:
        leg.consult = True
    board.absorb(held.call, call)
    return True


def _consulting(first: LegRecord | None, target: LegRecord | None) -> LegRecord | None:
    """The transferer's other leg, where the PBX does not name it: who called the one that the customer meets."""
    if first is None or target is None:
        return None
    by_target = target.dialled_by
    if by_target is not None and by_target is not first:
        return by_target
    mine = (leg for leg in target.call.legs if leg is not first and leg.number == first.number)
    return max(mine, key=lambda leg: leg.started_at, default=None)


def _asks_a_colleague(leg: LegRecord) -> bool:
    """Whether this is the leg of a consultation: a phone may send its transfer on either of its two."""
    return leg.consult or not has_customer(leg.call)


def _person_at(board: Board, leg: LegRecord) -> LegRecord:
    """Who is at the far end of ``leg``: a virtual one only carries him."""
    if leg.role is not LegRole.VIRTUAL or leg.twin is None:
        return leg
    behind = in_order(connected(board, leg.twin, apart_from=leg))
    return next((person for person in behind if person.role is not LegRole.VIRTUAL), leg)


def _with_whom(board: Board, second: LegRecord, target: LegRecord | None) -> set[LegRecord]:
    """Whom the customer meets: those at the other end of the consultation, and who still rings for it.

    A queue's members that rang for the one who asked only count once they answer.
    """
    if target is None:
        called = [phone for leg in second.call.legs if leg.dialled_by is second for phone in phones_behind(leg)]
        return {phone for phone in called if phone.ring is None or phone.ring.ring.queue is None}
    there = connected(board, target)
    return there | {phone for leg in there if leg.role is LegRole.VIRTUAL for phone in phones_behind(leg)}


def asks_by_key(leg: LegRecord) -> bool:
    """Whether ``leg`` is a colleague whom an agent asks by the PBX's own key, while his customer hears the music.

    Asterisk reaches him by a pair, FreeSWITCH from the agent's own leg.
    """
    asks = leg.dialled_by
    if asks is not None and asks.talk is not None and asks.talk.open and asks.talk.held_since is not None:
        return True
    if _end_that_asks(leg) is None:
        return False
    return any(talk.open and talk.held_since is not None for talk in leg.call.talks)


def _end_that_asks(leg: LegRecord) -> LegRecord | None:
    """The agent's end of the pair by which the PBX reaches ``leg`` for one who pressed its key: nobody dialled it."""
    pair = leg.dialled_by
    while pair is not None and pair.role is LegRole.VIRTUAL and pair.twin is not None:
        if not pair.twin.was_dialled:
            return pair.twin
        pair = pair.twin.dialled_by
    return None


def _asked_by_key(call: CallRecord) -> LegRecord | None:
    """The agent's end of the pair that leads to the colleague who was asked last; he may have the customer already."""
    asked = (_end_that_asks(leg) for leg in reversed(call.legs) if leg.state is not LegState.ENDED)
    return next((end for end in asked if end is not None), None)


def _main_and_consult(first: CallRecord, second: CallRecord, leg: LegRecord) -> tuple[CallRecord, CallRecord | None]:
    """The customer's call and the consultation, which may be a part of it already.

    Two customers brought together have no consultation: each goes on with a journey of his own.
    """
    if first is second:
        part = next((part for part in reversed(first.absorbed) if part.root is leg), None)
        return first, part
    return first, None if second.root.role is LegRole.CUSTOMER else second


def _attended(first: LegRecord, consult: CallRecord | None, target: LegRecord | None, board: Board) -> Transfer:
    asked_at, to, legs = None, None, list[LegRecord]()
    if consult is not None:
        # what the agent dialled, as a blind transfer has it: on a call to outside the trunk's number may differ
        asked_at, to, legs = consult.root.started_at, consult.root.dialled or consult.dialled, consult.legs
    elif target is not None:
        legs = phones_behind(target)
        person = next(iter(legs), target) if target.role is LegRole.VIRTUAL else target
        asked_at = target.started_at if target.role is LegRole.VIRTUAL else None
        to = _person_at(board, target).number or person.number
    rung = [leg.answered_at for leg in legs if leg.was_dialled and leg.answered_at is not None]
    return Transfer(
        kind=TransferKind.ATTENDED,
        by=first.number or "",
        to=to,
        at=board.at,
        consulted_at=asked_at,
        consult_answered_at=min(rung, default=None) if asked_at is not None else None,
    )


def picked_up(board: Board, signal: PickedUp) -> None:
    """A colleague took the call from his own phone: it is his, and to those who rang it was answered elsewhere."""
    leg, by = board.leg_of(signal), board.known(signal.by)
    if leg is None or by is None:
        board.note("unknown-leg", "a call was picked up by or from a leg that was never seen")
        return
    call = leg.call
    if by.call is not call and not has_customer(by.call):
        board.absorb(call, by.call)
    call.picked_up_at = board.at
    for phone in phones_once_behind(leg):
        if phone.ring is None:
            continue
        by.ring = phone.ring  # he talks on behalf of whoever rang
        close_ring(board, call, phone.ring, RingResult.ELSEWHERE)
        stay = _ended_by_pick_up(call, phone.ring.ring.queue, board)
        if stay is not None:
            stay.stay = msgspec.structs.replace(stay.stay, agent=by.number)


def _ended_by_pick_up(call: CallRecord, queue: str | None, board: Board) -> StayRecord | None:
    """The wait that a pick-up ends; on a busy machine its end is told first."""
    for stay in reversed(call.stays):
        left_at = stay.stay.left_at
        if stay.stay.queue == queue and (left_at is None or board.at - left_at <= SAME_MOMENT):
            return stay
    return None


def parked(board: Board, signal: Parked) -> None:
    leg = board.known(signal.leg)
    if leg is None:
        board.note("unknown-leg", "a leg was parked that was never seen")
        return
    call = leg.call
    if call.pending_transfer is leg and call.transfers:
        last = call.transfers[-1]
        call.transfers[-1] = msgspec.structs.replace(last, kind=TransferKind.PARK, to=None, slot=signal.slot)
        call.pending_transfer = None
        return
    last_talk = call.talks[-1].talk.agent if call.talks else ""
    call.transfers.append(Transfer(kind=TransferKind.PARK, by=last_talk, to=None, at=signal.at, slot=signal.slot))
    board.tell_transfer(call)


def unparked(board: Board, signal: Unparked) -> None:
    leg, retriever = board.known(signal.leg), board.known(signal.retriever)
    if leg is None:
        board.note("unknown-leg", "a leg was unparked that was never seen")
        return
    call = leg.call
    for i in range(len(call.transfers) - 1, -1, -1):
        if call.transfers[i].kind is TransferKind.PARK and call.transfers[i].to is None:
            if retriever is not None:
                call.transfers[i] = msgspec.structs.replace(call.transfers[i], to=retriever.number)
            return
