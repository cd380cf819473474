"""Customers made one, and made several again.

A merge changes no record. It says that one is from now on a part of another: whoever looks for either finds the whole
(see ``parts.py``), an import goes on to change each record by its own number. So undoing a merge gives back exactly
what was, with what has come to each record since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Select, desc, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.schema import customer_merges, customers
from cti.errors import OffhookError, driver_words

#: records that one customer may be made of
MAX_PARTS: Final = 50
_MERGE: Final = customer_merges.c


class MergeError(OffhookError):
    """Customers that cannot be made one, or not be parted."""


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """One merge: which record became a part of which, by whom and when. ``undone_at`` is None while it is in force."""

    merge_id: int
    kept_id: int
    kept_name: str
    gone_id: int
    gone_name: str
    merged_by: str
    merged_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None


async def store_merge(engine: AsyncEngine, kept_id: int, gone_id: int, by: str, now: datetime) -> Merge:
    """Make ``gone_id``, and all that is a part of it, a part of ``kept_id``.

    Raises MergeError ``merge-impossible`` for a customer who is not there, is a part already or the same one, and
    ``merge-not-stored``.
    """
    try:
        async with engine.begin() as connection:
            await _lock(connection, (kept_id, gone_id))
            await _check(connection, kept_id, gone_id)
            values = {"kept_id": kept_id, "gone_id": gone_id, "merged_by": by[:64], "merged_at": now}
            made = await connection.execute(insert(customer_merges).values(values).returning(_MERGE.id))
            merge_id = made.scalar_one()
            await _settle(connection, (kept_id, gone_id))
            return _merge((await connection.execute(_merges().where(_MERGE.id == merge_id))).one())
    except (SQLAlchemyError, OSError) as error:
        raise _not_stored(error) from error


async def undo_merge(engine: AsyncEngine, merge_id: int, by: str, now: datetime) -> Merge:
    """Part two customers who were made one. Raises MergeError ``merge-not-found`` and ``merge-not-stored``."""
    try:
        async with engine.begin() as connection:
            undone = update(customer_merges).where(_MERGE.id == merge_id, _MERGE.undone_at.is_(None))
            done = await connection.execute(undone.values(undone_by=by[:64], undone_at=now))
            if done.rowcount != 1:
                hint = "list those in force with: offhook customers merges"
                raise MergeError("merge-not-found", f"there is no merge {merge_id} that could be undone", "", hint)
            merge = _merge((await connection.execute(_merges().where(_MERGE.id == merge_id))).one())
            await _lock(connection, (merge.kept_id, merge.gone_id))
            await _settle(connection, (merge.kept_id, merge.gone_id))
            return merge
    except (SQLAlchemyError, OSError) as error:
        raise _not_stored(error) from error


async def fetch_merges(engine: AsyncEngine, most: int, *, undone: bool = False) -> list[Merge]:
    """The last merges, newest first; with ``undone`` those too that no longer hold. Raises MergeError."""
    asked = _merges().order_by(desc(_MERGE.id)).limit(most)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(asked if undone else asked.where(_MERGE.undone_at.is_(None)))
            return [_merge(row) for row in rows]
    except (SQLAlchemyError, OSError) as error:
        raise _not_stored(error) from error


def wholes(pairs: Mapping[int, int], records: Collection[int]) -> dict[int, int | None]:
    """By record the customer of whom it is a part, None for who stands by himself. ``pairs`` leads from gone to kept.

    >>> wholes({3: 2, 2: 1}, [1, 2, 3, 4])
    {1: None, 2: 1, 3: 1, 4: None}
    """
    found: dict[int, int | None] = {}
    for one in records:
        whole = one
        for _ in pairs:
            whole = pairs.get(whole, whole)
        found[one] = None if whole == one else whole
    return found


async def _lock(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Write before reading: whoever merges one of these at the same time waits."""
    for one in sorted(ids):
        same = update(customers).where(customers.c.id == one).values(merged_into=customers.c.merged_into)
        await connection.execute(same)


async def _check(connection: AsyncConnection, kept_id: int, gone_id: int) -> None:
    asked = select(customers.c.id, customers.c.merged_into).where(customers.c.id.in_((kept_id, gone_id)))
    known = {row.id: row.merged_into for row in await connection.execute(asked)}
    if kept_id == gone_id:
        raise _impossible("that is one and the same record")
    for one in (kept_id, gone_id):
        if one not in known:
            raise _impossible(f"there is no customer id:{one} in the book")
        if known[one] is not None:
            raise _impossible(f"id:{one} is already a part of id:{known[one]}")
    pairs = await _pairs_of(connection, (kept_id, gone_id))
    if len(pairs) + 2 > MAX_PARTS:
        raise _impossible(f"one customer cannot be made of more than {MAX_PARTS} records")


async def _settle(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Bring ``merged_into`` of all who hang together to what the merges in force say."""
    pairs = await _pairs_of(connection, ids)
    for record, whole in wholes(pairs, {*ids, *pairs, *pairs.values()}).items():
        await connection.execute(update(customers).where(customers.c.id == record).values(merged_into=whole))


async def _pairs_of(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, int]:
    """The merges in force of these and of all who hang together with them, from gone to kept."""
    pairs: dict[int, int] = {}
    known: set[int] = set()
    more = set(ids)
    while more - known:
        known |= more
        touching = or_(_MERGE.kept_id.in_(known), _MERGE.gone_id.in_(known))
        asked = select(_MERGE.gone_id, _MERGE.kept_id).where(touching, _MERGE.undone_at.is_(None))
        pairs = {row.gone_id: row.kept_id for row in await connection.execute(asked)}
        more = known | {*pairs, *pairs.values()}
    return pairs


def _merges() -> Select[Any]:
    kept, gone = customers.alias(), customers.alias()
    asked = select(customer_merges, kept.c.name.label("kept_name"), gone.c.name.label("gone_name"))
    return asked.join(kept, kept.c.id == _MERGE.kept_id).join(gone, gone.c.id == _MERGE.gone_id)


def _merge(row: Row[Any]) -> Merge:
    return Merge(
        merge_id=row.id,
        kept_id=row.kept_id,
        kept_name=row.kept_name,
        gone_id=row.gone_id,
        gone_name=row.gone_name,
        merged_by=row.merged_by,
        merged_at=row.merged_at,
        undone_by=row.undone_by,
        undone_at=row.undone_at,
    )


def _impossible(why: str) -> MergeError:
    hint = "look them up with: offhook customers find NUMBER"
    return MergeError("merge-impossible", "these two cannot be made one", why, hint)


def _not_stored(error: BaseException) -> MergeError:
    why = driver_words(error)
    return MergeError("merge-not-stored", "the customer book cannot be changed", why, "try it again")
