"""What the book and its neighbours hold of one person, found by number: given out, or erased.

A table needs no line here. By its columns it is known what a row is about: one that points to a customer, ``match_key``
a number, ``pbx`` and ``call_id`` a call; and every text is looked through for the number. Whose row it is, it goes with
him; a row of somebody else that names the number stays, with ``0`` for each of its digits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import Column, ColumnElement, String, Table, and_, delete, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_bridge.schema import customer_merges, customer_numbers, customers, metadata

AT_ONCE = 500
_SEPARATORS = " ().-/\u00a0"

#: Tables with none of these columns, and why nobody is in them.
HOLD_NO_PERSON: Mapping[str, str] = {"customer_imports": "which files were imported"}

Row = dict[str, Any]
CallKeys = Collection[tuple[str, str]]


class SoughtNumber(Protocol):
    """A number to be found in any form; ``tail`` are digits that each form ends with."""

    key: str
    tail: str

    def holds(self, text: str | None) -> bool: ...
    def blank(self, text: str) -> str: ...


class HeldRows(msgspec.Struct, frozen=True):
    """Rows by table: his ``own``, and those of others that ``name`` his number."""

    own: dict[str, list[Row]]
    naming: dict[str, list[Row]]


def customers_in(table: str, row: Row) -> set[int]:
    """The ids of the customers whom a row of this table is about."""
    of = metadata.tables[table]
    names = ["id"] if of is customers else [column.name for column in _pointing(of)]
    return {row[name] for name in names if row[name] is not None}


def is_looked_through(table: Table) -> bool:
    """Whether a person's rows of this table are found by what its columns are about."""
    return (
        table is customers
        or bool(_pointing(table))
        or "match_key" in table.c
        or {"pbx", "call_id"} <= {*table.c.keys()}
    )


async def fetch_customers_of(connection: AsyncConnection, number: SoughtNumber) -> list[Row]:
    """The customers with this number and those merged with them, with all of their columns, by id."""
    with_number = select(customer_numbers.c.customer_id).where(customer_numbers.c.match_key == number.key)
    ids: set[int] = set()
    more = set((await connection.execute(with_number)).scalars())
    while not more <= ids:
        ids |= more
        more = await _fetch_merged(connection, ids)
    return await _fetch(connection, customers, customers.c.id.in_(ids))


async def _fetch_merged(connection: AsyncConnection, ids: Collection[int]) -> set[int]:
    """Those who are one with these customers by a merge that is in force."""
    of = customer_merges.c
    touching = or_(of.kept_id.in_(ids), of.gone_id.in_(ids)) & of.undone_at.is_(None)
    return {one for pair in await connection.execute(select(of.kept_id, of.gone_id).where(touching)) for one in pair}


async def fetch_keys_of(connection: AsyncConnection, ids: Collection[int]) -> set[str]:
    """The match keys of these customers' numbers."""
    column = customer_numbers.c
    found = await connection.execute(select(column.match_key).where(column.customer_id.in_(ids)))
    return set(found.scalars())


async def fetch_rows_of(
    connection: AsyncConnection, number: SoughtNumber, ids: Collection[int], calls: CallKeys
) -> HeldRows:
    """All rows about these customers, this number and these calls; besides, those that name the number."""
    own: dict[str, list[Row]] = {}
    naming: dict[str, list[Row]] = {}
    for table in metadata.sorted_tables:
        his = await _fetch_own(connection, table, number, ids, calls)
        others = [row for row in await _fetch_naming(connection, table, number) if row not in his]
        own |= {str(table.name): his} if his else {}
        naming |= {str(table.name): others} if others else {}
    return HeldRows(own, naming)


async def erase_rows(connection: AsyncConnection, held: HeldRows, number: SoughtNumber) -> dict[str, int]:
    """Delete his rows and blank the number in the others; how many rows of each table were touched.

    The caller has begun to write: see ``begin_writing``.
    """
    done: dict[str, int] = {}
    for table in reversed(metadata.sorted_tables):  # what belongs to a customer before the customer
        for row in held.own.get(table.name, ()):
            await connection.execute(delete(table).where(_is_row(table, row)))
        for row in held.naming.get(table.name, ()):
            values = {name: number.blank(row[name]) for name in _texts(table) if number.holds(row[name])}
            await connection.execute(update(table).where(_is_row(table, row)).values(values))
        if touched := len(held.own.get(table.name, ())) + len(held.naming.get(table.name, ())):
            done[str(table.name)] = touched
    return done


async def begin_writing(connection: AsyncConnection) -> None:
    """Take SQLite's write lock before anything is read: there a reader that turns writer is refused, not queued."""
    await connection.execute(update(customers).where(false()).values(name=""))


async def _fetch_own(
    connection: AsyncConnection, table: Table, number: SoughtNumber, ids: Collection[int], calls: CallKeys
) -> list[Row]:
    about: list[ColumnElement[bool]] = []
    if table is customers:
        about.append(table.c.id.in_(ids))
    about += [column.in_(ids) for column in _pointing(table)]
    if "match_key" in table.c and table is not customer_numbers:  # there it may be another customer's, too
        about.append(table.c.match_key == number.key)
    found = await _fetch(connection, table, or_(*about)) if about else []
    for some in _of_calls(table, calls):
        found += [row for row in await _fetch(connection, table, some) if row not in found]
    return found


def _of_calls(table: Table, calls: CallKeys) -> Iterable[ColumnElement[bool]]:
    if "call_id" not in table.c or "pbx" not in table.c:
        return
    by_pbx: dict[str, list[str]] = {}
    for pbx, call_id in sorted(calls):
        by_pbx.setdefault(pbx, []).append(call_id)
    for pbx, call_ids in by_pbx.items():
        for start in range(0, len(call_ids), AT_ONCE):
            yield and_(table.c.pbx == pbx, table.c.call_id.in_(call_ids[start : start + AT_ONCE]))


async def _fetch_naming(connection: AsyncConnection, table: Table, number: SoughtNumber) -> list[Row]:
    names = _texts(table)
    if not names:
        return []
    found = await _fetch(connection, table, or_(*(_bare(table, name).contains(number.tail) for name in names)))
    return [row for row in found if any(number.holds(row[name]) for name in names)]


def _pointing(table: Table) -> list[Column[Any]]:
    """The columns that name a customer."""
    return [column for column in table.columns if any(key.column is customers.c.id for key in column.foreign_keys)]


def _texts(table: Table) -> Sequence[str]:
    """The columns that hold what somebody wrote: not the keys by which rows are found, nor another's own number."""
    keys = {column.name for column in table.primary_key} | {"identity_key", "match_key", "key"}
    if table is customer_numbers:
        return ()
    return [column.name for column in table.columns if isinstance(column.type, String) and column.name not in keys]


def _bare(table: Table, name: str) -> ColumnElement[str]:
    """The column without what people write between digits."""
    text: ColumnElement[Any] = table.c[name]
    for mark in _SEPARATORS:
        text = func.replace(text, mark, "")
    return text


async def _fetch(connection: AsyncConnection, table: Table, condition: ColumnElement[bool]) -> list[Row]:
    found = await connection.execute(select(table).where(condition).order_by(*table.primary_key))
    return [{str(name): value for name, value in row.items()} for row in found.mappings()]


def _is_row(table: Table, row: Row) -> ColumnElement[bool]:
    return and_(*(column == row[column.name] for column in table.primary_key))
