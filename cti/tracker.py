"""Signals in, CallEvents out: the one place that knows what is going on at a PBX.

``apply`` is pure in the sense of the house: no clock, no I/O, and it never raises for what a PBX says; what it does not
expect becomes an ``Oddity``. The moves live with what they are about: ``legs``, ``bridges``, ``queues``, ``transfers``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cti import bridges, legs, queues, signals, transfers
from cti.board import Board
from cti.legs import announce
from cti.model import Agent, AgentChange, Call, CallEvent
from cti.resync import differences
from cti.snapshot import SnapshotTaken

Move = Callable[[Board, Any], None]

MOVES: dict[type[signals.Signal], Move] = {
    signals.LegSeen: legs.leg_seen,
    signals.LegRang: legs.leg_rang,
    signals.LegAnswered: legs.leg_answered,
    signals.LegHungUp: legs.leg_hung_up,
    signals.LegKilled: legs.leg_killed,
    signals.LegTurnedAway: legs.leg_turned_away,
    signals.LegEnded: legs.leg_ended,
    signals.LegHeld: legs.leg_held,
    signals.LegResumed: legs.leg_resumed,
    signals.KeyPressed: legs.key_pressed,
    signals.LegDialled: legs.leg_dialled,
    signals.DialEnded: legs.dial_ended,
    signals.LegsPaired: legs.legs_paired,
    signals.BridgeEntered: bridges.bridge_entered,
    signals.BridgeLeft: bridges.bridge_left,
    signals.LegSpeaks: bridges.leg_speaks,
    signals.QueueReached: queues.queue_reached,
    signals.QueueRefused: queues.queue_refused,
    signals.QueueJoined: queues.queue_joined,
    signals.QueueLeft: queues.queue_left,
    signals.QueueGaveUp: queues.queue_gave_up,
    signals.AgentTried: queues.agent_tried,
    signals.AgentMissed: queues.agent_missed,
    signals.AgentTook: queues.agent_took,
    signals.AgentDone: queues.agent_done,
    signals.AgentFreed: legs.agent_freed,
    signals.MemberAdded: queues.member_moved,
    signals.MemberRemoved: queues.member_moved,
    signals.MemberPaused: queues.member_moved,
    signals.MemberResumed: queues.member_moved,
    signals.MemberSeen: queues.member_seen,
    signals.WrapUpSet: queues.wrap_up_set,
    signals.AgentStatus: queues.agent_status,
    signals.BlindTransferred: transfers.blind_transferred,
    signals.AttendedTransferred: transfers.attended_transferred,
    signals.PickedUp: transfers.picked_up,
    signals.Parked: transfers.parked,
    signals.Unparked: transfers.unparked,
}


class CallTracker:
    """All calls and agents of one PBX. With ``ends_only`` it tells calls when they have ended, and no more of them."""

    def __init__(self, pbx: str, *, ends_only: bool = False) -> None:
        self._board = Board(pbx, ends_only=ends_only)

    def apply(self, signal: signals.Signal) -> list[CallEvent]:
        """What the house is told because of ``signal``, in order; often nothing."""
        board = self._board
        self._wrap_up(signal.at)
        if type(signal) is SnapshotTaken:
            for missed in differences(board, signal):
                self._move(missed)
        else:
            self._move(signal)
        if not board.out:
            return []
        told, board.out = board.out, []
        return told

    def pass_time(self, at: datetime) -> list[CallEvent]:
        """What the house is told because it is ``at`` by now, and nothing was heard: wrap-ups that are over."""
        self._wrap_up(at)
        told, self._board.out = self._board.out, []
        return told

    def _wrap_up(self, at: datetime) -> None:
        board = self._board
        for over_at, origin, record in board.roster.wrapped_up(at):
            board.at, board.origin = over_at, origin
            if board.roster.settle(record, over_at):
                board.tell_agent(record, AgentChange.STATE)

    def _move(self, signal: signals.Signal) -> None:
        board = self._board
        board.at, board.origin = signal.at, signal.origin
        MOVES[type(signal)](board, signal)

    def heard_since(self, at: datetime) -> None:
        """From then on each event is heard: what a snapshot shows that was not told has begun before."""
        self._board.heard_since = at

    def open_calls(self) -> list[Call]:
        """The calls that go on now, each as of now."""
        board = self._board
        return [call.freeze(board.pbx) for call in dict.fromkeys(board.calls.values()) if call.started]

    def present(self) -> list[CallEvent]:
        """What goes on, as of the last signal, told anew to those who have heard nothing yet: open calls, agents."""
        board = self._board
        for call in dict.fromkeys(board.calls.values()):
            if call.started and not call.private:
                announce(board, call)
        for record in board.roster.records():
            board.tell_agent(record, AgentChange.STATE)
        told, board.out = board.out, []
        return told

    def agents(self) -> list[Agent]:
        """The agents known by now, logged in or not."""
        return self._board.roster.agents()
