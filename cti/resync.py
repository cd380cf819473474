"""What changed while we did not listen: the difference between the board and a snapshot, as ordinary signals.

There is no second way for a call to begin, be answered or end: what is missing is made up from the snapshot and goes
through the same moves, so that followers hear of it as of anything else. A leg that something was heard of after the
snapshot was taken is left alone: what was heard is newer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cti import signals as s
from cti.board import Board
from cti.records import LegRecord
from cti.snapshot import AgentNow, LegNow, MemberNow, SnapshotTaken
from cti.states import LegState, PlaceState


def differences(board: Board, now: SnapshotTaken) -> Iterator[s.Signal]:
    """The signals that turn the board into the snapshot, in an order in which they could have happened."""
    legs = {leg.leg: leg for leg in now.legs if not board.is_over(leg.leg)}
    waiting = {(wait.leg, wait.queue) for wait in now.waits}
    yield from _ended(board, now, legs)
    before = {leg: record.state for leg, record in board.legs.items()}
    for leg in sorted(legs.values(), key=lambda leg: (leg.leg != leg.group, leg.started_at)):
        yield from _seen(board, now, leg)
    yield from _roots_gone(board, now, legs)
    yield from _joined_queues(board, now)
    for leg in legs.values():
        yield from _moved(board, now, leg, before.get(leg.leg, LegState.NEW))
    yield from _pairs(board, now, legs)
    kept = _kept_on_hold(board, legs)
    for leg in legs.values():
        yield from _bridged(board, now, leg, kept)
    for leg in legs.values():
        yield from _held(board, now, leg)
    yield from _left_queues(board, now, waiting)
    yield from _members(board, now)
    for agent in now.agents:
        yield _agent(board, now, agent)


def _stale(record: LegRecord, now: SnapshotTaken) -> bool:
    return record.heard_at < now.legs_at


def _ended(board: Board, now: SnapshotTaken, legs: dict[str, LegNow]) -> Iterator[s.Signal]:
    for record in list(board.legs.values()):
        if record.leg_id not in legs and record.state is not LegState.ENDED and _stale(record, now):
            yield s.LegEnded(now.at, now.origin, record.leg_id, None, None)


def _held(board: Board, now: SnapshotTaken, leg: LegNow) -> Iterator[s.Signal]:
    """Whom an agent calls while he holds a customer, he asks for that customer: else it would be a call of its own."""
    record = board.known(leg.leg)
    if record is None or leg.held is None or not (_stale(record, now) or record.heard_at == now.at):
        return
    if leg.held and record.held_at is None:
        yield s.LegHeld(now.at, now.origin, leg.leg, leg.group)
    elif record.held_at is not None and not leg.held:
        yield s.LegResumed(now.at, now.origin, leg.leg, leg.group)


def _roots_gone(board: Board, now: SnapshotTaken, legs: dict[str, LegNow]) -> Iterator[s.Signal]:
    """The first leg of a call may have left before we came: nobody will tell of its end."""
    for call in list(dict.fromkeys(board.calls.values())):
        if call.awaits_root and call.group not in legs:
            yield s.LegEnded(now.at, now.origin, call.group, None, None)


def _seen(board: Board, now: SnapshotTaken, leg: LegNow) -> Iterator[s.Signal]:
    at, origin = now.at, now.origin
    record = board.known(leg.leg)
    if record is None:
        yield s.LegSeen(
            _begun_before(board, leg),
            origin,
            leg.leg,
            leg.group,
            leg.channel,
            leg.role,
            leg.number,
            leg.name,
            leg.dialled,
            leg.was_dialled,
        )
    if leg.was_dialled and (record is None or not record.was_dialled):
        source = None if leg.group == leg.leg else leg.group
        yield s.LegDialled(at, origin, leg.leg, leg.group, source, leg.dialled)
    if record is None and leg.queue is not None and not leg.was_dialled:
        yield s.QueueReached(at, origin, leg.leg, leg.group, leg.queue)


def _begun_before(board: Board, leg: LegNow) -> datetime:
    """A PBX tells ages in whole seconds, cut: so the instant may be too late by one."""
    if board.heard_since is None:
        return leg.started_at
    return min(leg.started_at, board.heard_since - timedelta(microseconds=1))


def _moved(board: Board, now: SnapshotTaken, leg: LegNow, known: LegState) -> Iterator[s.Signal]:
    """A leg that rings or is up, and was not when we last heard of it."""
    record = board.known(leg.leg)
    if record is None or record.state is not known:
        return
    at, origin = now.at, now.origin
    if leg.ringing and known is LegState.NEW:
        yield s.LegRang(at, origin, leg.leg, leg.group)
    if leg.up and known in (LegState.NEW, LegState.RINGING):
        yield s.LegAnswered(at, origin, leg.leg, leg.group)


def _pairs(board: Board, now: SnapshotTaken, legs: dict[str, LegNow]) -> Iterator[s.Signal]:
    """The two ends of a virtual pair share their channel's name but for the last digit."""
    ends = {leg.channel: leg.leg for leg in legs.values() if leg.channel.endswith((";1", ";2"))}
    for channel, one in ends.items():
        two = ends.get(channel[:-1] + "2")
        record = board.known(one)
        if channel.endswith(";1") and two is not None and record is not None and record.twin is None:
            yield s.LegsPaired(now.at, now.origin, one, two)


def _bridged(board: Board, now: SnapshotTaken, leg: LegNow, kept: set[str]) -> Iterator[s.Signal]:
    record = board.known(leg.leg)
    if record is None or record.bridge == leg.bridge or record.state is LegState.ENDED:
        return
    said_at = record.bridged_at if leg.bridge in kept else record.heard_at
    if said_at is not None and said_at >= now.legs_at and said_at != now.at:
        return
    if leg.bridge is None:
        yield s.BridgeLeft(now.at, now.origin, leg.leg, leg.group, record.bridge or "")
    else:
        yield s.BridgeEntered(now.at, now.origin, leg.leg, leg.group, leg.bridge, None, leg.room)


def _kept_on_hold(board: Board, legs: dict[str, LegNow]) -> set[str]:
    """The bridges in which somebody is on hold: what was heard of the hold since does not speak against the bridge."""
    records = ((leg.bridge, board.known(leg.leg)) for leg in legs.values())
    return {
        bridge for bridge, record in records
        if bridge is not None and record is not None and record.held_at is not None and record.state is LegState.UP
    }  # fmt: skip


def _left_queues(board: Board, now: SnapshotTaken, waiting: set[tuple[str, str]]) -> Iterator[s.Signal]:
    for call in list(dict.fromkeys(board.calls.values())):
        for stay in list(call.open_stays()):
            key = (stay.leg.leg_id, stay.stay.queue)
            if key in waiting or stay.stay.joined_at >= now.queues_at or stay.leg.state is LegState.ENDED:
                continue
            talk = next((talk.talk for talk in reversed(call.talks) if talk.open), None)
            if talk is None and key in now.served:
                continue  # taken this moment: the events of it are on their way
            if talk is not None:
                yield s.AgentTook(now.at, now.origin, *key[:1], None, key[1], talk.agent)
            yield s.QueueLeft(now.at, now.origin, key[0], None, key[1])


def _joined_queues(board: Board, now: SnapshotTaken) -> Iterator[s.Signal]:
    for wait in now.waits:
        record = board.known(wait.leg)
        if record is None or record.state is LegState.ENDED:
            continue
        stays = [stay.stay for stay in record.call.stays if stay.leg is record and stay.stay.queue == wait.queue]
        if not any(stay.left_at is None or stay.left_at >= now.queues_at for stay in stays):
            joined_at = max(wait.joined_at, record.started_at)  # ages are whole seconds, and rounded differently
            yield s.QueueJoined(joined_at, now.origin, wait.leg, None, wait.queue, wait.position)


def _members(board: Board, now: SnapshotTaken) -> Iterator[s.Signal]:
    here = {(member.agent, member.queue): member for member in now.members}
    for agent, queue, interface in board.roster.places():
        if (agent, queue) not in here:
            yield s.MemberRemoved(now.at, now.origin, queue, agent, None, interface)
    for member in now.members:
        yield from _member(board, now, member)


def _member(board: Board, now: SnapshotTaken, member: MemberNow) -> Iterator[s.Signal]:
    facts = (now.at, now.origin, member.queue, member.agent, member.name, member.interface)
    place = board.roster.agent(member.agent).place(member.queue)
    state = place.state
    if state is PlaceState.OUT or (place.interface is None and member.interface is not None):
        yield s.MemberSeen(*facts, member.paused, member.reason)
    another = member.reason is not None and member.reason != board.roster.agent(member.agent).place(member.queue).reason
    if member.paused and (state is PlaceState.FREE or (state is PlaceState.PAUSED and another)):
        yield s.MemberPaused(*facts, member.reason)
    elif not member.paused and state is PlaceState.PAUSED:
        yield s.MemberResumed(*facts)
    if member.wrap_up_s != board.roster.agent(member.agent).place(member.queue).wrap_up_s:
        yield s.WrapUpSet(*facts, member.wrap_up_s)


def _agent(board: Board, now: SnapshotTaken, agent: AgentNow) -> s.Signal:
    unknown = board.roster.agent(agent.agent).status is None
    return s.AgentStatus(
        at=now.at,
        origin=now.origin,
        agent=agent.agent,
        name=agent.name,
        here=agent.here,
        on_break=agent.on_break,
        since_before=unknown,
    )
