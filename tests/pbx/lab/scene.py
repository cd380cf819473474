"""One behaviour tried: a fresh stream, what the phones did, and what Offhook tells of it."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from offhook.replay import START
from tests.cti.story import TOLERANCE_S
from tests.pbx.lab.callcentre import CallCentre
from tests.pbx.lab.line import Line
from tests.pbx.lab.speech import talk_for
from tests.pbx.lab.stream import EventStream
from tests.pbx.lab.telephones import Telephone
from tests.pbx.lab.trial import SLACK_S, Kept, Trial

MARIO = "+393331234501"  #: a customer
SPEECH_S = 0.3  #: as long as anybody speaks


class Scene(Trial):
    """A call centre for one test."""

    def __init__(self, centre: CallCentre, folder: Path) -> None:
        super().__init__(folder)
        self.centre, self.console = centre, centre.console
        self.stream = EventStream(centre.port, centre.username, centre.secret)

    def phone(self, number: str) -> Telephone:
        return self.centre.telephones[number]

    def talking(self) -> tuple[Line, Line]:
        """Have a customer talk with 101, whom he called directly; return their lines, the customer's first."""
        caller = self.phone(MARIO).call("+390221000101", "Mario")
        anna = self.phone("101").take()
        caller.wait_answered()
        talk_for(SPEECH_S)
        return caller, anna

    def at(self, instant: datetime | None) -> datetime | None:
        """An instant of the far side on the clock of what is told."""
        return None if instant is None else START + (instant - self.stream.started_at)

    def near(self, told: datetime | None, seen: datetime | None) -> bool:
        """Tell whether an instant is told as the far side saw it."""
        expected = self.at(seen)
        if told is None or expected is None:
            return told is expected
        return abs((told - expected).total_seconds()) <= TOLERANCE_S["answered_at"] + SLACK_S

    def queue_told_in_time(self) -> bool:
        """Whether the queue said how long was talked before the last leg was gone: Asterisk has a thread for that."""
        told = (self.folder / "events.ami").read_bytes()
        return told.rfind(b"Event: AgentComplete\r\n") < told.rfind(b"Event: Hangup\r\n")

    def close(self) -> None:
        """Leave nothing behind for the next test."""
        self.stream.close()
        self.centre.telephones.hang_up_all()
        self.centre.log_out_all()

    def wait_idle(self) -> None:
        self.centre.wait_idle()

    def mark(self) -> str:
        """A member is added after all else."""
        mark = f"mark-{secrets.token_hex(6)}"
        self.console.ask("QueueAdd", Queue="marks", Interface=f"Local/{mark}@nowhere")
        self.stream.wait_for(mark)
        self.console.ask("QueueRemove", Queue="marks", Interface=f"Local/{mark}@nowhere")
        return mark

    def kept(self) -> Kept | None:
        """Those of the newest version."""
        version = self.centre.asterisk.version
        return Kept("asterisk-22-lab", "asterisk-22", version) if self.centre.version == "22" else None
