"""A database with some tables, as the program opens it, for the tests that need no migration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from offhook.database import make_engine


@asynccontextmanager
async def made_tables(url: str, tables: MetaData) -> AsyncIterator[AsyncEngine]:
    """The engine of the database at ``url`` once the tables are made; let go of at the end."""
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(tables.create_all)
        yield engine
    finally:
        await engine.dispose()
