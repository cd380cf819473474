"""Many rows by one statement: SQLAlchemy makes its text once, the values go to the driver a column at a time.

What SQLAlchemy does for every row anew (a dictionary of its own, a call for each value) takes longer than SQLite takes
to write the row. Values pass through the same column types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import ClauseElement, Dialect, Insert, String, Table, TypeDecorator, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Make = Callable[[Table, str], ClauseElement]
Process = Callable[[Any], Any]
UPSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_STATEMENTS_KEPT = 64


async def execute_many(
    connection: AsyncConnection, make: Make, table: Table, values: Sequence[Mapping[str, Any]]
) -> None:
    """Run the statement that ``make`` gives for ``table`` and the database's name, once for each of ``values``.

    Those hold a value by the name of each of its parameters: for an insert, of each column. Nothing without values.
    """
    if not values:
        return
    statement = _prepared(make, table, connection.dialect)
    columns = zip(*map(itemgetter(*statement.names), values), strict=True)
    processed = (
        column if process is None else map(process(), column)
        for process, column in zip(statement.processes, columns, strict=True)
    )
    await connection.exec_driver_sql(statement.text, list(zip(*processed, strict=True)))


def inserting(table: Table, _: str) -> Insert:
    return insert(table)


def upserting(table: Table, database: str) -> Insert:
    """A row whose key is there already is replaced."""
    statement: Any = UPSERT[database](table)
    others = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    upsert: Insert = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=others)
    return upsert


class _Prepared(NamedTuple):
    text: str
    names: tuple[str, ...]
    processes: tuple[Callable[[], Process] | None, ...]


class _EachOnce(dict[Any, Any]):
    """The processed texts by the texts: in a column the same few come again and again."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process

    def __missing__(self, value: Any) -> Any:
        processed = self[value] = self._process(value)
        return processed


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _prepared(make: Make, table: Table, dialect: Dialect) -> _Prepared:
    compiled = cast(SQLCompiler, make(table, dialect.name).compile(dialect=dialect))
    names = tuple(compiled.positiontup or ())
    return _Prepared(str(compiled), names, tuple(_process(compiled.binds[name].type, dialect) for name in names))


def _process(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[], Process] | None:
    """Gives what makes the driver's values of this type's, for one statement."""
    own = kind.dialect_impl(dialect)
    process = own.bind_processor(dialect)
    if process is None:
        return None
    if isinstance(own, TypeDecorator) and isinstance(own.impl_instance, String):
        return lambda: _EachOnce(process).__getitem__
    return lambda: process
