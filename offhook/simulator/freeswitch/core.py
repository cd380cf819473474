"""The event stream: what happens to legs, in FreeSWITCH's words and order of headers.

Every method does one thing to the PBX and tells the events that a call-centre listener of FreeSWITCH hears of it
(``switch_channel.c``, ``switch_ivr_bridge.c``, ``mod_callcenter.c``, ``mod_valet_parking.c``; held against the
recordings by a test). ``take_events`` gives what was told since the last time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from offhook.simulator.clockwork import Timeline
from offhook.simulator.freeswitch import legs as l
from offhook.simulator.freeswitch.legs import Leg, Pair
from offhook.simulator.freeswitch.telling import Block, Event
from offhook.simulator.freeswitch.threads import swap_places

CALLCENTER, VALET = "callcenter::info", "valet_parking::info"
TICK_US = 20_000  # the PBX's clock moves in steps
Q850 = {"NO_ROUTE_DESTINATION": 3, "USER_BUSY": 17, "NO_ANSWER": 19, "DESTINATION_OUT_OF_ORDER": 27}  # 16 all others
_CHANNEL, _STATES = "switch_channel.c", "switch_core_state_machine.c"
_BRIDGE, _QUEUE, _LOT = "switch_ivr_bridge.c", "mod_callcenter.c", "mod_valet_parking.c"
_THREAD = "outbound_agent_thread_run"
SAID_BY = {
    "API": ("switch_loadable_module.c", "switch_api_execute", "3140"),
    "BACKGROUND_JOB": ("mod_event_socket.c", "api_exec", "1580"),
    "CHANNEL_ANSWER": (_CHANNEL, "switch_channel_perform_mark_answered", "3848"),
    "CHANNEL_BRIDGE": (_BRIDGE, "switch_ivr_multi_threaded_bridge", "1689"),
    "CHANNEL_CREATE": (_STATES, "switch_core_session_run", "626"),
    "CHANNEL_DESTROY": ("switch_core_session.c", "switch_core_session_perform_destroy", "1588"),
    "CHANNEL_HANGUP": (_CHANNEL, "switch_channel_perform_hangup", "3447"),
    "CHANNEL_HANGUP_COMPLETE": (_STATES, "switch_core_session_reporting_state", "943"),
    "CHANNEL_HOLD": (_CHANNEL, "switch_channel_mark_hold", "876"),
    "CHANNEL_ORIGINATE": (_STATES, "switch_core_session_run", "632"),
    "CHANNEL_PROGRESS": (_CHANNEL, "switch_channel_perform_mark_ring_ready_value", "3507"),
    "CHANNEL_PROGRESS_MEDIA": (_CHANNEL, "switch_channel_perform_mark_pre_answered", "3562"),
    "CHANNEL_UNBRIDGE": (_BRIDGE, "switch_ivr_multi_threaded_bridge", "1879"),
    "CHANNEL_UNHOLD": (_CHANNEL, "switch_channel_mark_hold", "876"),
    "DTMF": (_CHANNEL, "switch_channel_dequeue_dtmf", "678"),
    "HEARTBEAT": ("switch_core.c", "send_heartbeat", "95"),
    "agent-offering": (_QUEUE, _THREAD, "1717"),
    "agent-state-change": (_QUEUE, "cc_agent_update", "1067"),
    "agent-status-change": (_QUEUE, "cc_agent_update", "1043"),
    "bridge": (_LOT, "valet_parking_function", "579"),
    "bridge-agent-end": (_QUEUE, _THREAD, "2062"),
    "bridge-agent-fail": (_QUEUE, _THREAD, "2200"),
    "bridge-agent-start": (_QUEUE, _THREAD, "1934"),
    "exit": (_LOT, "valet_parking_function", "749"),
    "hold": (_LOT, "valet_parking_function", "684"),
    "member-queue-end": (_QUEUE, _THREAD, "2098"),
    "member-queue-start": (_QUEUE, "callcenter_function", "3113"),
    "members-count": (_QUEUE, "cc_queue_count", "878"),
}
_NOWHERE: Block = Block(())


class Core:
    """Legs of one PBX and the events about them.

    ``epoch`` is the Unix time at which virtual time began. ``legs`` are those that exist now, by UUID.
    """

    def __init__(self, timeline: Timeline, epoch: float, rng: random.Random) -> None:
        self.timeline, self.epoch, self.rng = timeline, epoch, rng
        self.legs: dict[str, Leg] = {}
        self.sessions = 0
        self.phones: Counter[str] = Counter()  # how many calls each agent's phone is in
        self._sequence = count(441)
        self._events: list[Event] = []
        self.uuid = self.new_uuid()

    # the stream

    def take_events(self) -> list[Event]:
        """What was told since the last call, as it arrives."""
        events, self._events = self._events, []
        return swap_places(events, self.rng) if len(events) > 1 else events

    def now_us(self) -> int:
        """The PBX's clock in microseconds: it moves in steps of 20 ms."""
        return int((self.epoch + self.timeline.now) * 1_000_000) // TICK_US * TICK_US

    def seconds(self) -> int:
        return self.now_us() // 1_000_000

    def new_uuid(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def tell(self, name: str, *blocks: Block, said: str = "", body: str = "") -> None:
        """One event; ``said`` chooses who said it where a name alone does not."""
        named = (("Event-Subclass", name), ("Event-Name", "CUSTOM")) if "::" in name else (("Event-Name", name),)
        self._events.append(Event(name, (self._head(named, said or name), *blocks), body))

    def _head(self, named: Iterable[Pair], said: str) -> Block:
        stamp = self.now_us()
        at = datetime.fromtimestamp(stamp // 1_000_000, UTC)
        file, function, line = SAID_BY[said]
        return Block(
            (
                *named,
                ("Core-UUID", self.uuid),
                ("FreeSWITCH-Hostname", "pbx"),
                ("FreeSWITCH-Switchname", "pbx"),
                ("FreeSWITCH-IPv4", "192.0.2.2"),
                ("FreeSWITCH-IPv6", "fd00::2"),
                ("Event-Date-Local", f"{at:%Y-%m-%d %H:%M:%S}"),
                ("Event-Date-GMT", f"{at:%a, %d %b %Y %H:%M:%S GMT}"),
                ("Event-Date-Timestamp", str(stamp)),
                ("Event-Calling-File", file),
                ("Event-Calling-Function", function),
                ("Event-Calling-Line-Number", line),
                ("Event-Sequence", str(next(self._sequence))),
            )
        )

    # a leg's life

    def begin(self, leg: Leg) -> Leg:
        """A leg that was made; of one that the PBX made it is told besides that it calls."""
        self.sessions += 1
        self.legs[leg.uuid] = leg
        if leg.agent:
            self.phones[leg.agent] += 1
        self._tell_of(leg, "CHANNEL_CREATE")
        if leg.far:
            self._tell_of(leg, "CHANNEL_ORIGINATE")
            leg.state = l.CONSUME
        else:
            leg.state = l.EXECUTE
            leg.call_state = l.RINGING
        return leg

    def stillborn(self, leg: Leg, cause: str) -> None:
        """A leg whose INVITE cannot be sent: its end is told before its beginning."""
        self.sessions += 1
        self.legs[leg.uuid] = leg
        self._ending(leg, cause)
        self._tell_of(leg, "CHANNEL_CREATE")
        self._tell_of(leg, "CHANNEL_ORIGINATE")
        self.complete(leg, None)

    def route(self, leg: Leg, exten: str) -> None:
        """The dialplan sends it to another extension."""
        leg.redirected, leg.destination, leg.context = leg.destination, exten, l.DEFAULT
        leg.state, leg.routed = l.EXECUTE, True
        leg.transfer(f"{self.seconds()}:{self.new_uuid()}:bl_xfer:{exten}/{l.DEFAULT}/XML", self.now_us())

    def rings(self, leg: Leg) -> None:
        """The phone rings, or the caller is told that it does."""
        leg.times.progress = self.now_us()
        if leg.far:  # where it rings, and so who is there, is known by the first answer
            leg.address = l.PHONES_ADDRESS if leg.agent else l.TRUNK_ADDRESS
        leg.changed()
        self._tell_of(leg, "CHANNEL_PROGRESS")
        leg.call_state = l.RINGING
        leg.changed()

    def early(self, leg: Leg) -> None:
        leg.answer_state, leg.times.progress_media = "early", self.now_us()
        leg.changed()
        self._tell_of(leg, "CHANNEL_PROGRESS_MEDIA")
        leg.call_state = l.EARLY

    def answer(self, leg: Leg) -> None:
        leg.answer_state, leg.times.answered, leg.media = "answered", self.now_us(), True
        leg.changed()
        self._tell_of(leg, "CHANNEL_ANSWER")
        leg.variables["endpoint_disposition"] = "ANSWER"
        leg.call_state = l.ACTIVE
        leg.changed()

    def bridge(self, one: Leg, other: Leg, *, soft: bool = False) -> None:
        """Both hear each other. ``soft`` for a bridge that is no part of the dialplan: a queue's, a parking lot's."""
        now = self.now_us()
        one.state, other.state = l.SOFT if soft else l.EXECUTE, l.EXCHANGE
        one.times.bridged = other.times.bridged = now
        one.partner, other.partner = other, one
        for leg, mate in ((one, other), (other, one)):
            leg.variables |= {"bridge_channel": mate.name, "bridge_uuid": mate.uuid, "signal_bond": mate.uuid}
            if soft:
                leg.transfer(f"{self.seconds()}:{self.new_uuid()}:uuid_br:{mate.uuid}", now)
        other.know_other(one, "originator")
        other.call_uuid, one.callee = one.uuid, other.callee or one.callee
        one.know_other(other, "originatee")
        self._tell_of(one, "CHANNEL_BRIDGE", _pair(one, other))

    def unbridge(self, one: Leg) -> None:
        """The bridge that began with ``one`` comes apart."""
        other = one.partner
        if other is not None:
            self.tell("CHANNEL_UNBRIDGE", _pair(one, other), one.block())
            one.partner = other.partner = None

    def hold(self, leg: Leg) -> None:
        leg.call_state, leg.times.held = l.HELD, self.now_us()
        leg.changed()
        self._tell_of(leg, "CHANNEL_HOLD")

    def unhold(self, leg: Leg) -> None:
        leg.call_state = "UNHELD"
        leg.times.hold_us += self.now_us() - leg.times.held
        leg.changed()
        self._tell_of(leg, "CHANNEL_UNHOLD")
        leg.call_state = l.ACTIVE
        leg.changed()

    def key(self, leg: Leg, digit: str) -> None:
        pressed = Block((("DTMF-Digit", digit), ("DTMF-Duration", "1440"), ("DTMF-Source", "RTP")))
        self.tell("DTMF", leg.bare(), pressed)

    def hangup(self, leg: Leg, cause: str = "NORMAL_CLEARING") -> None:
        """The leg is about to end; its phone is free again."""
        if leg.agent:
            self.phones[leg.agent] -= 1
        self._ending(leg, cause)

    def _ending(self, leg: Leg, cause: str) -> None:
        leg.answer_state, leg.cause, leg.times.hangup, leg.running = "hangup", cause, self.now_us(), l.GOING
        leg.changed()
        self._tell_of(leg, "CHANNEL_HANGUP")

    def complete(self, leg: Leg, how: str | None) -> None:
        """The leg is over; ``how`` is ``sip_hangup_disposition``: who said it to whom."""
        leg.state, leg.call_state, leg.running = l.REPORTING, l.HANGUP, None
        if how:
            leg.variables["sip_hangup_disposition"] = how
        leg.variables |= self._last_words(leg)
        leg.changed()
        self.tell("CHANNEL_HANGUP_COMPLETE", Block((("Hangup-Cause", leg.cause),)), leg.block())
        leg.running = l.GONE
        leg.changed()

    def _last_words(self, leg: Leg) -> dict[str, str]:
        times = leg.times
        stamps = {"start": times.created, "answer": times.answered, "bridge": times.bridged, "end": times.hangup}
        told = {f"{key}_epoch": str(at // 1_000_000) for key, at in stamps.items() if at}
        told |= {f"{key}_uepoch": str(at) for key, at in stamps.items() if at}
        talk_us = times.hangup - times.answered if times.answered else 0
        return {
            "hangup_cause": leg.cause,
            "hangup_cause_q850": str(Q850.get(leg.cause, 16)),
            **told,
            "duration": str((times.hangup - times.created) // 1_000_000),
            "billsec": str(talk_us // 1_000_000),
        }

    def destroy(self, leg: Leg) -> None:
        """Its last event: from now on the PBX does not know it."""
        leg.call_uuid = leg.uuid if leg.far else leg.call_uuid
        leg.changed()
        self._tell_of(leg, "CHANNEL_DESTROY")
        del self.legs[leg.uuid]

    def end(self, leg: Leg, how: str | None, cause: str = "NORMAL_CLEARING") -> None:
        """All of it at once."""
        self.hangup(leg, cause)
        self.complete(leg, how)
        self.destroy(leg)

    def _tell_of(self, leg: Leg, name: str, first: Block = _NOWHERE) -> None:
        self.tell(name, first, leg.block())

    # what is not about one leg

    def callcenter(self, action: str, leg: Leg | None, *pairs: Pair) -> None:
        """An event of the queues; ``pairs`` are its headers past the action, those before ``CC-Action`` first."""
        self.tell(CALLCENTER, leg.block() if leg else _NOWHERE, Block(pairs), said=action)

    def valet(self, action: str, leg: Leg, lot: str, slot: str, to: str = "") -> None:
        first = (("Valet-Lot-Name", lot), ("Valet-Extension", slot), ("Action", action), ("Bridge-To-UUID", to))
        self.tell(VALET, Block(first), leg.block(), said=action)

    def api(self, command: str, argument: str) -> None:
        """Somebody, or the dialplan, gave a command."""
        self.tell("API", Block((("API-Command", command), ("API-Command-Argument", argument))))

    def job_done(self, job: str, command: str, argument: str, answer: str) -> None:
        """A command in the background has its answer."""
        pairs = (("Job-UUID", job), ("Job-Command", command), ("Job-Command-Arg", argument))
        self.tell("BACKGROUND_JOB", Block(pairs), body=answer)

    def heartbeat(self) -> None:
        up_s = int(self.timeline.now)
        self.tell(
            "HEARTBEAT",
            Block(
                (
                    ("Event-Info", "System Ready"),
                    ("Up-Time", uptime(up_s)),
                    ("FreeSWITCH-Version", "1.10.12-release~64bit"),
                    ("Uptime-msec", str(up_s * 1000)),
                    ("Session-Count", str(len(self.legs))),
                    ("Max-Sessions", "1000"),
                    ("Session-Per-Sec", "30"),
                    ("Session-Since-Startup", str(self.sessions)),
                    ("Idle-CPU", "97.033333"),
                )
            ),
        )


def uptime(seconds: int) -> str:
    """As ``status`` and the heartbeat say it.

    >>> uptime(90061)
    '0 years, 1 day, 1 hour, 1 minute, 1 second, 0 milliseconds, 0 microseconds'
    """
    parts = {"year": seconds // 31_536_000, "day": seconds // 86_400 % 365, "hour": seconds // 3600 % 24}
    parts |= {"minute": seconds // 60 % 60, "second": seconds % 60, "millisecond": 0, "microsecond": 0}
    return ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for name, number in parts.items())


def _pair(one: Leg, other: Leg) -> Block:
    return Block((("Bridge-A-Unique-ID", one.uuid), ("Bridge-B-Unique-ID", other.uuid)))
