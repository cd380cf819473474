"""The way to a PBX that fails: a TCP proxy whose connections are cut as networks cut them."""

from __future__ import annotations

import asyncio
import socket
import struct
from enum import StrEnum

LOGGED_IN_BYTES = 300  # greeting and log-in are told by then


class Cut(StrEnum):
    RESET = "reset"
    CLOSED = "closed"
    HALF_OPEN = "half-open"  #: packets vanish, and nobody is told


class _Connection:
    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.passing, self.passed = True, 0


class FaultyLine:
    """``async with FaultyLine(port) as line``: who connects to ``line.port`` is connected with that port, until a cut.

    ``cuts`` counts those that met a connection.
    """

    def __init__(self, port: int) -> None:
        self.cuts = 0
        self.port = 0
        self._pbx_port = port
        self._connections: list[_Connection] = []
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> FaultyLine:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for one in self._connections:
            one.near.transport.abort()
            one.far.transport.abort()
        for task in self._pumps:
            task.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    @property
    def up(self) -> bool:
        """Whether somebody is logged in who hears."""
        return any(one.passing and one.passed > LOGGED_IN_BYTES for one in self._connections)

    def cut(self, how: Cut) -> None:
        """Cut what is connected now; new connections are made as before."""
        for one in [one for one in self._connections if one.passing]:
            one.passing = False
            self.cuts += 1
            if how is Cut.HALF_OPEN:
                continue  # both sides may write, and nothing arrives
            if how is Cut.RESET:
                _reset(one.near)
                _reset(one.far)
            else:
                one.near.close()
                one.far.close()
            self._connections.remove(one)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._pbx_port)
        except OSError:
            writer.close()
            return
        one = _Connection(writer, far_writer)
        self._connections.append(one)
        for pump in (self._pump(one, reader, far_writer), self._pump(one, far_reader, writer)):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self, one: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                if one.passing:
                    writer.write(data)
                    one.passed += len(data) if writer is one.near else 0
        except OSError:
            pass
        if one.passing:
            one.passing = False
            self._connections.remove(one)
            one.near.close()
            one.far.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: what is under way is lost."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
