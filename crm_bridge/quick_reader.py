"""Several short questions to SQLite by one change of threads, where the asynchronous driver makes some for each.

That driver hands each step of each question to another thread and waits for it; on a busy machine those waits are
nearly all of the time that a customer's card takes. Here the whole work is done in one thread that keeps a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Executable, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

#: seconds to wait for a writer that has locked the file
_BUSY_S: Final = 10.0

_Answer = TypeVar("_Answer")


class Asked(Protocol):
    """What a work may do: ask. The rows are there when it returns."""

    def execute(self, statement: Executable, parameters: Any = None) -> Awaitable[Any]: ...


Work = Callable[[Asked], Coroutine[Any, Any, _Answer]]


class QuickReader:
    """Reads from the database of ``engine``, until that is disposed of. Only SQLite in a file is read the quick way."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._in_file = engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:")
        self._thread: ThreadPoolExecutor | None = None
        self._own: Engine | None = None
        self._connection: Connection | None = None
        event.listen(engine.sync_engine, "engine_disposed", self._close)

    async def read(self, work: Work[_Answer]) -> _Answer:
        """What ``work`` returns. It may wait for nothing but the answers to its questions.

        Raises SQLAlchemyError or OSError when the database cannot answer.
        """
        if not self._in_file:
            async with self._engine.connect() as connection:
                return await work(connection)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="offhook-reader")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Work[_Answer]) -> _Answer:
        if self._connection is None:
            url = self._engine.url.set(drivername="sqlite+pysqlite")
            options = {"timeout": _BUSY_S, "check_same_thread": False}
            self._own = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=options)
            self._connection = self._own.connect()
        coroutine = work(_AtOnce(self._connection))
        try:
            coroutine.send(None)
        except StopIteration as ended:
            answer: _Answer = ended.value
            return answer
        coroutine.close()
        raise RuntimeError("a quick read has waited for something else than the database")

    def _close(self, _: Engine) -> None:
        """The engine is gone: let go of the thread and of the connection. The next read begins anew."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class _AtOnce:
    """A connection whose answers are there before one waits for them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None) -> Any:
        return self._connection.execute(statement, parameters)
