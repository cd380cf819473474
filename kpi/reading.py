"""The statements that read. Each takes a connection that the store has opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Call, CallOutcome, Direction, Oddity, Origin
from kpi import rows, schema
from kpi.batch import Mark, Span
from kpi.sums import GroupKey as GroupKey, fetch_sums
from kpi.tally import Tally, TallyKey

CallKey = tuple[str, str]

_calls = schema.calls.c
_tallies = schema.tallies.c
_ORDER = (_calls.offered_at, _calls.pbx, _calls.call_id)
_OF_QUARTER = 3  # the fields of a tally's key that say which quarter of which PBX
_BESIDES = len(TallyKey._fields) - _OF_QUARTER
_KEYS_AT_ONCE = 1_000  # SQLite takes 32,766 parameters in a statement, PostgreSQL 32,767


class CallFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls: offered from ``since`` up to, not at, ``until``. None leaves a condition out.

    ``queue``: the caller was in it, or was refused by it. ``agent``: he was rung or talked.
    """

    since: datetime | None = None
    until: datetime | None = None
    pbx: str | None = None
    queue: str | None = None
    agent: str | None = None
    direction: Direction | None = None
    outcome: CallOutcome | None = None
    customer_e164: str | None = None


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Which tallies: quarters that start from ``since`` up to, not at, ``until``."""

    since: datetime
    until: datetime
    pbx: str | None = None
    queue: str | None = None
    agent: str | None = None
    direction: Direction | None = None


async def fetch_calls_by_key(connection: AsyncConnection, keys: Iterable[CallKey]) -> dict[CallKey, Call]:
    found: dict[CallKey, Call] = {}
    for some in among(schema.calls, keys):
        found |= {rows.call_key(call): call for call in await _with_parts(connection, select(schema.calls).where(some))}
    return found


async def fetch_sources(connection: AsyncConnection, keys: Iterable[CallKey]) -> dict[CallKey, schema.CallSource]:
    """Who told each of these calls, where they are stored."""
    found: dict[CallKey, schema.CallSource] = {}
    for some in among(schema.calls, keys):
        told = await connection.execute(select(_calls.pbx, _calls.call_id, _calls.source).where(some))
        found |= {(pbx, call_id): source for pbx, call_id, source in told}
    return found


async def fetch_told_by_key(connection: AsyncConnection, calls: Iterable[Call]) -> list[tuple[Call, schema.CallSource]]:
    """Of these calls those that are stored, as they are stored, each with who told it."""
    found = await fetch_calls_by_key(connection, {rows.call_key(call) for call in calls})
    told_by = await fetch_sources(connection, found)
    return [(call, told_by[key]) for key, call in found.items()]


async def fetch_told_after(
    connection: AsyncConnection, after: CallKey, limit: int
) -> list[tuple[Call, schema.CallSource]]:
    """At most ``limit`` calls in the order of their keys, from the one behind ``after`` on, each with who told it."""
    keys = _calls.pbx, _calls.call_id
    page = select(schema.calls).where(tuple_(*keys) > tuple_(*after, types=_types(keys))).order_by(*keys).limit(limit)
    calls = await _with_parts(connection, page)
    told_by = await fetch_sources(connection, map(rows.call_key, calls))
    return [(call, told_by[rows.call_key(call)]) for call in calls]


async def fetch_calls(
    connection: AsyncConnection, wanted: CallFilter, limit: int, after: Call | None = None
) -> list[Call]:
    """At most ``limit`` calls, newest first; the next page is the one ``after`` the last call of this one."""
    page = select(schema.calls).where(*_conditions(wanted))
    if after is not None:
        page = page.where(tuple_(*_ORDER) < tuple_(after.offered_at, after.pbx, after.call_id, types=_types(_ORDER)))
    return await _with_parts(connection, page.order_by(*(column.desc() for column in _ORDER)).limit(limit))


async def _with_parts(connection: AsyncConnection, calls: Select[Any]) -> list[Call]:
    found = (await connection.execute(calls)).mappings().all()
    keys = [(row["pbx"], row["call_id"]) for row in found]
    parts = {table: await _fetch_parts(connection, table, keys) for table in rows.PARTS}
    return [
        rows.call_from(row, {table: of_calls.get(key, ()) for table, of_calls in parts.items()})
        for row, key in zip(found, keys, strict=True)
    ]


async def _fetch_parts(
    connection: AsyncConnection, table: Table, keys: Iterable[CallKey]
) -> dict[CallKey, list[msgspec.Struct]]:
    parts: dict[CallKey, list[msgspec.Struct]] = {}
    for some in among(table, keys):
        of_calls = select(table).where(some).order_by(table.c.call_id, table.c.n)
        for row in (await connection.execute(of_calls)).mappings():
            parts.setdefault((row["pbx"], row["call_id"]), []).append(rows.part_from(table, row))
    return parts


def _conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    same = ("pbx", "direction", "outcome", "customer_e164")
    conditions = [_calls[name] == getattr(wanted, name) for name in same if getattr(wanted, name) is not None]
    if wanted.since is not None:
        conditions.append(_calls.offered_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_calls.offered_at < wanted.until)
    if wanted.queue is not None:
        conditions.append(or_(_calls.queue == wanted.queue, _has(schema.stays, "queue", wanted.queue)))
    if wanted.agent is not None:
        conditions.append(or_(_has(schema.rings, "agent", wanted.agent), _has(schema.talks, "agent", wanted.agent)))
    return conditions


def _has(table: Table, column: str, value: str) -> ColumnElement[bool]:
    same_call = (table.c.pbx == _calls.pbx) & (table.c.call_id == _calls.call_id)
    return exists().where(same_call, table.c[column] == value)


async def fetch_packed(
    connection: AsyncConnection, keys: Collection[TallyKey], table: Table = schema.tallies
) -> dict[TallyKey, Sequence[dict[Any, int]]]:
    """What the database cannot add of these rows of ``table``, where they are there: in the order of ``rows.PACKED``.

    Asked for by quarter: SQLite reads the whole table for a list of whole keys, but finds a list of queues and agents
    within a quarter by the primary key.
    """
    by_quarter: dict[tuple[Any, ...], list[TallyKey]] = {}
    for key in keys:
        by_quarter.setdefault(key[:_OF_QUARTER], []).append(key)
    columns = [table.c[name] for name in (*TallyKey._fields[_OF_QUARTER:], *rows.PACKED)]
    found: dict[TallyKey, Sequence[dict[Any, int]]] = {}
    for quarter, of_quarter in by_quarter.items():
        for some in chunks(of_quarter, _KEYS_AT_ONCE):
            same = [table.c[name] == value for name, value in zip(TallyKey._fields, quarter, strict=False)]
            queues, agents = {key.queue for key in some}, {key.agent for key in some}
            wanted = select(*columns).where(*same, table.c.queue.in_(queues), table.c.agent.in_(agents))
            for row in await connection.execute(wanted):
                found[TallyKey(*quarter, *row[:_BESIDES])] = row[_BESIDES:]
    return {key: found[key] for key in keys if key in found}


async def fetch_tallies(
    connection: AsyncConnection, conditions: Sequence[ColumnElement[bool]], by: Sequence[str]
) -> dict[GroupKey, Tally]:
    """The sums of the rows that meet ``conditions``, by the values of the key's columns named in ``by``."""
    return await fetch_sums(connection, [conditions], [_tallies[name] for name in by])


def in_window(window: Window) -> list[ColumnElement[bool]]:
    quarters = [
        _tallies.span == schema.TallySpan.QUARTER,
        _tallies.starts_at >= window.since,
        _tallies.starts_at < window.until,
    ]
    same = ("pbx", "queue", "agent", "direction")
    return quarters + [_tallies[name] == getattr(window, name) for name in same if getattr(window, name) is not None]


def of_all_time() -> list[ColumnElement[bool]]:
    return [_tallies.span.in_((schema.TallySpan.EVER, schema.TallySpan.FILLED, schema.TallySpan.AGENT))]


async def fetch_oddity_counts(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """By ``(pbx, kind)``."""
    kinds = schema.oddities.c.pbx, schema.oddities.c.kind
    counted = await connection.execute(select(*kinds, func.count()).group_by(*kinds))
    return {(pbx, kind): count for pbx, kind, count in counted}


async def fetch_oddity_kinds(
    connection: AsyncConnection, since: datetime | None, pbx: str | None
) -> list[tuple[int, Oddity]]:
    """How many of each kind, with the latest one, the most frequent first."""
    odd = schema.oddities.c
    conditions = [*([odd.at >= since] if since is not None else []), *([odd.pbx == pbx] if pbx is not None else [])]
    counted = select(odd.pbx, odd.kind, func.count().label("count")).where(*conditions).group_by(odd.pbx, odd.kind)
    kinds: list[tuple[int, Oddity]] = []
    for of_pbx, kind, count in (await connection.execute(counted)).all():
        of_kind = select(schema.oddities).where(*conditions, odd.pbx == of_pbx, odd.kind == kind)
        last = (await connection.execute(of_kind.order_by(odd.at.desc()).limit(1))).mappings().one()
        origin = Origin(of_pbx, last["session"], last["byte_offset"], last["event"])
        kinds.append((count, Oddity(kind, last["detail"], last["at"], origin)))
    return sorted(kinds, key=lambda one: (-one[0], one[1].origin.pbx, one[1].kind))


async def fetch_spans(connection: AsyncConnection, since: datetime, until: datetime, agent: str | None) -> list[Span]:
    """The spans that touch the time from ``since`` to ``until``, in order; not cut to it."""
    spans = schema.agent_spans
    touching = select(spans).where(
        spans.c.started_at < until, or_(spans.c.ended_at.is_(None), spans.c.ended_at > since)
    )
    if agent is not None:
        touching = touching.where(spans.c.agent == agent)
    in_order = touching.order_by(spans.c.started_at, spans.c.pbx, spans.c.agent, spans.c.kind, spans.c.queue)
    return [Span(**row) for row in (await connection.execute(in_order)).mappings()]


async def fetch_marks(connection: AsyncConnection) -> dict[str, Mark]:
    found = await connection.execute(select(schema.journal_marks))
    return {row["pbx"]: Mark(**row) for row in found.mappings()}


def among(table: Table, keys: Iterable[CallKey]) -> Iterator[ColumnElement[bool]]:
    """Conditions on a table of calls or their parts, which together are met by the rows of these calls, each by one."""
    by_pbx: dict[str, list[str]] = {}
    for pbx, call_id in keys:
        by_pbx.setdefault(pbx, []).append(call_id)
    for pbx, ids in by_pbx.items():
        for some in chunks(ids, _KEYS_AT_ONCE):
            yield and_(table.c.pbx == pbx, table.c.call_id.in_(some))


def chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _types(columns: Iterable[Any]) -> list[Any]:
    return [column.type for column in columns]
