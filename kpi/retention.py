"""Old calls removed, numbers taken out of older ones, old oddities removed: some at a time, and every sum stays.

What removed calls have added to the tallies is kept in a table beside, so that the tallies can still be made anew:
they are always that and what the stored calls and spans add. Each batch is a transaction of its own, and what takes
long to find is found before it begins to write: nobody waits for long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Direction
from kpi import reading, schema
from kpi.blanking import ERASED, blank_customers
from kpi.person_calls import KnownCall, fetch_customers
from kpi.reading import CallKey
from kpi.removed import Retained, fetch_retained, note_removed, note_retained
from kpi.summing import add_tallies, sums_of
from kpi.writing import delete_calls

CALLS_AT_ONCE = 200
ODDITIES_AT_ONCE = 1_000

_calls = schema.calls.c
_ORDER = (_calls.offered_at, _calls.pbx, _calls.call_id)
Place = tuple[datetime, str, str]  #: a call's beginning and key


async def fetch_old_calls(
    connection: AsyncConnection, before: datetime, after: Place | None = None, limit: int = CALLS_AT_ONCE
) -> list[Place]:
    """The calls that began before that instant, the oldest first, from the one behind ``after`` on."""
    return await _fetch_places(connection, [_calls.offered_at < before], after, limit)


async def fetch_numbered_calls(
    connection: AsyncConnection, before: datetime, after: Place | None = None, limit: int = CALLS_AT_ONCE
) -> list[Place]:
    """Those out of which the customer has to be taken: not looked at yet, or told later and still with a number."""
    looked_at = (await fetch_retained(connection)).get(Retained.NUMBERS)
    conditions = [_calls.offered_at < before]
    if looked_at is not None:
        conditions.append(or_(_calls.offered_at >= looked_at, _is_somebodys()))
    return await _fetch_places(connection, conditions, after, limit)


def _is_somebodys() -> ColumnElement[bool]:
    return or_(
        and_(
            _calls.direction == Direction.INBOUND,
            or_(_calls.caller_number.is_not(None), _calls.caller_name.is_not(None)),
        ),
        and_(_calls.direction == Direction.OUTBOUND, _calls.dialled.is_not(None)),
        and_(_calls.customer_e164.is_not(None), ~_calls.customer_e164.startswith(ERASED)),
    )


async def _fetch_places(
    connection: AsyncConnection, conditions: Sequence[ColumnElement[bool]], after: Place | None, limit: int
) -> list[Place]:
    wanted = select(*_ORDER).where(*conditions).order_by(*_ORDER).limit(limit)
    if after is not None:
        wanted = wanted.where(tuple_(*_ORDER) > tuple_(*after, types=[column.type for column in _ORDER]))
    return [(row.offered_at, row.pbx, row.call_id) for row in await connection.execute(wanted)]


async def remove_calls(connection: AsyncConnection, places: Sequence[Place]) -> int:
    """Remove these calls with their parts, but for their share of the tallies; how many there still were."""
    await _claim(connection)
    calls = await reading.fetch_calls_by_key(connection, map(_key, places))
    told_by = await reading.fetch_sources(connection, calls)
    quarters, for_ever = sums_of([(call, told_by[key]) for key, call in calls.items()])
    await add_tallies(connection, quarters | for_ever, schema.removed_tallies)
    await note_removed(connection, calls)
    await delete_calls(connection, calls)
    return len(calls)


async def forget_customers(connection: AsyncConnection, places: Sequence[Place]) -> int:
    """Take number and name of the customers out of these calls; how many calls changed."""
    await _claim(connection)
    calls = await reading.fetch_calls_by_key(connection, map(_key, places))
    told_by = await reading.fetch_sources(connection, calls)
    customers = await fetch_customers(connection, calls)
    return await blank_customers(
        connection, [KnownCall(one, told_by[key], customers[key]) for key, one in calls.items()]
    )


async def note_done(connection: AsyncConnection, kind: Retained, before: datetime) -> None:
    """Keep that nothing older is left of this kind."""
    await _claim(connection)
    await note_retained(connection, kind, before)


async def remove_oddities(connection: AsyncConnection, before: datetime) -> int:
    """Remove some of the oddities before that instant; how many. None: there are no more."""
    await _claim(connection)
    odd = schema.oddities.c
    key = (odd.pbx, odd.session, odd.byte_offset, odd.n)
    some = select(*key).where(odd.at < before).order_by(odd.at).limit(ODDITIES_AT_ONCE).subquery()
    done = await connection.execute(delete(schema.oddities).where(tuple_(*key).in_(select(*some.c))))
    return done.rowcount


async def count_old(connection: AsyncConnection, before: datetime) -> int:
    """How many calls began before that instant."""
    return await _count(connection, select(func.count()).where(_calls.offered_at < before))


async def count_numbered(connection: AsyncConnection, before: datetime) -> int:
    """How many of these have a customer's number or name."""
    return await _count(connection, select(func.count()).where(_calls.offered_at < before, _is_somebodys()))


async def count_oddities(connection: AsyncConnection, before: datetime) -> int:
    """How many oddities are older than that instant."""
    return await _count(connection, select(func.count()).where(schema.oddities.c.at < before))


async def _count(connection: AsyncConnection, asked: Select[Any]) -> int:
    return int((await connection.execute(asked)).scalar_one())


def _key(place: Place) -> CallKey:
    return place[1], place[2]


async def _claim(connection: AsyncConnection) -> None:
    """Come after whoever writes calls now, and before whoever comes: see ``kpi.writing``."""
    marks = schema.journal_marks
    await connection.execute(update(marks).values(pbx=marks.c.pbx))
