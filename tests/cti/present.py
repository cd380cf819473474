"""What a PBX would say of itself, told from a tracker that heard everything."""

from __future__ import annotations

from datetime import timedelta

from cti.board import Board
from cti.signals import Signal
from cti.snapshot import LegNow, MemberNow, SnapshotTaken, WaitNow
from cti.states import LegState, PlaceState
from tests.cti.playbook import ORIGIN


def present(board: Board, last: Signal) -> SnapshotTaken:
    """The present just after this signal."""
    now = last.at + timedelta(microseconds=1)
    return SnapshotTaken(
        at=now,
        origin=ORIGIN,
        legs_at=now,
        queues_at=now,
        legs=tuple(
            LegNow(
                leg=leg.leg_id,
                group=leg.call.group,
                channel=leg.channel,
                role=leg.role,
                number=leg.number,
                name=leg.name,
                dialled=leg.number if leg.was_dialled else leg.dialled,
                started_at=leg.started_at,
                up=leg.state is LegState.UP,
                ringing=leg.state is LegState.RINGING,
                was_dialled=leg.was_dialled,
                bridge=leg.bridge,
                queue=None,
            )
            for leg in board.legs.values()
            if leg.state is not LegState.ENDED
        ),
        waits=tuple(
            WaitNow(
                leg=stay.leg.leg_id, queue=stay.stay.queue, joined_at=stay.stay.joined_at, position=stay.stay.position
            )
            for call in dict.fromkeys(board.calls.values())
            for stay in call.open_stays()
        ),
        members=tuple(
            MemberNow(
                queue=queue,
                agent=agent,
                name=None,
                interface=interface,
                paused=board.roster.agent(agent).place(queue).state is PlaceState.PAUSED,
                reason=board.roster.agent(agent).place(queue).reason,
            )
            for agent, queue, interface in board.roster.places()
        ),
    )
