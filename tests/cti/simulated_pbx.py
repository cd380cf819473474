"""A simulated Asterisk and a simulated FreeSWITCH with one face, and a link that follows one: for tests of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from cti.link import Link
from cti.model import AgentChanged, Call, CallEnded, CallEvent, OddityFound, PbxBack, PbxLost
from cti.pbx.dialect import Frame
from cti.pbx.freeswitch_snapshot import SHOWN_LATE
from cti.pbx.kinds import find_kinds
from cti.pbx.settings import PbxSettings
from cti.signals import Signal
from cti.snapshot import SnapshotTaken
from cti.switchboard import Normaliser, Switchboard
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.server import FreeswitchServer
from offhook.simulator.plant import Plant
from offhook.simulator.server import AmiServer
from tests.cti.link_contract import until
from tests.offhook.simulator import twins
from tests.offhook.simulator.freeswitch import fs_twins

KINDS = ("asterisk", "freeswitch")
PASSWORD, USER = "correct horse", "offhook"


class SimulatedPbx:
    """One of both kinds. Time passes by ``skip`` only, or unheard by ``mute``; ``plant`` takes stories."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.plant: Plant | FreeswitchPlant
        self.server: AmiServer | FreeswitchServer
        now = datetime.now(UTC)
        if kind == "asterisk":
            self.plant = Plant(twins.PLAN, seed=1, started_at=now)
            self.server = AmiServer(self.plant, USER, PASSWORD, speed=0.0)
        else:
            self.plant = FreeswitchPlant(fs_twins.PLAN, seed=1, started_at=now)
            self.server = FreeswitchServer(self.plant, PASSWORD, speed=0.0)
        self.plant.staff_logs_in()

    def settings(self, **changes: Any) -> PbxSettings:
        given: dict[str, Any] = {"secret": PASSWORD, "backoff_first_s": 0.01, "backoff_max_s": 0.05, **changes}
        return PbxSettings(name="hq", kind=self.kind, port=self.server.port, username=USER, trunks=self.trunks, **given)

    @property
    def trunks(self) -> list[str]:
        """FreeSWITCH is told apart by its contexts and gateways; Asterisk's trunk has to be named."""
        return ["trunk"] if self.kind == "asterisk" else []

    def cut(self) -> None:
        self.server.cut()

    def mute(self, seconds: float) -> None:
        """Time passes that nobody hears of."""
        for _ in self.plant.advance(self.plant.timeline.now + seconds):
            pass


class Counting:
    """A dialect's normaliser that counts the snapshots that it gave."""

    def __init__(self, normaliser: Normaliser) -> None:
        self._normaliser, self.snapshots = normaliser, 0

    def normalise(self, frame: Frame, at: datetime, session: str) -> Iterable[Signal]:
        for signal in self._normaliser.normalise(frame, at, session):
            self.snapshots += isinstance(signal, SnapshotTaken)
            yield signal


class Follower:
    """A link at work with its switchboard; ``events`` are all that was told."""

    def __init__(self, pbx: SimulatedPbx, **changes: Any) -> None:
        self.pbx = pbx
        settings = pbx.settings(**changes)
        self.events: list[CallEvent] = []
        dialect = find_kinds()[pbx.kind](settings)
        self._counting = Counting(dialect)
        self.board = Switchboard("hq", self._counting, self.events.append)
        self.link = Link(settings, dialect, self.board.take, back=self.board.back, lost=self.board.lost, snapshot=True)

    def of(self, kind: type[CallEvent]) -> list[CallEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ended(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, CallEnded)]

    @property
    def open(self) -> list[Call]:
        return list(self.board.tracker.open_calls())

    @property
    def oddities(self) -> list[str]:
        return [event.oddity.kind for event in self.events if isinstance(event, OddityFound)]

    def queues_of(self, agent: str) -> set[str]:
        """The queues in which an agent is, by what was told of him last."""
        told = [event.agent for event in self.events if isinstance(event, AgentChanged) and event.agent.agent == agent]
        return set(told[-1].queues) if told else set()

    async def back(self, times: int = 1) -> None:
        """Until it was connected and knew the present so many times."""
        await until(lambda: len(self.of(PbxBack)) >= times and self._counting.snapshots >= times)

    async def lost(self, times: int = 1) -> None:
        await until(lambda: len(self.of(PbxLost)) >= times)

    async def quiet(self) -> None:
        """Until the last event is so long ago that FreeSWITCH's table of channels must have its effect."""
        await until(lambda: (last := self.link.health().last_event_at) and datetime.now(UTC) - last > SHOWN_LATE)

    async def cut(self) -> None:
        """Cut off when all that was said so far has been heard: an answer comes behind it."""
        await self.link.send("Ping" if self.pbx.kind == "asterisk" else "api echo here")
        self.pbx.cut()

    async def after(self, seconds: float, condition: Callable[[], object]) -> None:
        """The plant's time passes, and what was told of it has arrived."""
        self.pbx.server.skip(seconds)
        await until(condition)


@asynccontextmanager
async def followed(pbx: SimulatedPbx, **changes: Any) -> AsyncIterator[Follower]:
    """``pbx`` is served and followed."""
    async with pbx.server:
        follower = Follower(pbx, **changes)
        run = asyncio.create_task(follower.link.run())
        try:
            yield follower
        finally:
            await follower.link.close()
            await asyncio.wait({run})
