"""The socket of a scripted PBX: who is connected, and how they are let go of."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from typing import Self


class ScriptedServer(ABC):
    """Listens at ``port`` while it is entered; what is said there is the subclass's."""

    #: what each message of a client ends with
    end_of_message = b"\n\n"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.greeting = b""
        self.port = 0
        self._tls = tls
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def listen(self) -> None:
        """Listen at the same port as before, or at any free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Close all connections, rudely."""
        for writer in self._writers:
            if not writer.is_closing():
                writer.transport.abort()
        self._writers.clear()

    @property
    def talkers(self) -> int:
        """How many connections are open now."""
        return len(self._tasks)

    @abstractmethod
    def answer(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        """Say what is to be said to one message of a client."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.append(writer)
        try:
            writer.write(self.greeting)
            while not writer.is_closing():
                self.answer(await reader.readuntil(self.end_of_message), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
