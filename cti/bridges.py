"""Who hears whom: legs meet in bridges, and a pair of virtual legs carries a conversation from one bridge to another.

An agent talks for as long as his leg and the far party's are connected, however many Local channels lie between. This
is where talk time comes from: after a transfer behind a Local channel the queue goes on charging the first agent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from cti.board import Board, has_customer
from cti.model import CallAnswered, CallHeld, CallReleased, Direction, LegRole, Talk
from cti.records import CallRecord, LegRecord, TalkRecord
from cti.signals import BridgeEntered, BridgeLeft, LegSpeaks
from cti.states import LegState

#: A bridge swapped under a conversation (a Local channel optimised away) parts it for milliseconds.
SAME_TALK_WITHIN = timedelta(seconds=1)


def bridge_entered(board: Board, signal: BridgeEntered) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    if leg.state is LegState.ENDED:
        board.unexpected("leg", leg.state, signal)
        return
    leg.bridged_at = board.at
    before = _leave(board, leg)
    swapped = board.known(signal.swapped)
    if swapped is not None and swapped.bridge == signal.bridge:
        before += [swapped, *_leave(board, swapped)]
    board.bridges.setdefault(signal.bridge, set()).add(leg)
    if signal.room:
        board.rooms.add(signal.bridge)
    leg.bridge, leg.listens = signal.bridge, signal.listens
    if leg.listens and leg.was_dialled and leg.call.direction is Direction.INTERNAL:
        leg.call.answered_at = leg.call.answered_at or leg.answered_at  # a page: answered, and nobody talks
    reconnect(board, [*before, leg])  # who was left behind is told before who talks now


def leg_speaks(board: Board, signal: LegSpeaks) -> None:
    leg = board.leg_of(signal)
    if leg is not None and leg.listens:
        leg.listens = False
        reconnect(board, [leg])


def bridge_left(board: Board, signal: BridgeLeft) -> None:
    leg = board.leg_of(signal)
    if leg is None:
        return
    leg.bridged_at = board.at
    if leg.bridge == signal.bridge:
        reconnect(board, [leg, *_leave(board, leg)])


def disconnect(board: Board, leg: LegRecord) -> None:
    """Take an ended leg out of its bridge and its pair."""
    touched = _leave(board, leg)
    if leg.twin is not None:
        touched.append(leg.twin)
        leg.twin.twin = None
        leg.twin = None
    reconnect(board, [leg, *touched])


def _leave(board: Board, leg: LegRecord) -> list[LegRecord]:
    """Those who stay behind in the bridge that ``leg`` leaves."""
    if leg.bridge is None:
        return []
    members = board.bridges.get(leg.bridge, set())
    members.discard(leg)
    if not members:
        board.bridges.pop(leg.bridge, None)
        board.rooms.discard(leg.bridge)
    leg.bridge = None
    return in_order(members)


def in_order(legs: Iterable[LegRecord]) -> list[LegRecord]:
    """The eldest first: a replay must tell the same story, and sets have no order."""
    return sorted(legs, key=lambda leg: (leg.started_at, leg.leg_id))


def connected(board: Board, leg: LegRecord, apart_from: LegRecord | None = None) -> set[LegRecord]:
    """All legs that hear each other with ``leg``, itself and the virtual ones included; none through ``apart_from``."""
    seen = {leg} if apart_from is None else {leg, apart_from}
    to_visit = [leg]
    while to_visit:
        here = to_visit.pop()
        near = board.bridges.get(here.bridge, set()) if here.bridge is not None else set()
        for other in near | {here.twin} if here.twin is not None else near:
            if other is not None and other not in seen:
                seen.add(other)
                to_visit.append(other)
    return seen - {apart_from}


def reconnect(board: Board, seeds: Iterable[LegRecord]) -> None:
    """Begin and end talks after the connections round ``seeds`` changed."""
    seeds = list(seeds)
    done: set[LegRecord] = set()
    for seed in seeds:
        if seed not in done and not _on_its_own(seed):
            together = connected(board, seed)
            done |= together
            _settle(board, in_order(leg for leg in together if leg.role is not LegRole.VIRTUAL))
    for call in {seed.call: None for seed in (*done, *seeds)}:
        _end_the_waiting(board, call)


def _end_the_waiting(board: Board, call: CallRecord) -> None:
    """Whoever asks a colleague has nobody to come back to once the customer is gone."""
    for talk in call.talks:
        if talk.open and talk.held_since is not None:
            for leg in in_order(talk.legs):
                if not _comes_back(leg) and not any(call.is_far(other) for other in connected(board, leg)):
                    _end_talk(board, leg, talk)


def _on_its_own(leg: LegRecord) -> bool:
    """Nobody is connected with it, and nobody was talking there: most legs that end."""
    return leg.bridge is None and leg.twin is None and (leg.talk is None or not leg.talk.open)


def _settle(board: Board, together: list[LegRecord]) -> None:
    agents = [leg for leg in together if leg.role is LegRole.AGENT and not leg.listens]
    if len(together) == 1:
        _alone(board, agents)
        return
    for leg in agents:
        _join_the_customers_call(board, leg, together)
    for leg in agents:
        talking = _may_talk(leg) and any(leg.call.is_far(other) and other.call is leg.call for other in together)
        if talking:
            _begin_talk(board, leg)
        elif leg.talk is not None and leg.talk.open and not _comes_back(leg):
            _end_talk(board, leg, leg.talk)
    _answered_outside(together)


def _answered_outside(together: list[LegRecord]) -> None:
    """A call from outside that was sent on to a phone outside is answered once the two are connected."""
    for leg in together:
        call = leg.call
        dialled = leg.role is LegRole.CUSTOMER and leg.was_dialled and call.direction is Direction.INBOUND
        if dialled and call.answered_at is None and any(call.is_far(other) for other in together):
            call.answered_at = leg.answered_at


def _alone(board: Board, agents: list[LegRecord]) -> None:
    for leg in agents:
        if leg.talk is not None and leg.talk.open and not _comes_back(leg):
            _end_talk(board, leg, leg.talk)


def _comes_back(leg: LegRecord) -> bool:
    """He left his customer alone with the music and asks a colleague, by the PBX's own key: his talk is on hold."""
    if leg.talk is None or leg.talk.held_since is None or leg.state is not LegState.UP:
        return False
    if leg.transferred or leg.hung_up_at is not None:
        return False
    return any(leg.call.is_far(other) and other.bridge is not None for other in leg.call.legs)


def _may_talk(leg: LegRecord) -> bool:
    """An agent who has handed the call over is out, though his phone leaves the bridge a moment later."""
    return leg.state is LegState.UP and not leg.transferred and not leg.call.is_far(leg)


def _join_the_customers_call(board: Board, leg: LegRecord, together: list[LegRecord]) -> None:
    """Whoever speaks with a customer belongs to that customer's call, whichever call his phone began in."""
    others = [other for other in together if other is not leg]
    if any(leg.call.is_far(other) and other.call is leg.call for other in others) or has_customer(leg.call):
        return
    home = next((other.call for other in others if other.role is LegRole.CUSTOMER and other.call.is_far(other)), None)
    if home is not None and home is not leg.call:
        board.absorb(home, leg.call)


def count_in(legs: Iterable[LegRecord]) -> None:
    """Colleagues who were only asked have the customer now: their rings count."""
    for leg in legs:
        leg.consult = False
        if leg.ring is not None and leg.ring.ring.consult:
            leg.ring.ring = msgspec.structs.replace(leg.ring.ring, consult=False)


def _begin_talk(board: Board, leg: LegRecord) -> None:
    if leg.talk is not None and leg.talk.open:
        return
    call, agent = leg.call, leg.number or leg.channel
    count_in([leg])
    board.roster.back_to_work(agent)
    talk = _open_talk(call, agent)
    if talk is None:
        talk = _parted_talk(board, leg) or _new_talk(board, leg, agent)
        board.tell(CallAnswered, call, talk=talk)
    talk.legs.add(leg)
    leg.talk = talk
    if leg.held_at is not None and talk.held_since is None:
        talk.hold(leg.held_at)
        board.tell(CallHeld, call, agent=agent)


def _new_talk(board: Board, leg: LegRecord, agent: str) -> TalkRecord:
    call = leg.call
    queue = leg.ring.ring.queue if leg.ring is not None else _queue_that_gave(board, call, agent)
    talk = TalkRecord(Talk(agent=agent, started_at=board.at, queue=queue))
    call.talks.append(talk)
    if call.answered_at is None:
        answered_at = leg.answered_at or board.at
        call.answered_at = answered_at if answered_at >= call.root.started_at else board.at
    return talk


def _queue_that_gave(board: Board, call: CallRecord, agent: str) -> str | None:
    """The queue that gives this caller, at this moment, to an agent who stays on the line: no phone rings."""
    last = call.stays[-1] if call.stays else None
    given = last is not None and last.member == agent and last.stay.left_at == board.at
    return last.stay.queue if last is not None and given else None


def _open_talk(call: CallRecord, agent: str) -> TalkRecord | None:
    return next((talk for talk in call.talks if talk.open and talk.talk.agent == agent), None)


def _parted_talk(board: Board, leg: LegRecord) -> TalkRecord | None:
    """The talk that this very leg had a moment ago; an agent who is rung anew begins another."""
    last = leg.talk
    if last is None or last.talk.ended_at is None or last not in leg.call.talks:
        return None
    if board.at - last.talk.ended_at > SAME_TALK_WITHIN:
        return None
    last.reopen()
    return last


def end_talk(board: Board, call: CallRecord, talk: TalkRecord) -> None:
    """Close a talk, once."""
    if talk.open:
        talk.close(board.at)
        board.roster.wrap_up(talk.talk.agent, talk.talk.queue, board.at, board.origin)
        board.tell(CallReleased, call, talk=talk)


def _end_talk(board: Board, leg: LegRecord, talk: TalkRecord) -> None:
    talk.legs.discard(leg)
    if not talk.legs:
        end_talk(board, leg.call, talk)
