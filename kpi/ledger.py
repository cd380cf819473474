"""The gap ledger's statements: each loss of a PBX's stream is a row.

A turn (lost, back) may be written twice, after a commit whose answer was lost: the second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi import schema
from kpi.columns import EPOCH
from kpi.gaps import BEFORE, NOT_RUNNING, Alive, Gap, StreamBack, StreamLost, Turn

_gaps = schema.gaps.c
_marks = schema.journal_marks.c


async def store_turns(connection: AsyncConnection, turns: Iterable[Turn]) -> list[Gap]:
    """Begin and end gaps; those that changed."""
    changed: dict[tuple[str, datetime], Gap] = {}
    for turn in turns:
        gap = await (_lose(connection, turn) if isinstance(turn, StreamLost) else _come_back(connection, turn))
        if gap is not None:
            changed[gap.key] = gap
    return list(changed.values())


async def _lose(connection: AsyncConnection, lost: StreamLost) -> Gap | None:
    gap = Gap(pbx=lost.pbx, began_at=lost.at, cause=lost.cause)
    same = or_(_gaps.ended_at.is_(None), _gaps.began_at == lost.at)
    known = await fetch_gaps(connection, [_gaps.pbx == lost.pbx, same])
    return None if known else await _add(connection, gap)


async def _come_back(connection: AsyncConnection, back: StreamBack) -> Gap | None:
    of_pbx = _gaps.pbx == back.pbx
    for gap in await fetch_gaps(connection, [of_pbx, _gaps.ended_at.is_(None)]):
        ended_at = max(gap.began_at, back.at)
        await connection.execute(update(schema.gaps).where(of_pbx, _gaps.ended_at.is_(None)).values(ended_at=ended_at))
        return msgspec.structs.replace(gap, ended_at=ended_at)
    if not back.first or await fetch_gaps(connection, [of_pbx, _gaps.ended_at == back.at]):
        return None
    seen_at = (await connection.execute(select(_marks.seen_at).where(_marks.pbx == back.pbx))).scalar()
    last = max((at for at in (seen_at, back.known_until) if at is not None), default=None)
    if last is None:
        return await _add(connection, Gap(pbx=back.pbx, began_at=EPOCH, ended_at=back.at, cause=BEFORE))
    if last >= back.at:
        return None
    return await _add(connection, Gap(pbx=back.pbx, began_at=last, ended_at=back.at, cause=NOT_RUNNING))


async def _add(connection: AsyncConnection, gap: Gap) -> Gap | None:
    if await fetch_gaps(connection, [_gaps.pbx == gap.pbx, _gaps.began_at == gap.began_at]):
        return None
    await connection.execute(insert(schema.gaps), msgspec.structs.asdict(gap))
    return gap


async def store_filled(connection: AsyncConnection, gap: Gap) -> None:
    """Keep what is said of a gap's filling."""
    said = {name: getattr(gap, name) for name in ("filled_from", "filled_at", "calls_filled", "still_missing")}
    row = update(schema.gaps).where(_gaps.pbx == gap.pbx, _gaps.began_at == gap.began_at)
    await connection.execute(row.values(said))


async def note_alive(connection: AsyncConnection, alive: Iterable[Alive]) -> None:
    """Move the last time known of each PBX, never back."""
    latest = {one.pbx: one.at for one in sorted(alive, key=lambda one: one.at)}
    for pbx, at in latest.items():
        earlier = or_(_marks.seen_at.is_(None), _marks.seen_at < at)
        await connection.execute(update(schema.journal_marks).where(_marks.pbx == pbx, earlier).values(seen_at=at))


async def fetch_gaps(connection: AsyncConnection, conditions: Sequence[ColumnElement[bool]] = ()) -> list[Gap]:
    """Those that meet the conditions, in order."""
    found = await connection.execute(select(schema.gaps).where(*conditions).order_by(_gaps.began_at, _gaps.pbx))
    return [_gap(row) for row in found.mappings()]


def touching(since: datetime | None, until: datetime | None, pbx: str | None) -> list[ColumnElement[bool]]:
    """The conditions for gaps within a time; None leaves one out."""
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(or_(_gaps.ended_at.is_(None), _gaps.ended_at > since))
    if until is not None:
        conditions.append(_gaps.began_at < until)
    if pbx is not None:
        conditions.append(_gaps.pbx == pbx)
    return conditions


def _gap(row: Mapping[Any, Any]) -> Gap:
    return Gap(**row)
