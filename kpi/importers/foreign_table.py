"""A table of somebody else's database that is read and never written: whether it is there, its columns, its rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, TableClause, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.errors import driver_words
from kpi.importers.source import SourceError


class ForeignTable:
    """``name`` may have a schema before it: ``public.cdr``. ``label`` names the table in errors."""

    def __init__(self, engine: AsyncEngine, name: str, label: str) -> None:
        self.engine, self.name, self.label = engine, name, label

    async def size(self) -> int:
        """Rows.

        Raises:
            SourceError: the table cannot be read.
        """
        async with self.connection() as connection:
            return int((await connection.execute(select(func.count()).select_from(self.bare()))).scalar_one())

    async def exists(self) -> bool:
        """Whether the database has such a table.

        Raises:
            SourceError: the database cannot be reached.
        """
        async with self.connection() as connection:
            return await self.has(connection)

    async def has(self, connection: AsyncConnection, suffix: str = "") -> bool:
        """Whether the database has a table of this name and ``suffix``."""
        schema, name = _parts(self.name + suffix)
        return bool(await connection.run_sync(lambda sync: inspect(sync).has_table(name, schema=schema)))

    async def columns(self, connection: AsyncConnection) -> dict[str, Any]:
        """The columns' SQL types by name, in their order."""
        return await connection.run_sync(self._columns)

    def bare(self, *columns: Any, suffix: str = "") -> TableClause:
        """The table for a statement, with those columns only that are named."""
        schema, name = _parts(self.name + suffix)
        return table(name, *columns, schema=schema)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose errors are SourceErrors, without the text of any row."""
        try:
            async with self.engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise SourceError(self.label, driver_words(error)) from None

    def _columns(self, connection: Connection) -> dict[str, Any]:
        schema, name = _parts(self.name)
        return {one["name"]: one["type"] for one in inspect(connection).get_columns(name, schema=schema)}


def _parts(name: str) -> tuple[str | None, str]:
    schema, _, bare = name.rpartition(".")
    return schema or None, bare
