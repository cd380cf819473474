"""One agent rung for one call: begun by the first of his phones, ended once, whatever the PBX repeats."""

from __future__ import annotations

import msgspec

from cti.board import Board
from cti.model import CallOffered, CallOfferEnded, LegRole, Ring, RingResult
from cti.records import CallRecord, LegRecord, RingRecord
from cti.signals import DialResult
from cti.states import LegState

_REFUSED_BY_PHONE = (17, 21)  # Q.850: user busy, call rejected


def open_ring(board: Board, leg: LegRecord, agent: str) -> None:
    call = leg.call
    board.start(call)
    ring = call.open_ring(agent)
    if ring is None:
        waiting = call.waiting()
        queue = None if waiting is None else waiting.stay.queue
        ring = _new_ring(call, Ring(agent=agent, queue=queue, started_at=board.at, consult=leg.consult))
        ring.legs.add(leg)
        board.tell(CallOffered, call, ring=ring)
    ring.legs.add(leg)
    leg.ring = ring


def only_asked(leg: LegRecord) -> None:
    """This colleague is asked something; the customer is not handed to him yet, though his phone may ring already."""
    leg.consult = True
    if leg.ring is not None:
        leg.ring.ring = msgspec.structs.replace(leg.ring.ring, consult=True)


def own(board: Board, leg: LegRecord, agent: str) -> None:
    """A phone outside is this agent's: what was taken for the public's side is his."""
    if leg.role is not LegRole.CUSTOMER or leg is leg.call.root:
        return
    leg.role, leg.number, leg.frozen = LegRole.AGENT, agent, None
    board.roster.agent(agent).legs.add(leg)
    if leg.state is LegState.RINGING:
        open_ring(board, leg, agent)
    board.agent_moved(leg)


def _new_ring(call: CallRecord, ring: Ring) -> RingRecord:
    record = RingRecord(ring)
    call.rings.append(record)
    return record


def close_ring(board: Board, call: CallRecord, ring: RingRecord, result: RingResult) -> None:
    if ring.open:
        ring.close(board.at, result)
        board.tell(CallOfferEnded, call, ring=ring)


def stop_ringing(board: Board, leg: LegRecord, result: DialResult | None) -> None:
    """This phone rings no more; the ring is over with the last of the agent's phones."""
    ring = leg.ring
    if ring is None or not ring.open:
        return
    ring.legs.discard(leg)
    if not ring.legs:
        close_ring(board, leg.call, ring, result_of(leg, result))


def result_of(leg: LegRecord, result: DialResult | None) -> RingResult:
    if result in (DialResult.FORWARDED, DialResult.TAKEN):
        return RingResult.ELSEWHERE
    if leg.hung_up_at is not None or result is DialResult.BUSY or leg.cause in _REFUSED_BY_PHONE:
        return RingResult.BUSY
    if result is DialResult.NO_ANSWER:
        return RingResult.MISSED
    if result is DialResult.FAILED:
        return RingResult.FAILED
    ring, call = leg.ring, leg.call
    others = (other for other in call.rings if other is not ring and other.ring.result is RingResult.ANSWERED)
    since = ring.ring.started_at if ring is not None else leg.started_at
    if call.picked_up_at is not None and call.picked_up_at >= since:
        return RingResult.ELSEWHERE
    if any(other.ring.ended_at is not None and other.ring.ended_at >= since for other in others):
        return RingResult.ELSEWHERE
    return RingResult.CANCELLED
