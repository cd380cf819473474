"""A TCP relay to a port of this machine, which can be cut and can get stuck."""

from __future__ import annotations

import asyncio
import contextlib


class Cable:
    """``async with Cable(port) as cable``: who connects to ``cable.port`` is connected with ``port``, from ``address``.

    While it is ``stuck``, what is under way is lost without a word, as in a dead network, and what was connected then
    stays deaf.
    """

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self.stuck = False
        self.port = 0
        self._far_port, self._address = port, address
        self._ends: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """End what is connected, rudely."""
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_here = (self._address, 0)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port, local_addr=from_here)
        self._ends += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        lost = False
        with contextlib.suppress(ConnectionError):
            while data := await source.read(1 << 16):
                lost = lost or self.stuck
                if not lost:
                    sink.write(data)
        sink.close()
