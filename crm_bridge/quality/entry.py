"""A record of a list of customers, as far as its quality is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from crm_bridge.matching import fold

#: what a field with the town is called
TOWNS: Final = frozenset(
    {
        *("city", "town", "place", "citta", "comune", "localita", "ort", "stadt", "wohnort", "ville", "commune"),
        *("ciudad", "poblacion", "localidad"),
    }
)
_WORD = re.compile(r"[^\W_]+")


class EntryNumber(msgspec.Struct, frozen=True, array_like=True):
    """A number of a record: as written and its match key."""

    written: str
    key: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One record. ``whole`` is the customer of whom it is a part, its own id where it stands by itself."""

    record: str
    whole: str
    name: str
    own_number: str | None = None
    company: str | None = None
    email: str | None = None
    town: str | None = None
    numbers: tuple[EntryNumber, ...] = ()


def town_of(fields: Iterable[tuple[str, str]]) -> str | None:
    """The town among a record's loose fields."""
    return next((value for name, value in fields if fold(name) in TOWNS), None)


def plain_words(text: str) -> tuple[str, ...]:
    """The words of a name without accents, case and signs, in the order of the alphabet.

    >>> plain_words("Dr. MÜLLER, Žofia")
    ('dr', 'muller', 'zofia')
    """
    return tuple(sorted(_WORD.findall(fold(text[:300]))))
