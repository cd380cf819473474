"""A person with all the numbers that our own book knows of him: looked for, given out, or erased, in one go.

A number that another customer has too is left unless it is asked for: who of them called by it is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.person_rows import Row, fetch_customers_of
from cti.written_number import WrittenNumber
from offhook.privacy.erasing import Erased, check_choice, erase, kept_lines, what_remains
from offhook.privacy.kept import Kept, PersonError, fetch_kept, find_number, plain, reading
from offhook.settings import Settings

NAMED_AT_MOST = 3


class LeftNumber(NamedTuple):
    """A number of his that was not looked for, and why; ``sharing`` are the other customers with it."""

    number: str
    why: str
    sharing: Sequence[Row] = ()


class WholePerson(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept by the number that was asked for, with his own rows of the book, and by each of his ``others``."""

    main: Kept
    others: tuple[Kept, ...] = ()
    left: tuple[LeftNumber, ...] = ()

    @property
    def is_empty(self) -> bool:
        return all(kept.is_empty for kept in (self.main, *self.others))

    @property
    def unasked(self) -> tuple[str, ...]:
        """His numbers that nobody asked for."""
        known = {*(kept.number.key for kept in self.others), *(one.number for one in self.left)}
        return tuple(number for number in self.main.other_numbers if number not in known)


async def fetch_whole(
    settings: Settings,
    folder: Path,
    engine: AsyncEngine,
    number: WrittenNumber,
    only: Collection[int] = (),
    *,
    shared_too: bool = False,
) -> WholePerson:
    """Look everywhere for each number of the customer, or of ``only`` these who share the one that is asked for.

    Raises:
        PersonError: several customers have it, and none is named; or one is named who has it not.
        OffhookError: the store cannot be used.
    """
    main = await fetch_kept(settings, folder, engine, number, only)
    check_choice(main, only)
    others: list[Kept] = []
    left: list[LeftNumber] = []
    for key in main.other_numbers:
        try:
            other = find_number(key, settings.crm)
        except PersonError as error:
            left.append(LeftNumber(key, error.what))
            continue
        sharing = [] if shared_too else await _fetch_sharing(engine, other, main.meant)
        if sharing:
            left.append(LeftNumber(key, "another customer has it too, and who of them called is not known", sharing))
        else:
            others.append(await fetch_kept(settings, folder, engine, other, main.meant, with_customers=False))
    return WholePerson(main=main, others=tuple(others), left=tuple(left))


async def _fetch_sharing(engine: AsyncEngine, number: WrittenNumber, meant: Collection[int]) -> list[Row]:
    """The other customers with this number."""
    async with reading(engine) as connection:
        return [row for row in await fetch_customers_of(connection, number) if row["id"] not in meant]


async def erase_whole(settings: Settings, folder: Path, engine: AsyncEngine, person: WholePerson) -> list[Erased]:
    """Erase him by each number, the customer with the last of them: until then the book knows the others.

    Raises:
        OffhookError: as ``erase`` does; the same again goes on from there.
    """
    return [await erase(settings, folder, engine, kept) for kept in (*person.others, person.main)]


def plain_whole(person: WholePerson) -> dict[str, Any]:
    """What was found, as JSON has it: as of one number, and the same of each other one. It names no other customer."""
    return plain(person.main) | {
        "by_other_numbers": [plain(kept) | {"other_numbers": []} for kept in person.others],
        "numbers_left": [{"number": one.number, "why": one.why} for one in person.left],
    }


def whole_lines(person: WholePerson) -> Iterator[str]:
    """What would be erased, for the terminal."""
    yield from kept_lines(person.main)
    for kept in person.others:
        found = [f"{place.found} in {place.name.replace('_', ' ')}" for place in kept.places() if place.found]
        yield f"by {kept.number.key}, which is his too: {', '.join(found) or 'nothing'}"
        yield from what_remains(kept)
    yield from left_lines(person)


def left_lines(person: WholePerson) -> Iterator[str]:
    """Which of his numbers were not looked for, for the terminal."""
    if person.unasked:
        yield f"left are the same customer's other numbers: {', '.join(person.unasked)}; --all-numbers takes them too"
    for one in person.left:
        yield f"left is {one.number}: {one.why}"
        yield from (f"  customer {row['id']}: {row['name']}" for row in one.sharing[:NAMED_AT_MOST])
        if len(one.sharing) > NAMED_AT_MOST:
            yield f"  and {len(one.sharing) - NAMED_AT_MOST:,} more"
    if any(one.sharing for one in person.left):
        yield "--shared-too takes the shared ones too, and the others' calls by them"
