"""How far each import of history is, in the store."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi import schema
from kpi.coverage import Stretch
from kpi.many_rows import UPSERT

_imports = schema.imports


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
    statement = UPSERT[connection.dialect.name](_imports)
    others = {name: statement.excluded[name] for name in values if name not in ("pbx", "source")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["pbx", "source"], set_=others), values)


async def fetch_position(connection: AsyncConnection, pbx: str, source: str) -> Position | None:
    """How far the import of ``source`` is; None where there was none. A long name is cut in the store, not here."""
    wanted = select(_imports).where(_imports.c.pbx == pbx, _imports.c.source == source)
    row = (await connection.execute(wanted)).mappings().first()
    if row is None:
        return None
    values = dict(row) | {"pbx": pbx, "source": source}
    places = msgspec.json.decode(values.pop("position"), type=_Places)
    return Position(**values, offsets=places.offsets, marks=places.marks)


async def fetch_stretches(connection: AsyncConnection, pbx: str | None = None) -> list[Stretch]:
    """The times that were imported, of one PBX or of all."""
    known = _imports.c.covers_from.is_not(None), _imports.c.covers_to.is_not(None)
    wanted = select(_imports.c.covers_from, _imports.c.covers_to).where(*known)
    if pbx is not None:
        wanted = wanted.where(_imports.c.pbx == pbx)
    found = await connection.execute(wanted.order_by(_imports.c.pbx, _imports.c.source))
    return [(covers_from, covers_to) for covers_from, covers_to in found]
