"""Asterisk's answers to ``Status`` and ``QueueStatus``, gathered into one snapshot.

Sources: ``main/manager.c`` (``generate_status``), ``apps/app_queue.c`` (``manager_queues_status``), and the answers in
``tests/recordings/asterisk-*/X01/late``. Ages come in whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cti.model import LegRole, Origin
from cti.pbx.asterisk_names import caller_name, caller_number, whole_number
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_wrap_ups import WrapUps
from cti.pbx.dialect import Frame
from cti.snapshot import LegNow, MemberNow, SnapshotTaken, WaitNow

_OUTGOING = "(Outgoing Line)"  # what Dial and Queue write on the channels they make
ACTIONS = ("Status", "QueueStatus")
ONE_PRESENT = timedelta(seconds=20)  # two answers further apart do not tell of the same moment
_ENDS = frozenset(f"{action}Complete" for action in ACTIONS)
_OF_LEGS = frozenset({"Status", "StatusComplete"})


class _Half:
    """One of the two lists: when it began, in which connection, and whether it is whole."""

    def __init__(self) -> None:
        self.begun_at: datetime | None = None
        self.session = ""
        self.whole = False

    def begin(self, at: datetime, session: str) -> bool:
        """True when a new list begins: the last one was whole, was of another connection, or is too old to go on."""
        fresh = self.begun_at is None or self.whole or session != self.session or at - self.begun_at > ONE_PRESENT
        if fresh:
            self.begun_at, self.session, self.whole = at, session, False
        return fresh

    def goes_with(self, at: datetime, session: str) -> bool:
        young = self.begun_at is not None and at - self.begun_at <= ONE_PRESENT
        return self.whole and young and session == self.session


class AsteriskSnapshot:
    """Gathers the list events; gives the snapshot with the last one.

    Half a snapshot, whose other half was refused or lost with the connection, is not kept for the next.
    """

    def __init__(self, people: AsteriskPeople, wrap_ups: WrapUps | None = None) -> None:
        self._people, self._wrap_ups = people, wrap_ups or WrapUps()
        self._legs: list[LegNow] = []
        self._waits: list[WaitNow] = []
        self._members: list[MemberNow] = []
        self._of_legs, self._of_queues = _Half(), _Half()

    def take(self, frame: Frame, at: datetime, origin: Origin) -> Iterable[SnapshotTaken]:
        """The whole snapshot once it is complete, else nothing."""
        half = self._of_legs if frame.name in _OF_LEGS else self._of_queues
        if half.begin(at, origin.session):
            self._clear(half)
        if frame.name in _ENDS:
            half.whole = True
            return self._complete(at, origin)
        if half is self._of_legs:
            self._take_leg(frame, at)
        else:
            self._take_place(frame, at)
        return ()

    def _clear(self, half: _Half) -> None:
        if half is self._of_legs:
            self._legs = []
        else:
            self._waits, self._members = [], []

    def _complete(self, at: datetime, origin: Origin) -> Iterable[SnapshotTaken]:
        if not (self._of_legs.goes_with(at, origin.session) and self._of_queues.goes_with(at, origin.session)):
            return ()
        snapshot = SnapshotTaken(
            at=at,
            origin=origin,
            legs_at=self._of_legs.begun_at or at,
            legs=tuple(self._legs),
            queues_at=self._of_queues.begun_at or at,
            waits=tuple(self._waits),
            members=tuple(self._members),
        )
        self._of_legs, self._of_queues = _Half(), _Half()
        return (snapshot,)

    def _take_leg(self, frame: Frame, at: datetime) -> None:
        leg, channel = frame.get(b"Uniqueid"), frame.get(b"Channel")
        if leg is None or channel is None:
            return
        role, state = self._people.role_of(channel), frame.get(b"ChannelState")
        was_dialled = frame.get(b"Data") == _OUTGOING
        customer = role is LegRole.CUSTOMER
        self._legs.append(
            LegNow(
                leg=leg,
                group=frame.get(b"Linkedid"),
                channel=channel,
                role=role,
                number=caller_number(frame.get(b"CallerIDNum")) if customer else self._agent_at(role, channel),
                name=caller_name(frame.get(b"CallerIDName")) if customer else None,
                dialled=frame.get(b"DNID") or None,
                started_at=at - age(frame, b"Seconds"),
                up=state == "6",
                ringing=state == "5",
                was_dialled=was_dialled,
                bridge=frame.get(b"BridgeID") or None,
                queue=_queue_of(frame),
            )
        )

    def _take_place(self, frame: Frame, at: datetime) -> None:
        queue = frame.get(b"Queue")
        if queue is None:
            return
        leg, interface = frame.get(b"Uniqueid"), frame.get(b"Location")
        if frame.name == "QueueEntry" and leg is not None:
            joined_at = at - age(frame, b"Wait")
            place = whole_number(frame.get(b"Position"))
            self._waits.append(WaitNow(leg=leg, queue=queue, joined_at=joined_at, position=place))
        elif frame.name == "QueueMember" and interface is not None:
            agent = self._people.member(interface, frame.get(b"StateInterface"))
            wrap_up_s = self._wrap_ups.of(queue, whole_number(frame.get(b"Wrapuptime")))
            self._wrap_ups.tell(queue, agent, wrap_up_s)
            self._members.append(
                MemberNow(
                    queue=queue,
                    agent=agent,
                    name=frame.get(b"Name"),
                    interface=interface,
                    paused=frame.get(b"Paused") == "1",
                    reason=frame.get(b"PausedReason") or None,
                    wrap_up_s=wrap_up_s,
                )
            )

    def _agent_at(self, role: LegRole, channel: str) -> str | None:
        return self._people.agent_at(channel) if role is LegRole.AGENT else None


def _queue_of(frame: Frame) -> str | None:
    if frame.get(b"Application") != "Queue":
        return None
    return (frame.get(b"Data") or "").partition(",")[0] or None


def age(frame: Frame, header: bytes) -> timedelta:
    """A number of seconds as a span; none for nonsense."""
    return timedelta(seconds=whole_number(frame.get(header)) or 0)
