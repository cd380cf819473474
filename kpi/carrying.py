"""What one run of the program leaves to the next of the agents' days, as it stands in the store."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi import schema
from kpi.batch import Span
from kpi.spans import Carried

LOOK_BACK = timedelta(days=7)  #: whoever has not changed for so long is as he is


async def fetch_carried(connection: AsyncConnection, pbx: str) -> Carried:
    """The open spans of a PBX's agents, and when each of them last changed, as far as that matters."""
    spans, marks = schema.agent_spans, schema.journal_marks
    left_open = select(spans).where(spans.c.pbx == pbx, spans.c.ended_at.is_(None)).order_by(spans.c.started_at)
    carried = [Span(**row) for row in (await connection.execute(left_open)).mappings()]
    seen_at: datetime | None = (await connection.execute(select(marks.c.seen_at).where(marks.c.pbx == pbx))).scalar()
    changed_at: dict[str, datetime] = {}
    for column in (spans.c.started_at, spans.c.ended_at):
        latest = select(spans.c.agent, func.max(column, type_=spans.c.started_at.type)).where(spans.c.pbx == pbx)
        if seen_at is not None:
            latest = latest.where(column > seen_at - LOOK_BACK)
        for agent, at in await connection.execute(latest.group_by(spans.c.agent)):
            if at is not None:
                changed_at[agent] = max(at, changed_at.get(agent, at))
    return Carried(carried, changed_at)
