"""Which calls were removed because of their age, by a digest of their key; told again, they are not stored again.

Their share of the tallies stays where it is. A journal, an import or a log of the PBX's may well tell them once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi import reading, schema
from kpi.many_rows import UPSERT, execute_many, upserting
from kpi.reading import CallKey

_AT_ONCE = 1_000
_DIGEST_BYTES = 8
_BACKWARDS = frozenset({"known", "repeated"})  # found from the days before a call, too
_OF_CALLS = frozenset({"most_at_once"})
_OF_CUSTOMERS = frozenset({"known", "repeated", "settled", "resolved", "lost", "called_back"})


class Retained(StrEnum):
    """What is kept since an instant only."""

    CALLS = "calls"
    NUMBERS = "numbers"


def digest_of(key: CallKey) -> int:
    """A whole number of 64 bits with its sign: of ten million calls, two have the same once in 370,000 sites."""
    text = "\0".join(key).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=_DIGEST_BYTES).digest(), "big", signed=True)


async def fetch_removed(connection: AsyncConnection, keys: Iterable[CallKey]) -> set[CallKey]:
    """Those of these calls that were removed."""
    by_digest = {digest_of(key): key for key in keys}
    digest = schema.removed_calls.c.digest
    found: set[CallKey] = set()
    for some in reading.chunks(list(by_digest), _AT_ONCE):
        known = await connection.execute(select(digest).where(digest.in_(some)))
        found |= {by_digest[one] for one in known.scalars()}
    return found


async def note_removed(connection: AsyncConnection, keys: Iterable[CallKey]) -> None:
    """Keep that these calls were removed."""
    values = [{"digest": digest_of(key)} for key in keys]
    if values:
        await connection.execute(UPSERT[connection.dialect.name](schema.removed_calls).on_conflict_do_nothing(), values)


async def fetch_retained(connection: AsyncConnection) -> dict[Retained, datetime]:
    """Since when calls are kept, and the numbers in them; what was never removed is not in it."""
    found = await connection.execute(select(schema.retained))
    return {Retained(row.kind): row.since for row in found if row.kind in list(Retained)}


async def note_retained(connection: AsyncConnection, kind: Retained, since: datetime) -> None:
    """Keep that what began before that instant is gone, unless more is gone already."""
    before = (await fetch_retained(connection)).get(kind)
    if before is None or before < since:
        await execute_many(connection, upserting, schema.retained, [{"kind": kind.value, "since": since}])


def untold(retained: Mapping[Retained, datetime], since: datetime, repeat_days: int) -> dict[str, datetime]:
    """What cannot be found for a period from ``since`` on, because calls or numbers are gone, and since when it can.

    By the names of ``kpi.found.Found``'s fields; ``repeat_days`` is how long before a call others are looked for.
    """
    calls = retained.get(Retained.CALLS)
    people = max((at for at in (calls, retained.get(Retained.NUMBERS)) if at is not None), default=None)
    found: dict[str, datetime] = {}
    for names, since_when, days in (
        (_OF_CALLS, calls, 0),
        (_OF_CUSTOMERS - _BACKWARDS, people, 0),
        (_BACKWARDS, people, repeat_days),
    ):
        if since_when is not None and since - timedelta(days=days) < since_when:
            found |= dict.fromkeys(names, since_when + timedelta(days=days))
    return found
