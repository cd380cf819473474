"""FusionPBX's ``v_xml_cdr``: a row for each leg, and beside its columns the whole record as JSON, where that is kept.

Older versions have the JSON in a column ``json`` of the table itself, newer ones in a table ``v_xml_cdr_json``. Where
there is none (FusionPBX deletes them after some days, if told to) the columns tell the call in whole seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from sqlalchemy import Column, DateTime, Select, column, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kpi.importers.foreign_table import ForeignTable
from kpi.importers.freeswitch_record import MAX_RECORD_BYTES, instant_us, leg_from, leg_of
from kpi.importers.freeswitch_xml import parse_xml_record
from kpi.importers.instants import parse_instant, settle
from kpi.importers.lines import BadLineError, CdrLeg
from kpi.importers.source import BadLine, BadLines, SourceError

ROWS_AT_ONCE = 500
KIND = "v_xml_cdr"
_TIME, _ID, _JSON_OF_ITS_OWN = "end_stamp", "xml_cdr_uuid", "_json"


class FusionPbxTable:
    """A ``Source``. ``position`` is how many rows have been read, ``size`` how many there are."""

    by_time = True
    kind = KIND

    def __init__(self, engine: AsyncEngine, name: str, label: str, zone: tzinfo) -> None:
        self.label = label
        self.bad = BadLines()
        self.position = 0
        self._table, self._zone = ForeignTable(engine, name, label), zone

    async def size(self) -> int:
        """Rows.

        Raises:
            SourceError: the table cannot be read.
        """
        return await self._table.size()

    async def exists(self) -> bool:
        """Whether the database has such a table.

        Raises:
            SourceError: the database cannot be reached.
        """
        return await self._table.exists()

    async def lines(
        self, since: datetime | None = None, until: datetime | None = None, start: int = 0
    ) -> AsyncIterator[Sequence[CdrLeg]]:
        """See ``Source``; ``start`` has no meaning here: what was read before is found by its time."""
        del start
        async with self._table.connection() as connection:
            rows = await self._wanted(connection, since, until)
            result = await connection.stream(rows.execution_options(yield_per=ROWS_AT_ONCE))
            async for some in result.mappings().partitions(ROWS_AT_ONCE):
                yield [leg for row in some if (leg := self._parsed(row)) is not None]

    def _parsed(self, row: Mapping[str, Any]) -> CdrLeg | None:
        self.position += 1
        try:
            return leg_of_row(row, self.position, self._zone)
        except BadLineError as error:
            self.bad.add(BadLine(self.label, None, self.position, f"{row.get(_ID)}: {error}"))
            return None

    async def _wanted(self, connection: AsyncConnection, since: datetime | None, until: datetime | None) -> Select[Any]:
        names = await self._table.columns(connection)
        if _TIME not in names:
            raise SourceError(self.label, f"the table has no column {_TIME}")
        name = self._table.name
        rows: Select[Any] = select(literal_column(f"{name}.*")).select_from(self._table.bare())
        if await self._table.has(connection, _JSON_OF_ITS_OWN):
            beside = self._table.bare(column(_ID), column("json"), suffix=_JSON_OF_ITS_OWN)
            own = self._table.bare(column(_ID))
            rows = select(literal_column(f"{name}.*"), beside.c.json.label("its_json"))
            rows = rows.select_from(own.outerjoin(beside, own.c[_ID] == beside.c[_ID]))
        time: Column[Any] = Column(f"{name}.{_TIME}", names[_TIME], quote=False)
        bounds = [time >= self._stored(since, names[_TIME])] if since is not None else []
        bounds += [time <= self._stored(until, names[_TIME])] if until is not None else []
        return rows.where(*bounds).order_by(literal_column(f"{name}.{_TIME}"))

    def _stored(self, at: datetime, kind: Any) -> Any:
        """An instant as the column has it: with its zone, or as local time."""
        if not isinstance(kind, DateTime):
            return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
        return at if getattr(kind, "timezone", False) else at.astimezone(self._zone).replace(tzinfo=None)


def leg_of_row(row: Mapping[str, Any], offset: int, zone: tzinfo) -> CdrLeg:
    """One row, with the JSON of its own table as ``its_json``: the whole record where there is one, else the columns.

    Raises:
        BadLineError: it lacks the leg's id or its times.
    """
    for name in ("its_json", "json"):
        if document := _document(row.get(name)):
            return leg_of(document, KIND, offset)
    xml = row.get("xml")
    if isinstance(xml, str) and xml.lstrip().startswith("<") and len(xml) <= MAX_RECORD_BYTES:
        return parse_xml_record(xml.encode(), offset, KIND)
    return leg_from(_columns_of(row, zone), KIND, offset)


def _document(value: Any) -> Mapping[str, Any] | None:
    """The record, if it is one; a text that is none, or too long, tells nothing."""
    if isinstance(value, str) and 2 < len(value) <= MAX_RECORD_BYTES:
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None
    return value if isinstance(value, Mapping) and isinstance(value.get("variables"), Mapping) else None


def _columns_of(row: Mapping[str, Any], zone: tzinfo) -> dict[str, str]:
    """The columns as the variables that FusionPBX made them of; its direction is the call's, not the leg's."""
    known = {name: str(value) for name, value in row.items() if value is not None}
    known["uuid"] = known.get(_ID, "")
    own_leg = known.get("cc_side") == "agent" or known.get("originating_leg_uuid")
    known["direction"] = "outbound" if own_leg else "inbound"
    for name in ("start", "answer", "end"):
        known.pop(f"{name}_uepoch", None)
        epoch = known.get(f"{name}_epoch", "").partition(".")[0]
        known[f"{name}_epoch"] = epoch if epoch not in ("", "0") else _epoch_of(row.get(f"{name}_stamp"), zone)
    duration_us = _milliseconds(known.get("mduration")) * 1_000
    if duration_us and instant_us(known, "start"):  # the one thing that is told more exactly than to the second
        known["end_uepoch"] = str(instant_us(known, "start") + duration_us)
    return known


def _epoch_of(stamp: Any, zone: tzinfo) -> str:
    if isinstance(stamp, datetime):
        return str(int(settle(stamp, zone).timestamp()))
    return str(int(parse_instant(stamp, zone).timestamp())) if isinstance(stamp, str) and stamp else ""


def _milliseconds(value: str | None) -> int:
    text = (value or "").partition(".")[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
