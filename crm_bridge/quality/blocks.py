"""Which records are worth comparing: those that have something in common. A million need some hundred megabytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

from crm_bridge.matching import fold
from crm_bridge.quality.entry import Entry, plain_words

#: records of one block that are all compared with each other; of a bigger one only those that stand side by side
MOST_AT_ONCE: Final = 30
#: records of one block that are looked at
MOST_OF_A_BLOCK: Final = 2_000
#: of a bigger block each is compared with so many that follow it, ordered by name
NEXT: Final = 3
_BITS: Final = 1 << 28


class Block(NamedTuple):
    """Records that have something in common, and the mark of that."""

    mark: int
    records: list[int]

    def number_of(self, entry: Entry) -> str | None:
        """The match key that they have in common, as one of them has it; None where it is something else."""
        keys = (number.key for number in entry.numbers)
        return next((key for key in keys if hash(("number", key)) == self.mark), None)


class Blocks:
    """Records by what they have in common; only marks are kept, no record."""

    def __init__(self, bits: int = _BITS) -> None:
        self._bits = bits
        self._once, self._twice = bytearray(bits // 8), bytearray(bits // 8)
        self._marks, self._records = array("q"), array("q")

    def add(self, record: int, entry: Entry) -> None:
        """Note what this record may have in common with others."""
        for mark in map(hash, block_keys(entry)):
            self._marks.append(mark)
            self._records.append(record)
            place, bit = (mark % self._bits) >> 3, 1 << (mark & 7)
            if self._once[place] & bit:
                self._twice[place] |= bit
            self._once[place] |= bit

    def shared(self) -> Iterator[Block]:
        """Each block that has two records or more, these in the order in which they were added."""
        found: dict[int, list[int]] = {}
        for mark, record in zip(self._marks, self._records, strict=True):
            if self._twice[(mark % self._bits) >> 3] & (1 << (mark & 7)):
                found.setdefault(mark, []).append(record)
        for mark, records in found.items():
            if len(records) > 1:
                yield Block(mark, records)


def block_keys(entry: Entry) -> Iterator[tuple[str, str]]:
    """By what a record is compared: each number, e-mail, own number, and the beginnings of its name with the company.

    A name alone, or with the town, is too many people's: see what ``likeness`` leaves of the doubt.
    """
    for number in entry.numbers:
        yield "number", number.key
    if entry.email:
        yield "email", fold(entry.email)
    if entry.own_number:
        yield "own", entry.own_number
    beginnings = " ".join(word[:3] for word in plain_words(entry.name)[:4])
    if beginnings and entry.company:
        yield "name", f"{beginnings}|{fold(entry.company)}"


def pairs_of(entries: list[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Who of a block is compared with whom."""
    if len(entries) <= MOST_AT_ONCE:
        for place, one in enumerate(entries):
            for other in entries[place + 1 :]:
                yield one, other
        return
    ordered = sorted(entries, key=lambda entry: plain_words(entry.name))
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 : place + 1 + NEXT]:
            yield one, other
