"""Puts a file into the customer book: all of it or nothing, and the same file again changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.consent_book import IMPORT, store_consents
from crm_bridge.headers import ImportKind
from crm_bridge.import_file import BadRow, Reading, read_file
from crm_bridge.rows import CustomerRow, ImportRow, IncidentRow, OrderRow
from crm_bridge.schema import (
    customer_fields,
    customer_imports,
    customer_incidents,
    customer_numbers,
    customer_orders,
    customers,
)
from crm_bridge.text_file import ImportFileError, Progress
from cti.errors import driver_words

_BATCH: Final = 400
_CUSTOMER_COLUMNS: Final = (
    "external_id",
    "name",
    "company",
    "email",
    "language",
    "account_state",
    "account_note",
    "balance_cents",
    "currency",
    "notes",
    "search_text",
)


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file. When ``stored`` is False nothing was changed, because of the bad rows.

    ``bad`` and ``doubts`` hold the first thousand of ``bad_count`` and ``doubt_count``; doubts were imported all the
    same. ``added + changed + unchanged`` are the rows that are in the book now; ``remarks`` say how the file was read.
    """

    kind: ImportKind
    source: str
    stored: bool
    rows_read: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bad_count: int = 0
    bad: tuple[BadRow, ...] = ()
    doubt_count: int = 0
    doubts: tuple[BadRow, ...] = ()
    remarks: tuple[str, ...] = ()


async def import_file(
    engine: AsyncEngine,
    path: Path,
    kind: ImportKind = ImportKind.CUSTOMERS,
    *,
    region: str,
    skip_bad: bool = False,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Read the file, then store all its rows in one transaction; with ``skip_bad`` only the good ones.

    Without it a single bad row keeps everything as it was: see ``stored``. ``progress`` is told the bytes read of the
    file and their number, from the thread that reads. Raises ImportFileError when the file as a whole makes no sense or
    the book cannot be written.
    """
    read = partial(read_file, path, kind, region=region, encoding=encoding, progress=progress)
    with await asyncio.to_thread(read) as reading:
        if reading.bad_count and not skip_bad:
            return _report(reading, _Tally(), stored=False)
        tally = _Tally()
        try:
            async with engine.connect() as connection:
                await _store(connection, reading, tally)
                if reading.bad_count and not skip_bad:
                    await connection.rollback()
                    return _report(reading, _Tally(), stored=False)
                await connection.commit()
        except (SQLAlchemyError, OSError) as error:
            why = driver_words(error)
            raise ImportFileError(
                "import-not-stored", "the customer book cannot be written, nothing was imported", why, "try it again"
            ) from error
        return _report(reading, tally, stored=True)


class _Tally:
    def __init__(self) -> None:
        self.added = self.changed = self.unchanged = 0


async def _store(connection: AsyncConnection, reading: Reading, tally: _Tally) -> None:
    now = datetime.now(UTC)
    for batch in _batches(reading.rows()):
        if reading.kind is ImportKind.CUSTOMERS:
            await _store_customers(connection, [row for row in batch if isinstance(row, CustomerRow)], tally, now)
        else:
            others = [row for row in batch if not isinstance(row, CustomerRow)]
            await _store_belongings(connection, reading, others, tally)
    await connection.execute(
        insert(customer_imports).values(
            kind=reading.kind.value,
            source=reading.source,
            sha256=reading.sha256,
            finished_at=now,
            rows_read=reading.rows_read,
            added=tally.added,
            changed=tally.changed,
            unchanged=tally.unchanged,
            skipped=reading.bad_count,
        )
    )


async def _store_customers(
    connection: AsyncConnection, rows: Sequence[CustomerRow], tally: _Tally, now: datetime
) -> None:
    known = await _known_customers(connection, [row.identity_key for row in rows])
    new = [row for row in rows if row.identity_key not in known]
    moved = [row for row in rows if row.identity_key in known and known[row.identity_key][1] != _content(row)]
    ids = {key: known[key][0] for key in known}
    if new:
        made = insert(customers).returning(customers.c.id, customers.c.identity_key)
        for made_row in await connection.execute(made, [_customer_values(row, now) for row in new]):
            ids[made_row.identity_key] = made_row.id
    for row in moved:
        changed = update(customers).where(customers.c.id == ids[row.identity_key])
        await connection.execute(changed.values(_customer_values(row, now)))
    old = [ids[row.identity_key] for row in moved]
    for table in (customer_numbers, customer_fields):
        if old:
            await connection.execute(delete(table).where(table.c.customer_id.in_(old)))
    await _insert(connection, customer_numbers, _number_values([*new, *moved], ids))
    await _insert(connection, customer_fields, _field_values([*new, *moved], ids))
    said = await store_consents(connection, {ids[row.identity_key]: row.consents for row in rows}, IMPORT, now)
    changed_ids = (said - {ids[row.identity_key] for row in new}) | set(old)
    tally.added += len(new)
    tally.changed += len(changed_ids)
    tally.unchanged += len(rows) - len(new) - len(changed_ids)


async def _known_customers(connection: AsyncConnection, keys: Sequence[str]) -> dict[str, tuple[int, object]]:
    """By identity: the id and the content of the customers who are in the book already."""
    found = (await connection.execute(select(customers).where(customers.c.identity_key.in_(keys)))).all()
    ids = [row.id for row in found]
    numbers: dict[int, list[Any]] = {one: [] for one in ids}
    fields: dict[int, list[Any]] = {one: [] for one in ids}
    for table, kept in ((customer_numbers, numbers), (customer_fields, fields)):
        if ids:
            asked = select(table).where(table.c.customer_id.in_(ids)).order_by(table.c.position)
            for row in await connection.execute(asked):
                kept[row.customer_id].append(row)
    return {
        row.identity_key: (
            row.id,
            (
                tuple(getattr(row, column) for column in _CUSTOMER_COLUMNS),
                tuple((one.label, one.written, one.match_key) for one in numbers[row.id]),
                tuple((one.name, one.value) for one in fields[row.id]),
            ),
        )
        for row in found
    }


def _content(row: CustomerRow) -> object:
    return (
        tuple(getattr(row, column) for column in _CUSTOMER_COLUMNS),
        tuple((one.label, one.written, one.match_key) for one in row.numbers),
        row.fields,
    )


async def _store_belongings(
    connection: AsyncConnection, reading: Reading, rows: Sequence[OrderRow | IncidentRow], tally: _Tally
) -> None:
    """Orders or incidents, each bound to the customer whom it names; one of nobody is a bad row."""
    table = customer_orders if reading.kind is ImportKind.ORDERS else customer_incidents
    owners = await _owners(connection, {row.customer for row in rows})
    found = [row for row in rows if row.customer in owners]
    for row in rows:
        if row.customer not in owners:
            reading.reject(row.line, f'no customer has the number "{row.customer[:40]}"', "customer")
    asked = select(table).where(table.c.reference.in_([row.reference for row in found]))
    known = {row.reference: row for row in await connection.execute(asked)}
    new = [_belonging_values(row, owners[row.customer]) for row in found if row.reference not in known]
    for row in found:
        values, old = _belonging_values(row, owners[row.customer]), known.get(row.reference)
        if old is not None and any(getattr(old, column) != value for column, value in values.items()):
            await connection.execute(update(table).where(table.c.id == old.id).values(values))
            tally.changed += 1
        elif old is not None:
            tally.unchanged += 1
    tally.added += len(new)
    await _insert(connection, table, new)


async def _owners(connection: AsyncConnection, names: set[str]) -> dict[str, int]:
    """The customers with these numbers of their own; a number that two have is nobody's."""
    asked = select(customers.c.external_id, customers.c.id).where(customers.c.external_id.in_(names))
    return {row.external_id: row.id for row in await connection.execute(asked)}


def _customer_values(row: CustomerRow, now: datetime) -> dict[str, object]:
    values = {column: getattr(row, column) for column in _CUSTOMER_COLUMNS}
    return {**values, "identity_key": row.identity_key, "updated_at": now}


def _number_values(rows: Iterable[CustomerRow], ids: dict[str, int]) -> list[dict[str, object]]:
    return [
        {
            "customer_id": ids[row.identity_key],
            "position": place,
            "label": number.label,
            "written": number.written,
            "match_key": number.match_key,
            "tail": number.tail,
        }
        for row in rows
        for place, number in enumerate(row.numbers)
    ]


def _field_values(rows: Iterable[CustomerRow], ids: dict[str, int]) -> list[dict[str, object]]:
    return [
        {"customer_id": ids[row.identity_key], "position": place, "name": name, "value": value}
        for row in rows
        for place, (name, value) in enumerate(row.fields)
    ]


def _belonging_values(row: OrderRow | IncidentRow, customer_id: int) -> dict[str, object]:
    values = {name: getattr(row, name) for name in row.__struct_fields__ if name not in ("line", "customer")}
    return {**values, "customer_id": customer_id}


async def _insert(connection: AsyncConnection, table: Table, values: Sequence[dict[str, object]]) -> None:
    if values:
        await connection.execute(insert(table), values)


def _batches(rows: Iterator[ImportRow]) -> Iterator[list[ImportRow]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _report(reading: Reading, tally: _Tally, *, stored: bool) -> ImportReport:
    return ImportReport(
        kind=reading.kind,
        source=reading.source,
        stored=stored,
        rows_read=reading.rows_read,
        added=tally.added,
        changed=tally.changed,
        unchanged=tally.unchanged,
        bad_count=reading.bad_count,
        bad=tuple(sorted(reading.bad, key=lambda bad: bad.line)),
        doubt_count=reading.doubt_count,
        doubts=tuple(reading.doubts),
        remarks=tuple(reading.remarks),
    )
