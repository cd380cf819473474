"""What is old in the book and beside it: counted, and removed some rows at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_bridge.person_rows import begin_writing
from crm_bridge.schema import call_notes, customer_choices, customer_imports

AT_ONCE = 500


class Dated(NamedTuple):
    """A table, and the column that says how old a row is."""

    table: Table
    at: Column[Any]


#: What is let go of by its age, by the word that the settings have for it.
DATED: Mapping[str, Dated] = {
    "notes": Dated(call_notes, call_notes.c.updated_at),
    "choices": Dated(customer_choices, customer_choices.c.chosen_at),
    "imports": Dated(customer_imports, customer_imports.c.finished_at),
}

#: The other tables, and what their rows last as long as.
LASTING: Mapping[str, str] = {
    "customers": "until erased, or left out of a new list",
    "customer_numbers": "as the customer",
    "customer_fields": "as the customer",
    "customer_orders": "as the customer",
    "customer_incidents": "as the customer",
    "customer_consents": "as the customer: they have to be shown to have been given",
    "customer_merges": "as the customer: they may be undone",
    "outbox": "as [outbox] says",
}


async def count_old(connection: AsyncConnection, kind: str, before: datetime) -> int:
    """How many rows of this kind are older than that instant."""
    table, at = DATED[kind]
    return (await connection.execute(select(func.count()).select_from(table).where(at < before))).scalar_one()


async def remove_old(connection: AsyncConnection, kind: str, before: datetime) -> int:
    """Remove at most AT_ONCE of them; how many. 0: there are no more."""
    table, at = DATED[kind]
    await begin_writing(connection)
    keys = list(table.primary_key)
    some = (await connection.execute(select(*keys).where(at < before).limit(AT_ONCE))).all()
    if some:
        await connection.execute(delete(table).where(tuple_(*keys).in_([tuple(row) for row in some]), at < before))
    return len(some)
