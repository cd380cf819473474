"""Asterisk's events as signals: one small function per event name.

Sources: Asterisk's ``main/manager_channels.c``, ``main/manager_bridges.c``, ``apps/app_queue.c``, ``res/parking`` and
the XML documentation of each event; what they do not say was read off the recordings in ``tests/recordings``. Works
with the read classes ``system,call,agent,dtmf``; with ``dialplan`` besides it also knows which queue refused a
caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from cti import signals as s
from cti.model import LegRole, Origin
from cti.pbx.asterisk_names import caller_name, caller_number, dialled_number, whole_number
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_queues import QUEUE_HANDLERS
from cti.pbx.asterisk_snapshot import AsteriskSnapshot
from cti.pbx.asterisk_wrap_ups import WrapUps
from cti.pbx.dialect import Frame

_DOWN, _RINGING, _UP, _BUSY = "0", "5", "6", "7"  # ChannelState: include/asterisk/channelstate.h
_STATES: dict[str, type[s.LegSignal]] = {
    _RINGING: s.LegRang,
    _UP: s.LegAnswered,
    _BUSY: s.LegTurnedAway,  # Busy() and Congestion(); a HangupRequest comes before or after it
}
_DIAL_RESULTS = {
    "ANSWER": s.DialResult.ANSWERED,
    "NOANSWER": s.DialResult.NO_ANSWER,
    "CANCEL": s.DialResult.CANCELLED,
    "BUSY": s.DialResult.BUSY,
}


class AsteriskEvents:
    """Tells what each event means. ``trunks`` and ``phones`` as ``AsteriskPeople`` takes them.

    ``wrap_up_s`` are the queues' wrap-ups in seconds, which the PBX does not tell.
    """

    def __init__(
        self,
        pbx: str,
        trunks: Iterable[str] = (),
        phones: Mapping[str, Iterable[str]] | None = None,
        wrap_up_s: Mapping[str, float] | None = None,
    ) -> None:
        self._pbx = pbx
        self.people = AsteriskPeople(trunks, phones)
        self.waits_at: dict[str, tuple[str | None, str | None]] = {}  #: where in the dialplan a caller joined
        self._places: set[tuple[str | None, ...]] = set()
        self.wrap_ups = WrapUps(wrap_up_s)
        self.snapshot = AsteriskSnapshot(self.people, self.wrap_ups)

    def normalise(self, frame: Frame, at: datetime, session: str) -> Iterable[s.Signal]:
        """The signals of one event, often none; an event without what it needs gives none."""
        handler = HANDLERS.get(frame.name)
        if handler is None:
            return ()
        return handler(self, frame, at, Origin(self._pbx, session, frame.offset, frame.name))

    def role_of(self, channel: str) -> LegRole:
        return self.people.role_of(channel)

    def member(self, frame: Frame, interface: str | None) -> str:
        """The agent behind a queue member; his phone's endpoint is an agent's from now on."""
        return self.people.member(interface or "", frame.get(b"StateInterface"))

    def first_sight_of(self, frame: Frame) -> bool:
        """Whether this place in a queue was not yet read from a member's status, in this state of pause."""
        place = tuple(frame.get(header) for header in (b"Queue", b"Interface", b"Paused", b"Wrapuptime"))
        if place in self._places:
            return False
        self._places.add(place)
        return True

    def forget_places(self) -> None:
        """Somebody logged in or out: what was read of members' places may be old."""
        self._places.clear()

    def note_member(self, phone: str) -> None:
        """A queue rings this phone: it is no trunk."""
        self.people.note_member(phone)


Handler = Callable[[AsteriskEvents, Frame, datetime, Origin], Iterable[s.Signal]]


def _new_channel(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, channel = frame.get(b"Uniqueid"), frame.get(b"Channel")
    if leg is None or channel is None:
        return
    role = events.role_of(channel)
    number = name = dialled = None
    if role is LegRole.AGENT:
        number = events.people.agent_at(channel)
    elif role is LegRole.CUSTOMER:
        number, name = caller_number(frame.get(b"CallerIDNum")), caller_name(frame.get(b"CallerIDName"))
    if role is not LegRole.VIRTUAL:
        exten = frame.get(b"Exten")
        dialled = exten if exten and exten != "s" else None
    group, state = frame.get(b"Linkedid"), frame.get(b"ChannelState")
    yield s.LegSeen(at, origin, leg, group, channel, role, number, name, dialled, state == _DOWN)
    if state == _RINGING:
        yield s.LegRang(at, origin, leg, group)
    elif state == _UP:
        yield s.LegAnswered(at, origin, leg, group)


def _new_state(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, state = frame.get(b"Uniqueid"), frame.get(b"ChannelState")
    kind = _STATES.get(state or "")
    return () if leg is None or kind is None else (kind(at, origin, leg, frame.get(b"Linkedid")),)


def _leg(kind: Callable[[datetime, Origin, str, str | None], s.Signal]) -> Handler:
    """A handler for an event that says no more than the leg it is about."""

    def handler(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
        leg = frame.get(b"Uniqueid")
        return () if leg is None else (kind(at, origin, leg, frame.get(b"Linkedid")),)

    return handler


def _hangup(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"Uniqueid")
    if leg is None:
        return ()
    events.waits_at.pop(leg, None)
    return (s.LegEnded(at, origin, leg, frame.get(b"Linkedid"), whole_number(frame.get(b"Cause"))),)


def _dial_begin(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"DestUniqueid")
    if leg is None:
        return ()
    number, group = dialled_number(frame.get(b"DialString")), frame.get(b"DestLinkedid")
    owner = events.people.owner_of(number)
    return (s.LegDialled(at, origin, leg, group, frame.get(b"Uniqueid"), number, owner),)


def _dial_state(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """A phone that plays something before it is answered, as mobile networks do, rings: its channel never says so."""
    leg = frame.get(b"DestUniqueid")
    if leg is None or frame.get(b"DialStatus") != "PROGRESS":
        return ()
    return (s.LegRang(at, origin, leg, frame.get(b"DestLinkedid")),)


def _dial_end(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"DestUniqueid")
    if leg is None:
        return ()
    result = _DIAL_RESULTS.get(frame.get(b"DialStatus") or "", s.DialResult.FAILED)
    if frame.get(b"Forward"):
        result = s.DialResult.FORWARDED
    return (s.DialEnded(at, origin, leg, frame.get(b"DestLinkedid"), result),)


def _local_bridge(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    one, two = frame.get(b"LocalOneUniqueid"), frame.get(b"LocalTwoUniqueid")
    return () if one is None or two is None else (s.LegsPaired(at, origin, one, two),)


def _bridge_enter(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, bridge = frame.get(b"Uniqueid"), frame.get(b"BridgeUniqueid")
    if leg is None or bridge is None or b"\r\nBridgeCreator: ConfBridge\r\n" in frame.raw:
        return ()  # ConfbridgeJoin follows, and says whether he is muted
    return (s.BridgeEntered(at, origin, leg, frame.get(b"Linkedid"), bridge, frame.get(b"SwapUniqueid")),)


def _room_joined(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, bridge, listens = frame.get(b"Uniqueid"), frame.get(b"BridgeUniqueid"), frame.get(b"Muted") == "Yes"
    if leg is None or bridge is None:
        return ()
    return (s.BridgeEntered(at, origin, leg, frame.get(b"Linkedid"), bridge, None, True, listens),)


def _bridge_leave(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, bridge = frame.get(b"Uniqueid"), frame.get(b"BridgeUniqueid")
    return () if leg is None or bridge is None else (s.BridgeLeft(at, origin, leg, frame.get(b"Linkedid"), bridge),)


def _dtmf_end(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, digit = frame.get(b"Uniqueid"), frame.get(b"Digit")
    if leg is None or digit is None or frame.get(b"Direction") != "Received":
        return ()
    return (s.KeyPressed(at, origin, leg, frame.get(b"Linkedid"), digit[:1]),)


def _blind_transfer(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    giver, given = frame.get(b"TransfererUniqueid"), frame.get(b"TransfereeUniqueid")
    if giver is None or given is None or frame.get(b"Result") != "Success":
        return ()
    return (s.BlindTransferred(at, origin, giver, given, frame.get(b"Extension") or ""),)


def _attended_transfer(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    first, second = frame.get(b"OrigTransfererUniqueid"), frame.get(b"SecondTransfererUniqueid")
    if first is None or second is None or frame.get(b"Result") != "Success":
        return ()
    if frame.get(b"DestType") == "Threeway":  # nobody is handed over: all three talk, the hold is over
        return (s.LegResumed(at, origin, first, frame.get(b"OrigTransfererLinkedid")),)
    given, target = frame.get(b"TransfereeUniqueid"), frame.get(b"TransferTargetUniqueid")
    return (s.AttendedTransferred(at, origin, first, second, given, target),)


def _pickup(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    by, rung = frame.get(b"Uniqueid"), frame.get(b"TargetUniqueid")
    return () if by is None or rung is None else (s.PickedUp(at, origin, rung, frame.get(b"TargetLinkedid"), by),)


def _parked(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"ParkeeUniqueid")
    return () if leg is None else (s.Parked(at, origin, leg, frame.get(b"ParkingSpace") or ""),)


def _unparked(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"ParkeeUniqueid")
    return () if leg is None else (s.Unparked(at, origin, leg, frame.get(b"RetrieverUniqueid")),)


def _snapshot(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    events.forget_places()
    return events.snapshot.take(frame, at, origin)


HANDLERS: dict[str, Handler] = {
    "Newchannel": _new_channel,
    "Newstate": _new_state,
    "Hangup": _hangup,
    "HangupRequest": _leg(s.LegHungUp),
    "SoftHangupRequest": _leg(s.LegKilled),
    "DialBegin": _dial_begin,
    "DialState": _dial_state,
    "DialEnd": _dial_end,
    "LocalBridge": _local_bridge,
    "BridgeEnter": _bridge_enter,
    "BridgeLeave": _bridge_leave,
    "ConfbridgeJoin": _room_joined,
    "ConfbridgeUnmute": _leg(s.LegSpeaks),
    "Hold": _leg(s.LegHeld),
    "Unhold": _leg(s.LegResumed),
    "DTMFEnd": _dtmf_end,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
    "Pickup": _pickup,
    "ParkedCall": _parked,
    "UnParkedCall": _unparked,
    "ParkedCallTimeOut": _unparked,
    **QUEUE_HANDLERS,
    "Status": _snapshot,
    "StatusComplete": _snapshot,
    "QueueParams": _snapshot,
    "QueueMember": _snapshot,
    "QueueEntry": _snapshot,
    "QueueStatusComplete": _snapshot,
}
WANTED = frozenset(HANDLERS)
