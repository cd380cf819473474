"""How far each import of history is, in the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi import schema
from kpi.coverage import Stretch

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far the import of ``source`` is: where to go on in each log, by kind, and what of it has been imported.

    ``marks`` tell whether a log is the same as then. ``calls`` and ``bad_lines`` are sums of all its runs.
    """

    pbx: str
    source: str
    imported_at: datetime
    offsets: dict[str, int] = {}
    marks: dict[str, str] = {}
    covers_from: datetime | None = None
    covers_to: datetime | None = None
    calls: int = 0
    bad_lines: int = 0


class _Places(msgspec.Struct):
    offsets: dict[str, int] = {}
    marks: dict[str, str] = {}


async def store_position(connection: AsyncConnection, position: Position) -> None:
    values = msgspec.structs.asdict(position)
    places = _Places(values.pop("offsets"), values.pop("marks"))
    values["position"] = msgspec.json.encode(places).decode()
    statement = _INSERT[connection.dialect.name](schema.imports)
    others = {name: statement.excluded[name] for name in values if name not in ("pbx", "source")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["pbx", "source"], set_=others), values)


async def fetch_positions(connection: AsyncConnection, pbx: str | None = None) -> list[Position]:
    """All imports, of one PBX or of all, in order."""
    imports = schema.imports
    wanted = select(imports).order_by(imports.c.pbx, imports.c.source)
    if pbx is not None:
        wanted = wanted.where(imports.c.pbx == pbx)
    return [_position(row) for row in (await connection.execute(wanted)).mappings()]


async def fetch_stretches(connection: AsyncConnection, pbx: str | None = None) -> list[Stretch]:
    """The times that were imported."""
    positions = await fetch_positions(connection, pbx)
    return [
        (one.covers_from, one.covers_to)
        for one in positions
        if one.covers_from is not None and one.covers_to is not None
    ]


def _position(row: Mapping[Any, Any]) -> Position:
    values = dict(row)
    places = msgspec.json.decode(values.pop("position"), type=_Places)
    return Position(**values, offsets=places.offsets, marks=places.marks)
