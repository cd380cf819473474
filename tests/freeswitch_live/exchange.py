"""A FreeSWITCH with its phones and the public, and one behaviour tried on it."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.freeswitch_live.console import EslConsole, EslStream
from tests.freeswitch_live.desk_phones import DeskPhones
from tests.freeswitch_live.switch import AGENTS, FreeSwitch
from tests.pbx.lab.line import Line
from tests.pbx.lab.processes import until
from tests.pbx.lab.scene import MARIO
from tests.pbx.lab.telephones import Telephone, Telephones
from tests.pbx.lab.trial import Kept, Trial


class Exchange:
    """The PBX, the desk phones and the public's, running from entry to exit."""

    def __init__(self, folder: Path, program: str) -> None:
        self.desks, self.public = DeskPhones(0), Telephones(0)
        self.pbx = FreeSwitch(folder, program, self.desks.port, self.public.port)
        self.desks.pbx = ("127.0.0.1", self.pbx.ports.internal)
        self.public.pbx = ("127.0.0.1", self.pbx.ports.external)

    def __enter__(self) -> Exchange:
        try:
            self.pbx.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_trouble: object) -> None:
        self.pbx.stop()
        self.desks.close()
        self.public.close()

    @property
    def console(self) -> EslConsole:
        return self.pbx.console

    def log_in(self, *agents: str) -> None:
        for agent in agents:
            self.console.done(f"callcenter_config agent set status {agent} Available")

    def channels(self) -> list[dict[str, str]]:
        told: dict[str, Any] = json.loads(self.console.api("show channels as json"))
        return list(told.get("rows", ()))

    def leg_of(self, number: str) -> str:
        """Return the PBX's id of the one leg of an agent, or of a caller; the table of channels is written late."""
        found = until(f"{number} has a channel", lambda: self._legs_of(number), 10, lambda: str(self.channels()))
        assert len(found) == 1, f"{number}: {found}"
        return found[0]

    def connected_at(self, number: str) -> datetime:
        """Return since when the one leg of a number is connected with another: both were up already, no phone hears it.

        Asked of the channel itself; the events of it come up to half a second later.
        """
        dump = json.loads(self.console.done(f"uuid_dump {self.leg_of(number)} json"))
        return datetime.fromtimestamp(int(dump["Caller-Channel-Bridged-Time"]) / 1_000_000, UTC)

    def _legs_of(self, number: str) -> list[str]:
        bare = number.lstrip("+")
        return [row["uuid"] for row in self.channels() if f"/{bare}@" in row["name"].replace("+", "")]

    def wait_idle(self) -> None:
        """Return when no call is left anywhere."""
        for phones in (self.desks, self.public):
            until("all phones are down", phones.idle, 20, phones.evidence)
        until("no channel is left", lambda: not self.channels(), 20, lambda: str(self.channels()))

    def clear(self) -> None:
        """Leave nothing behind for the next test."""
        for phones in (self.desks, self.public):
            phones.hang_up_all()
        self.console.api("hupall")
        until("no channel is left", lambda: not self.channels(), 20, lambda: str(self.channels()))
        for agent in AGENTS:
            self.console.done(f"callcenter_config agent set status {agent} 'Logged Out'")
            self.console.done(f"callcenter_config agent set state {agent} Waiting")
        self.console.api("fifo reparse del_all")


class Attempt(Trial):
    """A behaviour to try on the exchange."""

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        super().__init__(folder)
        self.exchange, self.console = exchange, exchange.console
        self.stream = EslStream(exchange.pbx.ports.esl, exchange.pbx.secret)

    def phone(self, number: str) -> Telephone:
        """Return an agent's phone, or one of the public's."""
        return self.exchange.desks[number] if len(number) == 3 else self.exchange.public[number]

    def talking(self) -> tuple[Line, Line]:
        """Connect a customer with 101 by his direct number; return their lines, the customer's first."""
        caller = self.phone(MARIO).call("+390221000101", "Mario")
        anna = self.phone("101").take()
        caller.wait_answered()
        self.stream.wait_for("Event-Name: CHANNEL_BRIDGE")
        return caller, anna

    def wait_idle(self) -> None:
        self.exchange.wait_idle()

    def mark(self) -> str:
        """The event that tells of the command comes after those of the calls."""
        mark = f"mark-{secrets.token_hex(6)}"
        self.console.api(f"echo {mark}")
        self.stream.wait_for(mark)
        return mark

    def kept(self) -> Kept:
        return Kept("freeswitch-lab", "freeswitch", self.console.api("version").strip())

    def close(self) -> None:
        self.stream.close()
        self.exchange.clear()
