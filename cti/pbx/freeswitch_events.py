"""FreeSWITCH's events as signals: one small function per event name.

Sources: FreeSWITCH's ``switch_channel.c``, ``switch_ivr_bridge.c``, ``mod_sofia.c``; what they do not say was read off
the recordings in ``tests/recordings/freeswitch``. ``CHANNEL_HANGUP`` tells that a leg is about to end, only
``CHANNEL_HANGUP_COMPLETE`` who hung up: that is its end here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from cti import signals as s
from cti.model import LegRole, Origin
from cti.pbx import freeswitch_handovers as handovers, freeswitch_names as names
from cti.pbx.dialect import Frame
from cti.pbx.freeswitch_fifo import fifo, for_whom
from cti.pbx.freeswitch_memory import FreeswitchMemory
from cti.pbx.freeswitch_queues import Handler, api, callcenter, valet
from cti.pbx.freeswitch_rooms import conference
from cti.pbx.freeswitch_snapshot import REPLY, FreeswitchSnapshot

SWAPPED_WITHIN_US = 500_000  # events of one leg by different threads swap places within some milliseconds


class FreeswitchEvents:
    """Tells what each event means.

    ``trunks`` are the names of SIP profiles, gateways or contexts that lead to the public. When it is empty, a channel
    is the public's if it comes from the context ``public`` or goes out by a gateway; an agent's if a user of the
    directory is at its end.
    """

    def __init__(self, pbx: str, trunks: Iterable[str] = ()) -> None:
        self._pbx = pbx
        self._session = ""
        self.memory = FreeswitchMemory(trunks)
        self.snapshot = FreeswitchSnapshot(self.memory)

    def normalise(self, frame: Frame, at: datetime, session: str) -> Iterable[s.Signal]:
        """The signals of one event, often none; an event without what it needs gives none."""
        name = frame.name
        if session != self._session:
            self._session = session
            self.memory.begin_session()
        if name == REPLY:
            return self.snapshot.take(frame, at, Origin(self._pbx, session, frame.offset, name))
        handler = HANDLERS.get(name)
        if handler is None:
            return ()
        happened_at = self.memory.clock.at(names.whole_number(frame.get(b"Event-Date-Timestamp")), at)
        return handler(self.memory, frame, happened_at, Origin(self._pbx, session, frame.offset, name))


def _create(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, channel = frame.get(b"Unique-ID"), frame.get(b"Channel-Name")
    if leg is None or channel is None or not memory.begins(leg):
        return ()
    make = _create_outbound if frame.get(b"Call-Direction") == "outbound" else _create_inbound
    return make(memory, frame, at, origin, leg, channel)


def _create_inbound(
    memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str, channel: str
) -> Iterable[s.Signal]:
    role = _role_of_caller(memory, frame, channel)
    number = names.caller_number(
        frame.get(b"Caller-Caller-ID-Number"), frame.get(b"Caller-Privacy-Hide-Number") == "true"
    )
    name = None
    if role is LegRole.AGENT:
        number = frame.get(b"variable_user_name") or frame.get(b"variable_sip_auth_username") or number
    elif role is LegRole.CUSTOMER and frame.get(b"Caller-Privacy-Hide-Name") != "true":
        name = names.caller_name(frame.get(b"Caller-Caller-ID-Name"), frame.get(b"Caller-Caller-ID-Number"))
    if role is LegRole.CUSTOMER:
        memory.undecided[leg] = None
    dialled = None if role is LegRole.VIRTUAL else frame.get(b"Caller-Destination-Number")
    memory.note_leg(leg, None, agent=role is LegRole.AGENT)
    yield s.LegSeen(at, origin, leg, leg, channel, role, number, name, dialled)
    yield from _pair(memory, frame, at, origin, leg)


def _create_outbound(
    memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str, channel: str
) -> Iterable[s.Signal]:
    role = _role_of_called(memory, frame, channel)
    source = source_of(frame) or for_whom(memory, frame)
    called = names.user_of(frame.get(b"Caller-Destination-Number"))
    number = _extension_of_called(memory, frame, called) if role is LegRole.AGENT else None
    memory.note_leg(leg, source, agent=role is LegRole.AGENT)
    memory.undecided.pop(source or "", None)
    yield from handovers.asks(memory, at, origin, source)
    yield s.LegSeen(at, origin, leg, source or leg, channel, role, number, outgoing=True)
    yield s.LegDialled(at, origin, leg, None, source, called)
    yield from _pair(memory, frame, at, origin, leg)


def _pair(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str) -> Iterable[s.Signal]:
    """The two ends of a loopback channel, told with the second one."""
    other = frame.get(b"variable_other_loopback_leg_uuid")
    if other in memory.seen and (frame.get(b"Channel-Name") or "").startswith(names.LOOPBACK):
        yield s.LegsPaired(at, origin, leg, other)


def _role_of_caller(memory: FreeswitchMemory, frame: Frame, channel: str) -> LegRole:
    if channel.startswith(names.VIRTUAL):
        return LegRole.VIRTUAL
    context = frame.get(b"Caller-Context")
    is_trunk = memory.is_trunk(channel, frame.get(b"variable_sip_gateway_name"), context)
    if is_trunk is not None:
        return LegRole.CUSTOMER if is_trunk else LegRole.AGENT
    if context == names.PUBLIC:
        return LegRole.CUSTOMER
    if frame.get(b"variable_user_name") is not None:
        return LegRole.AGENT
    return names.role_by_number(frame.get(b"Caller-Caller-ID-Number"))


def _role_of_called(memory: FreeswitchMemory, frame: Frame, channel: str) -> LegRole:
    if channel.startswith(names.VIRTUAL):
        return LegRole.VIRTUAL
    if frame.get(b"variable_cc_agent") is not None and frame.get(b"variable_cc_side") == "agent":
        return LegRole.AGENT
    if frame.get(b"variable_fifo_name") is not None:
        return LegRole.AGENT
    gateway = frame.get(b"variable_sip_gateway_name")
    is_trunk = memory.is_trunk(channel, gateway, None)
    if is_trunk is not None:
        return LegRole.CUSTOMER if is_trunk else LegRole.AGENT
    if gateway is not None:
        return LegRole.CUSTOMER
    if frame.get(b"variable_dialed_user") is not None:
        return LegRole.AGENT
    return names.role_by_number(frame.get(b"Caller-Destination-Number"))


def _extension_of_called(memory: FreeswitchMemory, frame: Frame, called: str | None) -> str | None:
    """Who is called; a queue names him, the directory knows his extension."""
    user, agent = frame.get(b"variable_dialed_user"), frame.get(b"variable_cc_agent")
    if agent is None or frame.get(b"variable_cc_side") != "agent":
        return user or called
    if user is not None:
        memory.note_agent(agent, user)
    return memory.agent(agent)


def source_of(frame: Frame) -> str | None:
    """The leg on whose behalf this one was made; None when the PBX itself began."""
    if frame.get(b"variable_cc_side") == "agent":
        return frame.get(b"variable_cc_member_session_uuid")
    if frame.get(b"variable_fifo_bridge_uuid") is not None:
        return frame.get(b"variable_fifo_bridge_uuid")
    source = frame.get(b"variable_originating_leg_uuid") or frame.get(b"variable_originator")
    if source is None and frame.get(b"Other-Type") == "originator":
        source = frame.get(b"Other-Leg-Unique-ID")
    return source


def _ringing(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """Said of a phone that rings, and of a caller who is told so."""
    leg = frame.get(b"Unique-ID")
    if leg is not None and frame.get(b"Call-Direction") == "outbound":
        yield from _create_late(memory, frame, at, origin, leg)
        yield s.LegRang(at, origin, leg, None)


def _create_late(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str) -> Iterable[s.Signal]:
    """The beginning of a leg that was made just now, when another event comes before that of its making."""
    made = names.whole_number(frame.get(b"Caller-Channel-Created-Time"))
    now = names.whole_number(frame.get(b"Event-Date-Timestamp"))
    if leg not in memory.seen and made is not None and now is not None and now - made < SWAPPED_WITHIN_US:
        yield from _create(memory, frame, at, origin)


def _answer(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"Unique-ID")
    if leg is None:
        return
    memory.undecided.pop(leg, None)
    memory.up.add(leg)
    outbound = frame.get(b"Call-Direction") == "outbound"
    if outbound:
        yield from _create_late(memory, frame, at, origin, leg)
    yield s.LegAnswered(at, origin, leg, None)
    if outbound and source_of(frame) is not None:
        yield s.DialEnded(at, origin, leg, None, s.DialResult.ANSWERED)


def _bridge(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    one, other = frame.get(b"Bridge-A-Unique-ID"), frame.get(b"Bridge-B-Unique-ID")
    if one is None or other is None:
        return
    yield from handovers.connected(memory, at, origin, one, other)
    for leg in (one, other):
        taken = memory.taken.pop(leg, None)
        if taken is not None:
            yield s.AgentTook(at, origin, taken.caller, None, taken.queue, taken.agent)
    for leg in (one, other):
        yield s.BridgeEntered(at, origin, leg, None, names.bridge_of(one, other), None)


def _unbridge(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    one, other = frame.get(b"Bridge-A-Unique-ID"), frame.get(b"Bridge-B-Unique-ID")
    if one is None or other is None:
        return
    for leg in (one, other):
        yield s.BridgeLeft(at, origin, leg, None, names.bridge_of(one, other))
    yield from handovers.parted(memory, frame, at, origin, one, other)


def _leg(kind: Callable[[datetime, Origin, str, str | None], s.Signal]) -> Handler:
    """A handler for an event that says no more than the leg it is about."""

    def handler(_: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
        leg = frame.get(b"Unique-ID")
        return () if leg is None else (kind(at, origin, leg, None),)

    return handler


def _hangup_complete(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"Unique-ID")
    if leg is None or leg in memory.ended_early:
        memory.ended_early.discard(leg or "")
        return
    outbound = frame.get(b"Call-Direction") == "outbound"
    by_itself = (frame.get(b"variable_sip_hangup_disposition") or "").startswith("recv_")
    if by_itself:
        yield s.LegHungUp(at, origin, leg, None)
    elif not outbound:
        yield from _turned_away(memory, frame, at, origin, leg)
    if outbound and (frame.get(b"Caller-Channel-Answered-Time") or "0") == "0":
        result = names.dial_result(frame.get(b"Hangup-Cause"))
        handovers.ended_unanswered(memory, at, leg, result)
        yield s.DialEnded(at, origin, leg, None, result)
        yield from handovers.asked_in_vain(memory, at, origin, leg)
    memory.forget(leg)
    yield s.LegEnded(at, origin, leg, None, names.whole_number(frame.get(b"variable_hangup_cause_q850")))


def _turned_away(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str) -> Iterable[s.Signal]:
    """The dialplan may have refused a caller on his way to a queue."""
    queue = memory.queue_at(frame.get(b"Caller-Destination-Number"))
    if queue is not None:
        yield s.QueueReached(at, origin, leg, None, queue)


def _dtmf(_: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, digit = frame.get(b"Unique-ID"), frame.get(b"DTMF-Digit")
    return () if leg is None or digit is None else (s.KeyPressed(at, origin, leg, None, digit[:1]),)


def _nothing(*_: object) -> Iterable[s.Signal]:
    """Read for its instant."""
    return ()


HANDLERS: dict[str, Handler] = {
    "CHANNEL_CREATE": _create,
    "CHANNEL_PROGRESS": _ringing,
    "CHANNEL_PROGRESS_MEDIA": _ringing,
    "CHANNEL_ANSWER": _answer,
    "CHANNEL_BRIDGE": _bridge,
    "CHANNEL_UNBRIDGE": _unbridge,
    "CHANNEL_HOLD": _leg(s.LegHeld),
    "CHANNEL_UNHOLD": _leg(s.LegResumed),
    "CHANNEL_HANGUP": handovers.handed_over,
    "CHANNEL_HANGUP_COMPLETE": _hangup_complete,
    "DTMF": _dtmf,
    "HEARTBEAT": _nothing,
    "API": api,
    "callcenter::info": callcenter,
    "conference::maintenance": conference,
    "fifo::info": fifo,
    "valet_parking::info": valet,
}
WANTED = frozenset(HANDLERS) | {REPLY}
