"""An empty customer book for each test that asks for one, and the same tables on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crm_bridge.schema import metadata
from offhook.database import make_engine
from tests.postgresql import PostgresqlServer


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A database with the book's tables in a file of its own."""
    made = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/book.sqlite")
    event.listen(made.sync_engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
    async with made.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """The same tables once in SQLite, once in PostgreSQL, as the program opens them."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/outbox.sqlite"
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.make_database()
    made = make_engine(url)
    async with made.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield made
    await made.dispose()
