"""Everybody outside the PBX: the callers and the phones, played by a second Asterisk, and what they really saw.

Instants are the world's own, to the microsecond, from the time stamps of its events.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from tests.pbx.lab.ami import AmiConsole, Message, told_at
from tests.pbx.lab.asterisk import Asterisk, Ports
from tests.pbx.lab.processes import until

CALLER_CHANNEL = re.compile(r"Local/(\d+)@callers-")
PHONE_CONTEXT = "from-pbx"


@dataclass
class PhoneLeg:
    """One INVITE that a phone (or, on a call to the public, the public's phone) got from the PBX."""

    number: str
    caller: str
    channel: str
    invited_at: datetime
    rung_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None
    taken_back: bool = False  #: the PBX ended it, not this phone


@dataclass
class PlacedCall:
    """A call and its truth, in the words of ``truth.json`` of the recordings; instants are aware datetimes."""

    direction: str
    caller: str
    caller_name: str | None
    dialled: str
    ends_by_caller_after_s: float | None = None  #: from the INVITE, whatever happened
    talk_s: float | None = None  #: from the answer of a phone
    hangs_up: str = "caller"  #: who ends the talk: caller or phone
    channel: str | None = None
    offered_at: datetime | None = None
    connected_at: datetime | None = None  #: the PBX's 200 OK to the caller
    ended_at: datetime | None = None
    cut_by_pbx: bool = False
    legs: list[PhoneLeg] = field(default_factory=list)

    @property
    def rung(self) -> list[PhoneLeg]:
        return [leg for leg in self.legs if leg.rung_at]

    @property
    def agents_rung(self) -> list[str]:
        """The agents whose phone rang, in order; on an outbound call none did."""
        return [] if self.direction == "outbound" else list(dict.fromkeys(leg.number for leg in self.rung))

    @property
    def answered(self) -> PhoneLeg | None:
        return next((leg for leg in self.legs if leg.answered_at), None)

    @property
    def answered_at(self) -> datetime | None:
        return self.answered.answered_at if self.answered else None

    @property
    def answered_by(self) -> list[str]:
        if self.answered is None:
            return []
        return [self.caller] if self.direction == "outbound" else [self.answered.number]

    @property
    def outcome(self) -> str:
        if self.answered:
            return "answered"
        if self.direction != "inbound":
            return "no_answer"
        return "timeout" if self.cut_by_pbx else "abandoned"

    @property
    def ended_by(self) -> str:
        """customer, agent or pbx, by who hung up first."""
        if not self.cut_by_pbx:
            return "customer" if self.direction == "inbound" else "agent"
        if self.answered is None or self.answered.taken_back:
            return "pbx"
        return "customer" if self.direction == "outbound" else "agent"

    def wait_ringing(self, number: str, within_s: float = 15) -> PhoneLeg:
        """Return the leg that rings at that phone, as soon as it does."""
        return until(f"{number} rings", lambda: self._ringing(number), within_s, self.__repr__)

    def _ringing(self, number: str) -> PhoneLeg | None:
        return next((leg for leg in self.rung if leg.number == number), None)

    def wait_answered(self, within_s: float = 30) -> PhoneLeg:
        """Return the leg that answered, as soon as it does."""
        return until("a phone answers", lambda: self.answered, within_s, self.__repr__)

    def wait_ended(self, within_s: float = 60) -> PlacedCall:
        """Return the call when the caller's leg and all phones' are down."""
        until("the call ends", self._is_over, within_s, self.__repr__)
        return self

    def _is_over(self) -> bool:
        return self.ended_at is not None and all(leg.ended_at for leg in self.legs)


class World:
    """The second telephone system. Phones do as ``phone`` told them last; calls are placed one after the other."""

    def __init__(self, chroot: Path, ports: Ports, far_sip_port: int) -> None:
        self.asterisk = Asterisk(chroot, "world", ports)
        self.asterisk.configure(far_sip_port)
        self.calls: list[PlacedCall] = []
        self._numbers = itertools.count(1001)
        self._by_number: dict[str, PlacedCall] = {}
        self._by_linked: dict[str, PlacedCall] = {}
        self._parties: dict[str, PlacedCall | PhoneLeg] = {}
        self._timers: list[threading.Timer] = []
        self._console: AmiConsole | None = None

    def start(self) -> None:
        self.asterisk.start()
        self._console = AmiConsole(self.asterisk.ports.ami, "lab", self.asterisk.lab_secret, self._note)

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        if self._console:
            self._console.close()
        self.asterisk.stop()

    @property
    def console(self) -> AmiConsole:
        assert self._console is not None, "the world is not started"
        return self._console

    def phone(self, number: str, answers_after_s: float | None = None, refuses_with: int | None = None) -> None:
        """Tell a phone, or a public number, what to do when it is called: by itself it rings for ever."""
        family = f"phone-{number.lstrip('+')}"
        for key, value in (("answers_after", answers_after_s), ("refuses", refuses_with)):
            self._keep(family, key, "" if value is None else str(value))

    def call_in(
        self,
        number: str | None,
        name: str | None,
        did: str,
        *,
        gives_up_after_s: float | None = None,
        talk_s: float | None = None,
        hangs_up: str = "caller",
    ) -> PlacedCall:
        """Have the public call the PBX; ``number`` None withholds it. ``hangs_up``: caller or phone."""
        call = PlacedCall("inbound", number or "anonymous", name, did, gives_up_after_s, talk_s, hangs_up)
        return self._place(call, did, withheld=number is None)

    def call_out(
        self, agent: str, number: str, *, gives_up_after_s: float | None = None, talk_s: float | None = None
    ) -> PlacedCall:
        """Have an agent's phone call the public: it dials 9 and the number without its plus."""
        call = PlacedCall("outbound", agent, None, number, gives_up_after_s, talk_s)
        return self._place(call, "9" + number.lstrip("+"))

    def call_extension(self, agent: str, other: str, *, talk_s: float | None = None) -> PlacedCall:
        """Have an agent's phone call another's."""
        return self._place(PlacedCall("internal", agent, None, other, None, talk_s), other)

    def _place(self, call: PlacedCall, dials: str, withheld: bool = False) -> PlacedCall:
        number = str(next(self._numbers))
        self.calls.append(call)
        self._by_number[number] = call
        self._keep(f"call-{number}", "number", call.caller)
        self._keep(f"call-{number}", "name", call.caller_name or "")
        self._keep(f"call-{number}", "presentation", "prohib" if withheld else "allowed")
        self._keep(f"call-{number}", "dials", dials)
        self.console.ask("Originate", Channel=f"Local/{number}@callers/n", Context="idle", Exten=number, Priority=1,
                         Async="true", Timeout=300_000)  # fmt: skip
        until("the INVITE is sent", lambda: call.offered_at, 10, self.asterisk.log)
        return call

    def _keep(self, family: str, key: str, value: str) -> None:
        self.console.ask("DBPut", Family=family, Key=key, Val=value)

    def _note(self, message: Message) -> None:
        watch = self._WATCHED.get(message.get("Event", ""))
        if watch is not None:
            watch(self, message)

    def _on_newchannel(self, message: Message) -> None:
        channel, linked = message["Channel"], message["Linkedid"]
        if placed := CALLER_CHANNEL.match(channel):
            self._by_linked[linked] = self._by_number[placed.group(1)]
        elif linked in self._by_linked:
            call = self._by_linked[linked]
            call.channel, call.offered_at = channel, told_at(message)
            self._parties[channel] = call
            self._later(call.ends_by_caller_after_s, channel)
        elif message["Context"] == PHONE_CONTEXT:
            self._on_invite(message)

    def _on_invite(self, message: Message) -> None:
        leg = PhoneLeg(message["Exten"], message["CallerIDNum"], message["Channel"], told_at(message))
        self._parties[leg.channel] = leg
        call = next((call for call in reversed(self.calls) if call.ended_at is None), None)
        assert call is not None, f"a phone is called and nobody calls: {message}"
        call.legs.append(leg)

    def _on_newstate(self, message: Message) -> None:
        party = self._parties.get(message["Channel"])
        if party is None or message["ChannelState"] != "6":
            return
        if isinstance(party, PlacedCall):
            party.connected_at = told_at(message)
            return
        party.answered_at = told_at(message)
        call = next(call for call in self.calls if party in call.legs)
        self._later(call.talk_s, call.channel if call.hangs_up == "caller" else party.channel)

    def _on_rings(self, message: Message) -> None:
        party = self._parties[message["Channel"]]
        assert isinstance(party, PhoneLeg)
        party.rung_at = told_at(message)

    def _on_hangup_request(self, message: Message) -> None:
        party = self._parties.get(message["Channel"])
        if isinstance(party, PlacedCall):
            party.cut_by_pbx = True
        elif party is not None:
            party.taken_back = True

    def _on_hangup(self, message: Message) -> None:
        party = self._parties.get(message["Channel"])
        if party is None:
            return
        party.ended_at = told_at(message)
        if isinstance(party, PhoneLeg):
            party.cause = int(message["Cause"])

    def _later(self, delay_s: float | None, channel: str | None) -> None:
        if delay_s is None or channel is None:
            return
        timer = threading.Timer(delay_s, self._hang_up, [channel])
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _hang_up(self, channel: str) -> None:
        self.console.ask("Hangup", Channel=channel, Cause=16)

    _WATCHED: ClassVar[dict[str, Callable[[World, Message], None]]] = {
        "Newchannel": _on_newchannel,
        "Newstate": _on_newstate,
        "UserEvent": _on_rings,
        "HangupRequest": _on_hangup_request,
        "Hangup": _on_hangup,
    }
