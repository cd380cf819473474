"""The simulated FreeSWITCH on a socket: the inbound event socket for several clients, in real time or faster.

As FreeSWITCH does, it loses events for a client that does not read, and kills that listener after 500 lost ones. What
else goes wrong with a PBX or the way to it, a test asks for: see the package's docstring.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

import structlog

from offhook.simulator.freeswitch.answers import Answers
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.session import GREETING, TURNED_AWAY, Session
from offhook.simulator.freeswitch.telling import Event
from offhook.simulator.serving import Client, PlantServer

MAX_MISSED = 500
MAX_BEHIND_BYTES = 8 * 1024 * 1024  # FreeSWITCH keeps up to 100,000 events for each listener

_log = structlog.get_logger(__name__)


class _Listener(Client):
    """One connection with what it has asked for, and how many events it ``lost``."""

    def __init__(self, writer: asyncio.StreamWriter, session: Session) -> None:
        super().__init__(writer)
        self.session = session
        self.lost = 0

    def tell(self, events: list[Event]) -> int:
        """Events of now, those that it asked for; how many bytes that is."""
        data = [one for one in map(self.session.told, events) if one]
        if not data or self.writer.is_closing():
            return 0
        if self.writer.transport.get_write_buffer_size() > MAX_BEHIND_BYTES:
            self.lost += len(data)
            return 0
        told = b"".join(data)
        self.write(told)
        return len(told)


class FreeswitchServer(PlantServer[FreeswitchPlant, _Listener]):
    """Serves a plant: ``async with FreeswitchServer(plant, "ClueCon") as server``; it listens on ``host`` and ``port``.

    ``speed`` seconds of the plant pass in one second; 0 lets time pass only by ``skip``: the clock by which the PBX
    stamps its events goes on even then, as any PBX's does, lest it seem to have been set back. ``killed`` counts
    listeners that were too slow, ``connections`` all that ever came.
    """

    def __init__(
        self,
        plant: FreeswitchPlant,
        password: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        users: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(plant, host=host, port=port, speed=speed, tls=tls)
        self.password, self.answers = password, Answers(plant)
        self.killed = self.connections = 0
        self.refusing = self.half_open = self.turning_away = False
        self._users = users or {}
        self._reading = asyncio.Event()
        self._reading.set()
        self._to_drop = 0

    async def __aexit__(self, *exception: object) -> None:
        self._reading.set()
        await super().__aexit__(*exception)

    @property
    def clients(self) -> int:
        """How many listen to events."""
        return sum(1 for client in self._clients if client.session.listens)

    # time

    def mute(self, seconds: float) -> None:
        """Let so much of the plant's time pass, and tell nobody."""
        for _ in self.plant.advance(self.plant.timeline.now + seconds):
            pass

    def _tick(self, passed_s: float) -> None:
        if self.speed <= 0:
            self.plant.core.epoch += passed_s

    def _advance(self, until: float) -> None:
        for _, events in self.plant.advance(until):
            kept = self._without_lost(events)
            for client in list(self._clients):
                self.bytes_told += client.tell(kept)
                if client.lost > MAX_MISSED:
                    self._kill(client)

    def _without_lost(self, events: list[Event]) -> list[Event]:
        lost, self._to_drop = events[: self._to_drop], max(0, self._to_drop - len(events))
        return events[len(lost) :]

    def _kill(self, client: _Listener) -> None:
        self.killed += 1
        _log.info("a listener lost too many events and is killed", lost=client.lost)
        client.writer.transport.abort()

    # faults

    @property
    def stop_reading(self) -> bool:
        """Commands are neither read nor answered; events go on."""
        return not self._reading.is_set()

    @stop_reading.setter
    def stop_reading(self, stop: bool) -> None:
        if stop:
            self._reading.clear()
        else:
            self._reading.set()

    def drop_next(self, count: int) -> None:
        """The next so many events are lost on the way to everybody; 0: no more are."""
        self._to_drop = count

    def lose_listeners(self) -> None:
        """All who listen are killed, as after too many lost events."""
        for client in [client for client in self._clients if client.session.listens]:
            self._kill(client)

    def restart(self) -> None:
        """The PBX went down with all its calls, and is back with another Core-UUID."""
        self.cut()
        self.plant.restart()

    # one client

    def _welcome(self, writer: asyncio.StreamWriter) -> _Listener | None:
        self.connections += 1
        if self.refusing:
            writer.transport.abort()
            return None
        return _Listener(writer, Session(self.answers, self.password, self._users))

    async def _converse(self, client: _Listener, reader: asyncio.StreamReader) -> None:
        if self.half_open:
            await reader.read()
            return
        if self.turning_away:
            client.write(TURNED_AWAY)
            await client.writer.drain()
            return
        client.write(GREETING)
        while not client.session.over:
            text = (await reader.readuntil(b"\n\n")).decode("utf-8", "replace")
            await self._reading.wait()
            if client.writer.is_closing():
                return
            self._obey(client, text)
        await client.writer.drain()

    def _obey(self, client: _Listener, text: str) -> None:
        line, *more = text.strip("\r\n").splitlines() or [""]
        headers = {key.strip().lower(): value.strip() for key, _, value in (each.partition(":") for each in more)}
        client.write(client.session.obey(line, headers))
        self._advance(self.plant.timeline.now)
