"""Customers' consents in the book: every word is kept, the newest of each channel and purpose holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_bridge.consent import NO, Channel, Consent, Decision, in_force
from crm_bridge.quick_reader import Asked
from crm_bridge.schema import customer_consents, customers

#: who records what an import tells
IMPORT: Final = "import"
#: words of one customer that are read, the newest
MAX_HISTORY: Final = 1_000
_TOLD: Final = customer_consents.c
_WORDS: Final = (
    select(customer_consents)
    .where(_TOLD.customer_id.in_(bindparam("ids", expanding=True)))
    .order_by(_TOLD.counts_from, _TOLD.id)
)


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One word as it is kept: by whom and when it was written down."""

    consent: Consent
    counts_from: date
    recorded_by: str
    recorded_at: datetime


async def fetch_consents(connection: Asked, ids: Sequence[int]) -> Mapping[int, list[Recorded]]:
    """Every word of these customers, oldest first by the day from which it counts."""
    found: defaultdict[int, list[Recorded]] = defaultdict(list)
    if ids:
        for row in await connection.execute(_WORDS, {"ids": ids}):
            found[row.customer_id].append(_recorded(row))
            del found[row.customer_id][:-MAX_HISTORY]
    return found


async def fetch_history(connection: AsyncConnection, whole_id: int) -> list[Recorded]:
    """Every word of a customer and of the records that are a part of him, in the order in which they were told."""
    mine = select(customers.c.id).where(or_(customers.c.id == whole_id, customers.c.merged_into == whole_id))
    ids = (await connection.execute(mine)).scalars().all()
    words = [word for told in (await fetch_consents(connection, ids)).values() for word in told]
    return sorted(words, key=lambda one: one.recorded_at)


def holding(words: Iterable[Recorded]) -> tuple[Consent, ...]:
    """What holds of all that was said by one person, of whichever of his records."""
    ordered = sorted(words, key=lambda one: (one.counts_from, one.recorded_at))
    return in_force(one.consent for one in ordered)


async def store_consents(
    connection: AsyncConnection, told: Mapping[int, Sequence[Consent]], by: str, now: datetime
) -> set[int]:
    """Write down what customers said, by id; returns the ids of those of whom there was anything new.

    What ``by`` has told in the same words last is not new. ``lifted`` ends only a refusal that ``by`` told himself.
    A day to come counts from today.
    """
    ids = [one for one, words in told.items() if words]
    known = await fetch_consents(connection, ids)
    new = [(one, word) for one in ids for word in told[one] if _is_new(word, known.get(one, []), by)]
    rows = [_values(one, word, by, now) | _since(known.get(one, []), word, by, now) for one, word in new]
    if rows:
        await connection.execute(insert(customer_consents), rows)
    return {one for one, _ in new}


def _is_new(word: Consent, known: Sequence[Recorded], by: str) -> bool:
    about, own = _about(known, word), _own(known, word, by)
    if word.decision is Decision.LIFTED:
        return bool(own) and about[-1] is own[-1] and own[-1].consent.decision in NO
    return not own or max(own, key=lambda one: one.recorded_at).consent != word


def _values(customer_id: int, word: Consent, by: str, now: datetime) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "channel": word.channel.value,
        "purpose": word.purpose,
        "decision": word.decision.value,
        "source": word.source,
        "decided_on": word.on,
        "recorded_by": by[:64],
        "recorded_at": now,
    }


def _since(known: Sequence[Recorded], word: Consent, by: str, now: datetime) -> dict[str, date]:
    """The day from which a word counts: a refusal that was lifted and is told again counts after that."""
    today = now.astimezone(UTC).date()
    on = today if word.on is None else min(word.on, today)
    lifted = [one.counts_from for one in _own(known, word, by) if one.consent.decision is Decision.LIFTED]
    return {"counts_from": max([on, *lifted])}


def _own(known: Sequence[Recorded], word: Consent, by: str) -> list[Recorded]:
    return [one for one in _about(known, word) if one.recorded_by == by]


def _about(known: Sequence[Recorded], word: Consent) -> list[Recorded]:
    return [one for one in known if (one.consent.channel, one.consent.purpose) == (word.channel, word.purpose)]


def _recorded(row: Row[Any]) -> Recorded:
    consent = Consent(
        channel=Channel(row.channel),
        decision=Decision(row.decision),
        source=row.source,
        on=row.decided_on,
        purpose=row.purpose,
    )
    return Recorded(
        consent=consent,
        counts_from=row.counts_from,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )
