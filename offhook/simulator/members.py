"""Queue members: agents logged in to one queue, as ``app_queue`` keeps and tells them."""

from __future__ import annotations

from cti.model import Party
from offhook.simulator.switch import Switch

STATUS = {"NOT_INUSE": 1, "INUSE": 2, "BUSY": 3, "UNAVAILABLE": 5, "RINGING": 6, "RINGINUSE": 7, "ONHOLD": 8}


class Member:
    """One agent in one queue. ``interface`` is what the queue dials, ``device`` the phone whose state counts."""

    def __init__(self, switch: Switch, queue: str, person: Party, *, local: bool) -> None:
        self._switch, self.queue, self.person = switch, queue, person
        self.device = f"PJSIP/{person.number}"
        self.interface = f"Local/{person.number}@agents/n" if local else self.device
        self.by_pair = local
        self.calls_taken = self.last_call = self.last_pause = 0
        self.login_at = switch.clock()
        self.in_call = False
        self.paused, self.reason = False, ""
        self.free_again_at = 0.0  # virtual time; wrap-up ends then
        self.status = STATUS[switch.device_state(self.device)]

    @property
    def agent(self) -> str:
        return str(self.person.number)

    @property
    def idle(self) -> bool:
        """May be rung: the phone is free, no pause. Wrap-up is the queue's to look at."""
        return not self.paused and self._switch.device_state(self.device) == "NOT_INUSE"

    def block(self) -> str:
        return (
            f"Queue: {self.queue}\r\nMemberName: {self.person.name}\r\nInterface: {self.interface}\r\n"
            f"StateInterface: {self.device}\r\n{self._counts()}{self._pause()}Ringinuse: 0\r\nWrapuptime: 0\r\n"
        )

    def snapshot(self) -> str:
        """The same as QueueStatus shows it, under its other names."""
        return (
            f"Queue: {self.queue}\r\nName: {self.person.name}\r\nLocation: {self.interface}\r\n"
            f"StateInterface: {self.device}\r\n{self._counts()}{self._pause()}Wrapuptime: 0\r\n"
        )

    def _counts(self) -> str:
        return (
            f"Membership: dynamic\r\nPenalty: 0\r\nCallsTaken: {self.calls_taken}\r\nLastCall: {self.last_call}\r\n"
            f"LastPause: {self.last_pause}\r\nLoginTime: {self.login_at}\r\nInCall: {int(self.in_call)}\r\n"
        )

    def _pause(self) -> str:
        return f"Status: {self.status}\r\nPaused: {int(self.paused)}\r\nPausedReason: {self.reason}\r\n"

    def tell(self, event: str) -> None:
        """``QueueMemberStatus`` and its like."""
        self._switch.emit(event, self.block(), "agent")

    def device_changed(self, state: str) -> None:
        status = STATUS[state]
        if status != self.status:
            self.status = status
            self.tell("QueueMemberStatus")

    def pause(self, paused: bool, reason: str = "") -> None:
        self.paused, self.reason = paused, reason
        if paused:
            self.last_pause = self._switch.clock()
        self._switch.set_device(f"Queue:{self.queue}_pause_{self.interface}", "INUSE" if paused else "NOT_INUSE")
        self.tell("QueueMemberPause")

    def took_a_call(self, wrap_up_s: float) -> None:
        """Its call is over: counted, and the wrap-up begins."""
        self.in_call = False
        self.calls_taken += 1
        self.last_call = self._switch.clock()
        self.free_again_at = self._switch.timeline.now + wrap_up_s
