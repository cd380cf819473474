"""A listener that comes late to a simulated FreeSWITCH, or was away for a while: without sockets, in virtual time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cti.model import Call, CallEnded, CallEvent, OddityFound
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.freeswitch_events import WANTED
from cti.pbx.settings import PbxSettings
from cti.switchboard import Switchboard
from cti.wire.esl import GREETING, EslWire
from offhook.simulator.freeswitch.answers import Answers
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from tests.cti.esl_events import answer_bytes

STARTED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTINGS = PbxSettings(name="hq", kind="freeswitch", username="offhook")


class Listener:
    """A switchboard that hears a plant, except while it is ``away``."""

    def __init__(self, plant: FreeswitchPlant) -> None:
        self.plant, self.answers = plant, Answers(plant)
        self.events: list[CallEvent] = []
        self.dialect = FreeswitchDialect(SETTINGS)
        self.board = Switchboard("hq", self.dialect, self.events.append)
        self.wire = EslWire(WANTED)
        self.wire.feed(GREETING)

    def away(self, until: float) -> None:
        for _ in self.plant.advance(until):
            pass

    def hear(self, until: float) -> None:
        for at, events in self.plant.advance(until):
            self._take(b"".join(event.plain for event in events), at)

    def ask(self) -> None:
        """The present, as after each connection; what the questions themselves make the PBX say is heard as well."""
        for action in self.dialect.snapshot_actions():
            command, _, argument = action.name.removeprefix("api ").partition(" ")
            said = answer_bytes(self.answers.answer(command, argument))
            told = b"".join(event.plain for event in self.plant.core.take_events())
            self._take(told + said, self.plant.now())

    def _take(self, data: bytes, at: datetime) -> None:
        self.board.take(self.wire.feed(data), at, "one")

    @property
    def ended(self) -> dict[str, Call]:
        return {event.call.call_id: event.call for event in self.events if isinstance(event, CallEnded)}

    @property
    def oddities(self) -> list[str]:
        return [event.oddity.kind for event in self.events if isinstance(event, OddityFound)]

    def second(self, at: datetime | None) -> float | None:
        return None if at is None else (at - STARTED_AT) / timedelta(seconds=1)
