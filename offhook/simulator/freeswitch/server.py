"""The simulated FreeSWITCH on a socket: the inbound event socket for several clients, in real time or faster.

As FreeSWITCH does, it loses events for a client that does not read, and kills that listener after 500 lost ones. What
else goes wrong with a PBX or the way to it, a test asks for: see the package's docstring.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping

import structlog

from offhook.simulator.freeswitch.answers import Answers
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.session import GREETING, TURNED_AWAY, Session
from offhook.simulator.freeswitch.telling import Event

TICK_S = 0.01
LONGEST_COMMAND = 64 * 1024
MAX_MISSED = 500
MAX_BEHIND_BYTES = 8 * 1024 * 1024  # FreeSWITCH keeps up to 100,000 events for each listener

_log = structlog.get_logger(__name__)


class _Client:
    """One connection."""

    def __init__(self, writer: asyncio.StreamWriter, session: Session) -> None:
        self.writer, self.session = writer, session
        self.lost = self.sent = 0

    def write(self, data: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(data)
            self.sent += len(data)

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


class FreeswitchServer:
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
        self.plant, self.password, self.host, self.port, self.speed = plant, password, host, port, speed
        self.answers = Answers(plant)
        self.killed = self.connections = self.bytes_told = 0
        self.refusing = self.half_open = self.turning_away = False
        self._users, self._tls = users or {}, tls
        self._reading = asyncio.Event()
        self._reading.set()
        self._to_drop = 0
        self._clients: set[_Client] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._time: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> FreeswitchServer:
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, ssl=self._tls, limit=LONGEST_COMMAND
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._time = asyncio.create_task(self._pass_time(), name="simulated PBX")
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._server:
            self._server.close()
        if self._time:
            self._time.cancel()
            await asyncio.gather(self._time, return_exceptions=True)
        self._reading.set()
        self.cut()
        await asyncio.gather(*self._serving)

    @property
    def clients(self) -> int:
        """How many listen to events."""
        return sum(1 for client in self._clients if client.session.listens)

    @property
    def bytes_sent(self) -> int:
        """How many were written to the clients that are connected now."""
        return sum(client.sent for client in self._clients)

    # time

    def skip(self, seconds: float) -> None:
        """Let so much of the plant's time pass at once, and tell it."""
        self._advance(self.plant.timeline.now + seconds)

    def mute(self, seconds: float) -> None:
        """Let so much of the plant's time pass, and tell nobody."""
        for _ in self.plant.advance(self.plant.timeline.now + seconds):
            pass

    async def _pass_time(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            if self.speed > 0:
                self._advance(self.plant.timeline.now + (now - last) * self.speed)
            else:
                self.plant.core.epoch += now - last
            last = now

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

    def _kill(self, client: _Client) -> None:
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

    def cut(self) -> None:
        """Cut all connections, as a network that fails does."""
        for client in list(self._clients):
            client.writer.transport.abort()

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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        self.connections += 1
        if self.refusing:
            writer.transport.abort()
            return
        client = _Client(writer, Session(self.answers, self.password, self._users))
        self._clients.add(client)
        try:
            await self._converse(client, reader)
        except (OSError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            pass
        finally:
            self._clients.discard(client)
            writer.close()

    async def _converse(self, client: _Client, reader: asyncio.StreamReader) -> None:
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

    def _obey(self, client: _Client, text: str) -> None:
        line, *more = text.strip("\r\n").splitlines() or [""]
        headers = {key.strip().lower(): value.strip() for key, _, value in (each.partition(":") for each in more)}
        client.write(client.session.obey(line, headers))
        self._advance(self.plant.timeline.now)
