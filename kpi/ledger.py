"""The gap ledger's statements: each loss of a PBX's stream is a row.

A turn (lost, back) may be written twice, after a commit whose answer was lost: the second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi import schema
from kpi.columns import EPOCH
from kpi.gaps import (
    BEFORE,
    NOT_RUNNING,
    Alive,
    Gap,
    HalfSeen,
    StreamBack,
    StreamLost,
    StreamMissed,
    Turn,
    late_end,
)
from kpi.schema import CallSource

CALL_AT_MOST = timedelta(days=1)
_GAPS_AT_ONCE = 100
_gaps = schema.gaps.c
_calls = schema.calls.c
_marks = schema.journal_marks.c


async def store_turns(connection: AsyncConnection, turns: Iterable[Turn]) -> list[Gap]:
    """Begin and end gaps; those that changed."""
    changed: dict[tuple[str, datetime], Gap] = {}
    for turn in turns:
        if isinstance(turn, StreamMissed):
            gap = await _miss(connection, turn)
        else:
            gap = await (_lose(connection, turn) if isinstance(turn, StreamLost) else _come_back(connection, turn))
        if gap is not None:
            changed[gap.key] = gap
    return list(changed.values())


async def _lose(connection: AsyncConnection, lost: StreamLost) -> Gap | None:
    gap = Gap(pbx=lost.pbx, began_at=lost.at, cause=lost.cause)
    same = or_(_gaps.ended_at.is_(None), _gaps.began_at == lost.at)
    known = await fetch_gaps(connection, [_gaps.pbx == lost.pbx, same])
    return None if known else await _add(connection, gap)


async def _miss(connection: AsyncConnection, missed: StreamMissed) -> Gap | None:
    """A gap of which the store may know all, only the beginning, or nothing."""
    known = await fetch_gaps(connection, [_gaps.pbx == missed.pbx])
    if missed.began_at == EPOCH:
        history = Gap(pbx=missed.pbx, began_at=EPOCH, ended_at=missed.ended_at, cause=BEFORE)
        return None if known else await _add(connection, history)
    gaps = [gap for gap in known if not gap.is_history]
    for gap in gaps:
        if gap.ended_at is None and gap.began_at < missed.ended_at:
            return await _end(connection, gap, missed.ended_at)
    if any(gap.began_at < missed.ended_at and (gap.ended_at or gap.began_at) > missed.began_at for gap in gaps):
        return None
    gap = Gap(pbx=missed.pbx, began_at=missed.began_at, ended_at=missed.ended_at, cause=missed.cause)
    return await _add(connection, gap) if missed.ended_at > missed.began_at else None


async def _end(connection: AsyncConnection, gap: Gap, at: datetime) -> Gap:
    ended_at = max(gap.began_at, at)
    row = update(schema.gaps).where(_gaps.pbx == gap.pbx, _gaps.ended_at.is_(None))
    await connection.execute(row.values(ended_at=ended_at))
    return msgspec.structs.replace(gap, ended_at=ended_at)


async def _come_back(connection: AsyncConnection, back: StreamBack) -> Gap | None:
    of_pbx = _gaps.pbx == back.pbx
    for gap in await fetch_gaps(connection, [of_pbx, _gaps.ended_at.is_(None)]):
        return await _end(connection, gap, back.at)
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


async def fetch_half_seen(connection: AsyncConnection, gaps: Sequence[Gap]) -> list[HalfSeen]:
    """The calls that have ended, met one of these gaps of one PBX, and are as they were seen; by their ends."""
    found: dict[str, HalfSeen] = {}
    columns = _calls.call_id, _calls.offered_at, _calls.ended_at
    for n in range(0, len(gaps), _GAPS_AT_ONCE):
        some = gaps[n : n + _GAPS_AT_ONCE]
        met = or_(*(and_(_calls.offered_at < late_end(gap), _calls.ended_at >= gap.began_at) for gap in some))
        of_pbx = _calls.pbx == some[0].pbx, _calls.source == CallSource.LIVE
        first = _calls.offered_at > min(gap.began_at for gap in some) - CALL_AT_MOST
        for row in await connection.execute(select(*columns).where(*of_pbx, first, met)):
            found[row.call_id] = HalfSeen(*row)
    return sorted(found.values(), key=lambda call: call.ended_at)


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
