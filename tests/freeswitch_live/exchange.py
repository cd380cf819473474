"""A FreeSWITCH with its phones and the public, and one behaviour tried on it."""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cti.model import Call, CallEnded, CallEvent, OddityFound
from offhook.replay import START, replay, rows
from tests.cti.story import differences, inner_differences, nearest
from tests.freeswitch_live.console import EslConsole, EslStream
from tests.freeswitch_live.desk_phones import DeskPhones
from tests.freeswitch_live.switch import AGENTS, FreeSwitch
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.processes import until
from tests.pbx.lab.telephones import Telephone, Telephones

#: set to have each behaviour that is worth it kept as a recording
KEEP = "OFFHOOK_LAB_RECORD"
MARIO = "+393331234501"  #: a customer
SLACK_S = 0.4  #: what a busy machine may be late; the recordings kept are held to the tenth of a second
RECORDINGS = Path(__file__).parents[1] / "recordings" / "freeswitch-lab"


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


class Attempt:
    """A behaviour to try: a fresh stream, what the phones did, and what is told of it once all is over."""

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        self.exchange, self.console, self.folder = exchange, exchange.console, folder
        self.stream = EslStream(exchange.pbx.ports.esl, exchange.pbx.secret)
        self._events: list[CallEvent] | None = None
        self._end = ""

    def phone(self, number: str) -> Telephone:
        """Return an agent's phone, or one of the public's."""
        return self.exchange.desks[number] if len(number) == 3 else self.exchange.public[number]

    @property
    def events(self) -> list[CallEvent]:
        """All that is told, once every call is over."""
        if self._events is None:
            self.exchange.wait_idle()
            self._end = self._mark()
            self.stream.store(self.folder, self._end)
            self._events = list(replay(self.folder))
        return self._events

    @property
    def calls(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, CallEnded)]

    def now(self) -> datetime:
        """The far side's clock."""
        return datetime.now(UTC)

    def agrees(self, *journeys: Journey, name: str, what: str) -> list[Call]:
        """Hold what is told against the far side: these calls, and no other; return them in the order given."""
        told = [row for row in rows(iter(self.events)) if row["type"] == "call"]
        truth = [journey.row(self.stream.seconds) for journey in journeys]
        self._keep(name, what, truth)
        wrong, paired, calls = [], [], {call.call_id: call for call in self.calls}
        for number, want in enumerate(truth, 1):
            want["id"] = f"c{number}"
            got = nearest(want, told)
            if got is None:
                wrong.append(f"{want['id']}: not told; told are {told}")
                continue
            told.remove(got)
            paired.append(calls[got["id"]])
            wrong += [f"{want['id']} {one}" for one in differences(want, got, SLACK_S)]
            wrong += [f"{want['id']} {one}" for one in inner_differences(want, paired[-1], START, SLACK_S)]
        wrong += [f"told, but never happened: {ghost}" for ghost in told]
        wrong += [str(event.oddity) for event in self.events if isinstance(event, OddityFound)]
        assert wrong == [], "\n".join(wrong) + f"\n{self.folder}"
        return paired

    def close(self) -> None:
        self.stream.close()
        self.exchange.clear()

    def _mark(self) -> str:
        """Be sure that all events of the calls were read: the one of which this is a part comes after them."""
        mark = f"mark-{secrets.token_hex(6)}"
        self.console.api(f"echo {mark}")
        self.stream.wait_for(mark)
        return mark

    def _keep(self, name: str, what: str, truth: list[dict[str, Any]]) -> None:
        if KEEP not in os.environ:
            return
        folder = RECORDINGS / name
        self.stream.store(folder, self._end)
        told = {
            "scenario": name,
            "what": what,
            "pbx": "freeswitch",
            "pbx_version": self.console.api("version").strip(),
            "started_at": self.stream.started_at.isoformat(),
            "calls": truth,
            "agent_states": [],
        }
        (folder / "truth.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
