"""A log in a table of the PBX's database, read only: FreePBX's ``asteriskcdrdb``, or any with the usual columns.

Rows are fetched in the order they were written, some thousands at once. Times are the machine's local ones, but for
queue_log's of Asterisk 1.6, which are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, Select, column, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kpi.importers.cdr import cdr_row_from
from kpi.importers.cel import cel_row_from
from kpi.importers.foreign_table import ForeignTable
from kpi.importers.gathering import written_at
from kpi.importers.lines import BadLineError, CdrRow, Line
from kpi.importers.queue_log import queue_line_from
from kpi.importers.source import BadLine, BadLines, SourceError

ROWS_AT_ONCE = 2_000
TIME_COLUMNS = {"queue_log": ("time",), "cel": ("eventtime",), "cdr": ("calldate", "start")}
_IDS = ("id", "recid", "acctid", "sequence")
_PARSERS: dict[str, Callable[[Mapping[str, Any], int, tzinfo], Line]] = {
    "queue_log": queue_line_from,
    "cel": cel_row_from,
    "cdr": cdr_row_from,
}
_CLOCK_CHANGE = timedelta(hours=2)
_LONGEST = timedelta(hours=12)  #: a CDR is found by its call's beginning, and asked for by its end


class LogTable:
    """A ``Source``. ``position`` is how many rows have been read, ``size`` how many there are."""

    by_time = True

    def __init__(self, kind: str, engine: AsyncEngine, name: str, label: str, zone: tzinfo) -> None:
        self.kind, self.label = kind, label
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
    ) -> AsyncIterator[Sequence[Line]]:
        """See ``Source``. An offset is the row's id; a table without one is read from its beginning."""
        async with self._table.connection() as connection:
            rows = await self._wanted(connection, since, until, start)
            result = await connection.stream(rows.execution_options(yield_per=ROWS_AT_ONCE))
            async for some in result.mappings().partitions(ROWS_AT_ONCE):
                lines = [line for row in some if (line := self._parsed(row)) is not None]
                yield [line for line in lines if _within(line, since, until)]

    def _parsed(self, row: Mapping[str, Any]) -> Line | None:
        self.position += 1
        number = next((row[name] for name in _IDS if isinstance(row.get(name), int)), self.position)
        try:
            return _PARSERS[self.kind](row, number, self._zone)
        except BadLineError as error:
            self.bad.add(BadLine(self.label, number, number, str(error)))
            return None

    async def _wanted(
        self, connection: AsyncConnection, since: datetime | None, until: datetime | None, start: int
    ) -> Select[Any]:
        names = await self._table.columns(connection)
        time = next((name for name in TIME_COLUMNS[self.kind] if name in names), None)
        if time is None:
            expected = " or ".join(TIME_COLUMNS[self.kind])
            raise SourceError(self.label, f"the table has no column {expected}")
        row_id = next((name for name in _IDS if name in names and name != "sequence"), None)
        rows: Select[Any] = select(literal_column("*")).select_from(self._table.bare())
        as_written = await self._bounds(connection, time, names[time], since, until)
        rows = rows.where(*as_written)
        if start and row_id is not None:
            rows = rows.where(column(row_id) >= start)
        return rows.order_by(column(time), *([column(row_id)] if row_id is not None else []))

    async def _bounds(
        self, connection: AsyncConnection, time: str, kind: Any, since: datetime | None, until: datetime | None
    ) -> list[ColumnElement[bool]]:
        """The conditions on the time as the table has it, a little wider than asked for."""
        as_stored = await self._as_stored(connection, time, kind)
        lead = _LONGEST if self.kind == "cdr" else _CLOCK_CHANGE
        bounds: list[ColumnElement[bool]] = []
        typed: Column[Any] = Column(time, kind)
        if since is not None:
            bounds.append(typed >= as_stored(since - lead))
        if until is not None:
            bounds.append(typed <= as_stored(until + _CLOCK_CHANGE))
        return bounds

    async def _as_stored(self, connection: AsyncConnection, time: str, kind: Any) -> Callable[[datetime], Any]:
        """How the table writes an instant: as a date and time, or as text of one of two kinds."""
        if isinstance(kind, DateTime):
            aware = bool(getattr(kind, "timezone", False))
            return (lambda at: at) if aware else (lambda at: at.astimezone(self._zone).replace(tzinfo=None))
        last = (await connection.execute(select(func.max(column(time))).select_from(self._table.bare()))).scalar()
        if isinstance(last, int):
            return lambda at: int(at.timestamp())
        if str(last or "").partition(".")[0].isdigit():
            return lambda at: f"{int(at.timestamp())}"
        return lambda at: f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"


def _within(line: Line, since: datetime | None, until: datetime | None) -> bool:
    at = written_at(line)
    end = line.ended_at if isinstance(line, CdrRow) else at
    return (since is None or end >= since) and (until is None or at <= until)
