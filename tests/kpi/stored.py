"""What the tests see in the tables, past the store."""

from __future__ import annotations

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Call
from kpi import rows, schema
from kpi.tally import Tally, TallyKey, ever, gather, tallies_of


async def all_tallies(engine: AsyncEngine) -> dict[TallyKey, Tally]:
    async with engine.connect() as connection:
        found = (await connection.execute(select(schema.tallies))).mappings().all()
    return {rows.tally_key_from(row): rows.tally_from(row) for row in found}


def recomputed(*stored: Call) -> dict[TallyKey, Tally]:
    """What the tallies of these calls must be, quarters and all time."""
    quarters = gather(pair for call in stored for pair in tallies_of(call).items())
    return quarters | gather((ever(key), tally) for key, tally in quarters.items())


async def count(engine: AsyncEngine, table: Table) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()
