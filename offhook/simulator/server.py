"""The simulated PBX on a socket: AMI over TCP or TLS for several clients, in real time or faster.

As Asterisk does, it drops a client that does not read: after ``write_timeout_s`` in which nothing could be written.
"""

from __future__ import annotations

import asyncio
import hmac
import ssl
import time

import structlog

from offhook.simulator.answers import Answers, Fields
from offhook.simulator.plant import Plant

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
TICK_S = 0.01
LONGEST_ACTION = 64 * 1024
TOLD_CLASSES = frozenset({"call", "agent", "dtmf"})  # the classes of what the plant tells

_log = structlog.get_logger(__name__)


class _Client:
    """One connection. ``classes``: the events it gets, None for none yet, empty for none wanted."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.classes: frozenset[str] | None = None
        self.sent = 0
        self._pending = 0
        self._stuck_since: float | None = None

    def write(self, data: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(data)
            self.sent += len(data)
            self._pending += len(data)

    def tell(self, data: bytes) -> None:
        """Events of now, those of its classes."""
        if self.classes is None or not data:
            return
        self.write(data if self.classes >= TOLD_CLASSES else _of_classes(data, self.classes))

    def stuck_s(self, now: float) -> float:
        """How long nothing that is written has left for the client, in seconds."""
        left = self.writer.transport.get_write_buffer_size()
        if left == 0 or left < self._pending:
            self._stuck_since = None if left == 0 else now
        elif self._stuck_since is None:
            self._stuck_since = now
        self._pending = left
        return 0.0 if self._stuck_since is None else now - self._stuck_since


class AmiServer:
    """Serves a plant: ``async with AmiServer(plant, "monitor", "secret") as server``; it listens on ``host`` and
    ``port``.

    ``speed`` seconds of the plant pass in one second; 0 lets time pass only by ``skip``. ``dropped`` counts clients
    that were too slow.
    """

    def __init__(
        self,
        plant: Plant,
        username: str,
        secret: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        write_timeout_s: float = 0.1,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.plant, self.host, self.port, self.speed = plant, host, port, speed
        self.answers = Answers(plant)
        self.dropped = 0
        self.bytes_told = 0
        self.user = username, secret
        self._tls, self._write_timeout_s = tls, write_timeout_s
        self._clients: set[_Client] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._time: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> AmiServer:
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, ssl=self._tls, limit=LONGEST_ACTION
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
        self.disconnect()
        await asyncio.gather(*self._serving)

    @property
    def clients(self) -> int:
        """How many are logged in."""
        return sum(1 for client in self._clients if client.classes is not None)

    @property
    def bytes_sent(self) -> int:
        """How many were written to the clients that are connected now."""
        return sum(client.sent for client in self._clients)

    def skip(self, seconds: float) -> None:
        """Let so much of the plant's time pass at once, and tell it."""
        self._advance(self.plant.timeline.now + seconds)

    def disconnect(self) -> None:
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
            last = now
            self._drop_the_slow(now)

    def _advance(self, until: float) -> None:
        data = b"".join(told for _, told in self.plant.advance(until))
        self.bytes_told += len(data)
        for client in self._clients:
            client.tell(data)

    def _drop_the_slow(self, now: float) -> None:
        for client in list(self._clients):
            if client.stuck_s(now) > self._write_timeout_s:
                self.dropped += 1
                _log.info("a client does not read and is dropped", pending_bytes=client._pending)
                client.writer.transport.abort()

    # one client

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        client = _Client(reader, writer)
        self._clients.add(client)
        client.write(BANNER)
        try:
            while (fields := await _read_action(reader)) is not None:
                if not await self._obey(client, fields):
                    break
            if not writer.is_closing():
                await writer.drain()
        except (OSError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            pass
        finally:
            self._clients.discard(client)
            writer.close()

    async def _obey(self, client: _Client, fields: Fields) -> bool:
        """False when the connection ends with it."""
        action, action_id = fields.get("action", "").lower(), fields.get("actionid", "")
        told = f"ActionID: {action_id}\r\n" if action_id else ""
        if action == "logoff":
            client.write(f"Response: Goodbye\r\n{told}Message: Thanks for all the fish.\r\n\r\n".encode())
            return False
        if action == "login":
            return self._log_in(client, fields, told)
        if client.classes is None:
            client.write(f"Response: Error\r\n{told}Message: Permission denied\r\n\r\n".encode())
            return True
        if action == "events":
            client.classes = _classes(fields.get("eventmask", "on"))
        client.write(self.answers.answer(fields).encode())
        self._advance(self.plant.timeline.now)
        return True

    def _log_in(self, client: _Client, fields: Fields, told: str) -> bool:
        username, secret = self.user
        right = hmac.compare_digest(fields.get("secret", "").encode(), secret.encode())
        if fields.get("username", "") != username or not right:
            client.write(f"Response: Error\r\n{told}Message: Authentication failed\r\n\r\n".encode())
            return False
        client.write(f"Response: Success\r\n{told}Message: Authentication accepted\r\n\r\n".encode())
        client.classes = _classes(fields.get("events", "on"))
        if "system" in client.classes:
            uptime_s = int(self.plant.timeline.now)
            client.write(
                f"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: {uptime_s}\r\n"
                f"LastReload: {uptime_s}\r\nStatus: Fully Booted\r\n\r\n".encode()
            )
        return True


async def _read_action(reader: asyncio.StreamReader) -> Fields | None:
    """The next action's headers by lower-case name; None at the end of the stream."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    fields: Fields = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip().lower(), value.strip())
    return fields


def _classes(mask: str) -> frozenset[str]:
    if mask.lower() in ("on", "all", "true", "yes", "1"):
        return TOLD_CLASSES | {"system"}
    if mask.lower() in ("off", "false", "no", "0", ""):
        return frozenset()
    return frozenset(each.strip().lower() for each in mask.split(","))


def _of_classes(data: bytes, classes: frozenset[str]) -> bytes:
    told = []
    for frame in data.split(b"\r\n\r\n")[:-1]:
        line = frame.split(b"\r\n", 2)[1]
        if line.removeprefix(b"Privilege: ").partition(b",")[0].decode() in classes:
            told.append(frame + b"\r\n\r\n")
    return b"".join(told)
