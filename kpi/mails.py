"""Which reports were mailed up to when: a restart neither sends one twice nor forgets one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi.schema import mailed_reports


async def fetch_mailed(connection: AsyncConnection) -> dict[str, datetime]:
    """By the report's name, the time that was dealt with last."""
    return {row.name: row.due_at for row in await connection.execute(select(mailed_reports))}


async def store_mailed(connection: AsyncConnection, name: str, due_at: datetime) -> None:
    """Keep that the time ``due_at`` of this report is dealt with."""
    known = update(mailed_reports).where(mailed_reports.c.name == name).values(due_at=due_at)
    if (await connection.execute(known)).rowcount == 0:
        await connection.execute(insert(mailed_reports), {"name": name, "due_at": due_at})
