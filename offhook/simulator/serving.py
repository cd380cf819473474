"""A plant on a socket, whatever it speaks there: its clients, its time, and how its connections end."""

from __future__ import annotations

import asyncio
import ssl
import time
from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, Self, TypeVar

from offhook.simulator.clockwork import Timeline

TICK_S = 0.01
LONGEST_COMMAND = 64 * 1024


class Plant(Protocol):
    """What the servers need of a plant beside what they tell."""

    @property
    def timeline(self) -> Timeline: ...


class Client:
    """One connection. ``sent`` bytes were written to it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.sent = 0

    def write(self, data: bytes) -> None:
        """Send it, unless the connection is at its end."""
        if not self.writer.is_closing():
            self.writer.write(data)
            self.sent += len(data)


_Plant = TypeVar("_Plant", bound=Plant)
_Client = TypeVar("_Client", bound=Client)


class PlantServer(ABC, Generic[_Plant, _Client]):
    """Serves a plant while it is entered; listens on ``host`` and ``port``, any free one for 0.

    ``speed`` seconds of the plant pass in one second; 0 lets time pass only by ``skip``. ``bytes_told`` are the events
    that went out.
    """

    def __init__(self, plant: _Plant, *, host: str, port: int, speed: float, tls: ssl.SSLContext | None) -> None:
        self.plant, self.host, self.port, self.speed = plant, host, port, speed
        self.bytes_told = 0
        self._tls = tls
        self._clients: set[_Client] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._time: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
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
        self.cut()
        await asyncio.gather(*self._serving)

    @property
    def bytes_sent(self) -> int:
        """How many were written to the clients that are connected now."""
        return sum(client.sent for client in self._clients)

    def skip(self, seconds: float) -> None:
        """Let so much of the plant's time pass at once, and tell it."""
        self._advance(self.plant.timeline.now + seconds)

    def cut(self) -> None:
        """Cut all connections, as a network that fails does."""
        for client in list(self._clients):
            client.writer.transport.abort()

    async def _pass_time(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            if self.speed > 0:
                self._advance(self.plant.timeline.now + (now - last) * self.speed)
            self._tick(now - last)
            last = now

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        client = self._welcome(writer)
        if client is None:
            return
        self._clients.add(client)
        try:
            await self._converse(client, reader)
        except (OSError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            pass
        finally:
            self._clients.discard(client)
            writer.close()

    @abstractmethod
    def _advance(self, until: float) -> None:
        """Let the plant's time pass until then, and tell it to the clients."""

    @abstractmethod
    def _tick(self, passed_s: float) -> None:
        """Seconds of the real clock have passed."""

    @abstractmethod
    def _welcome(self, writer: asyncio.StreamWriter) -> _Client | None:
        """Somebody has connected; None when he was turned away."""

    @abstractmethod
    async def _converse(self, client: _Client, reader: asyncio.StreamReader) -> None:
        """Answer him until he or we end it."""
