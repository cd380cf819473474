"""Creme's database moved from SQLite to PostgreSQL, with the types that Django gives its columns there."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

_APPS = ("persons_", "creme_core_", "billing_", "products_", "tickets_", "emails_", "activities_")
_TYPES = {"bool": "boolean", "datetime": "timestamptz", "date": "date", "char(32)": "uuid", "decimal": "numeric"}
_READ = {
    "boolean": bool,
    "timestamptz": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "date": date.fromisoformat,
    "uuid": UUID,
    "numeric": lambda number: Decimal(str(number)),
}


async def move(database: Path, url: str) -> None:
    """Make Creme's tables with their rows in the empty database at ``url``."""
    connection = await asyncpg.connect(url)
    with sqlite3.connect(database) as made:
        tables = [name for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in (name for name in tables if name.startswith(_APPS)):
            await _copy(made, table, connection)
    made.close()
    await connection.close()


async def _copy(made: sqlite3.Connection, table: str, connection: Any) -> None:
    columns = {name: _type(kind) for _, name, kind, *_ in made.execute(f"PRAGMA table_info({table})")}
    wanted = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    await connection.execute(f"CREATE TABLE {table} ({wanted})")
    rows = [
        [
            _READ.get(kind, _same)(value) if value is not None else None
            for value, kind in zip(row, columns.values(), strict=True)
        ]
        for row in made.execute(f"SELECT * FROM {table}")
    ]
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    await connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _type(kind: str) -> str:
    """SQLite names common types in capitals."""
    whole = "bigint" if "int" in kind.lower() else "text"
    return _TYPES.get(kind.lower(), whole)


def _same(value: Any) -> Any:
    return value
