"""``offhook person erase``: a person taken out of everything that Offhook keeps, in an order that can be interrupted.

First the journal, for which the names in the book and in the calls are needed; then the book, the notes and what waits
for CRMs, which may be found by a call only; last the calls. What is done stays done, and the same command goes on with
what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge import person_rows
from cti.journal_person import Overwritten, erase_person
from cti.person_in_message import names_of
from cti.written_number import WrittenNumber
from kpi import blanking
from offhook.privacy.erasures import ErasureLog, Step
from offhook.privacy.kept import Kept, PersonError, changing, ids_of, journal_places
from offhook.settings import Settings

CALLS_AT_ONCE = 200


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased about a number, by place; ``left`` are messages that the PBX sent meanwhile."""

    number: str
    counts: dict[str, int]
    left: int = 0
    unreadable: tuple[str, ...] = ()


def check_choice(kept: Kept, only: Collection[int]) -> None:
    """Refuse what would erase somebody who only shares the number.

    Raises:
        PersonError: several customers have it and none is named, or one is named who has it not.
    """
    ids = [row["id"] for row in kept.customers]
    if unknown := [str(one) for one in only if one not in ids]:
        have = ", ".join(map(str, ids)) or "nobody"
        raise PersonError("person-shared-number", f"customer {', '.join(unknown)} has not this number", f"{have} has")
    if len(ids) > 1 and not only:
        raise PersonError(
            "person-shared-number",
            f"{len(ids)} customers have this number",
            "; ".join(f"{row['id']}: {row['name']}" for row in kept.customers),
            "name those to erase with --customer ID; the calls and the journal lose the number in any case",
        )


async def erase(settings: Settings, folder: Path, engine: AsyncEngine, kept: Kept) -> Erased:
    """Erase what was found; the log in ``folder`` tells of it.

    Raises:
        OffhookError: the store, the journal or the log cannot be written; the same again goes on from there.
    """
    log, key = ErasureLog(folder), kept.number.key
    meant = [row for row in kept.customers if row["id"] in kept.meant]
    shared, who = bool(kept.shared_with), [row["identity_key"] for row in meant]
    log.note(datetime.now(UTC), key, Step.BEGUN, shared=shared, who=who)
    names = names_of([*(one.call.caller.name for one in kept.calls), *(row["name"] for row in meant)])
    places, ids = journal_places(settings, folder), ids_of(kept.calls)
    done = await asyncio.to_thread(_erase_journals, places, kept.number, names, ids)
    counts = {f"journal of {pbx}": one.messages for pbx, one in done.items() if one.messages}
    counts |= await erase_stored(engine, kept)
    log.note(datetime.now(UTC), key, Step.DONE, counts, shared=shared, who=who)
    unreadable = tuple(path for one in done.values() for path in one.unreadable)
    return Erased(number=key, counts=counts, left=sum(one.left for one in done.values()), unreadable=unreadable)


async def erase_stored(engine: AsyncEngine, kept: Kept) -> dict[str, int]:
    """Erase what was found in the database; how many rows and calls, by place."""
    async with changing(engine) as connection:
        await person_rows.begin_writing(connection)
        await blanking.blank_oddities(connection, kept.oddities, kept.number)
        counts = {"oddities": len(kept.oddities)} if kept.oddities else {}
        counts |= await person_rows.erase_rows(connection, kept.rows, kept.number)
    for start in range(0, len(kept.calls), CALLS_AT_ONCE):
        async with changing(engine) as connection:
            await blanking.begin_writing(connection)
            some = kept.calls[start : start + CALLS_AT_ONCE]
            counts["calls"] = counts.get("calls", 0) + await blanking.blank_person(connection, some, kept.number)
    return counts


def _erase_journals(
    places: dict[str, Path], number: WrittenNumber, names: Collection[str], ids: dict[str, set[str]]
) -> dict[str, Overwritten]:
    return {pbx: erase_person(place, number, names, ids.get(pbx, ())) for pbx, place in places.items()}


def kept_lines(kept: Kept) -> Iterator[str]:
    """What would be erased, for the terminal."""
    yield f"about {kept.number.key} there is:"
    width = max(len(place.name) for place in kept.places())
    for place in kept.places():
        yield f"  {place.name:<{width}}  {place.found:>6}  {place.searched if place.found else ''}".rstrip()
    yield from (f"customer {row['id']}: {row['name']}" for row in kept.customers)
    yield from what_remains(kept)


def what_remains(kept: Kept) -> Iterator[str]:
    """Whom else it touches, and what CRMs have: nobody but their admin can take it out there."""
    if kept.meant and kept.shared_with:
        yield f"{kept.number.key} is the number of others too: their calls by it lose it as well"
    for row in kept.rows.own.get("outbox", ()):
        if row["remote_id"]:
            yield f"{row['target']} has this person's {row['kind']} as {row['remote_id']}: erase it there"


def erased_lines(erased: Erased) -> Iterator[str]:
    """What was erased, for the terminal."""
    yield f"erased about {erased.number}: {_counted(erased.counts.items()) or 'nothing was left to erase'}"
    if erased.left:
        yield f"{erased.left} messages came while that was done: the person is on the telephone; erase again afterwards"
    yield from (f"not read to its end, and overwritten as far as it goes: {path}" for path in erased.unreadable)


def _counted(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} in {place.replace('_', ' ')}" for place, count in counts)
