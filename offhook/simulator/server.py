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
from offhook.simulator.serving import Client, PlantServer

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
TOLD_CLASSES = frozenset({"call", "agent", "dtmf"})  # the classes of what the plant tells

_log = structlog.get_logger(__name__)


class _Manager(Client):
    """One connection. ``classes``: the events it gets, None for none yet, empty for none wanted."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__(writer)
        self.classes: frozenset[str] | None = None
        self.pending = 0
        self._stuck_since: float | None = None

    def write(self, data: bytes) -> None:
        """Send it, unless the connection is at its end; until it has left, it is ``pending``."""
        before = self.sent
        super().write(data)
        self.pending += self.sent - before

    def tell(self, data: bytes) -> None:
        """Events of now, those of its classes."""
        if self.classes is None or not data:
            return
        self.write(data if self.classes >= TOLD_CLASSES else _of_classes(data, self.classes))

    def stuck_s(self, now: float) -> float:
        """How long nothing that is written has left for the client, in seconds."""
        left = self.writer.transport.get_write_buffer_size()
        if left == 0 or left < self.pending:
            self._stuck_since = None if left == 0 else now
        elif self._stuck_since is None:
            self._stuck_since = now
        self.pending = left
        return 0.0 if self._stuck_since is None else now - self._stuck_since


class AmiServer(PlantServer[Plant, _Manager]):
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
        super().__init__(plant, host=host, port=port, speed=speed, tls=tls)
        self.answers = Answers(plant)
        self.dropped = 0
        self.user = username, secret
        self._write_timeout_s = write_timeout_s

    @property
    def clients(self) -> int:
        """How many are logged in."""
        return sum(1 for client in self._clients if client.classes is not None)

    def _tick(self, passed_s: float) -> None:
        del passed_s
        self._drop_the_slow(time.monotonic())

    def _advance(self, until: float) -> None:
        data = b"".join(told for _, told in self.plant.advance(until))
        self.bytes_told += len(data)
        for client in self._clients:
            client.tell(data)

    def _drop_the_slow(self, now: float) -> None:
        for client in list(self._clients):
            if client.stuck_s(now) > self._write_timeout_s:
                self.dropped += 1
                _log.info("a client does not read and is dropped", pending_bytes=client.pending)
                client.writer.transport.abort()

    # one client

    def _welcome(self, writer: asyncio.StreamWriter) -> _Manager:
        client = _Manager(writer)
        client.write(BANNER)
        return client

    async def _converse(self, client: _Manager, reader: asyncio.StreamReader) -> None:
        while (fields := await _read_action(reader)) is not None:
            if not await self._obey(client, fields):
                break
        if not client.writer.is_closing():
            await client.writer.drain()

    async def _obey(self, client: _Manager, fields: Fields) -> bool:
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

    def _log_in(self, client: _Manager, fields: Fields, told: str) -> bool:
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
