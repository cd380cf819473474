"""Looks through a list of customers, however long it is, and says what there is to do about it.

Read once from end to end; then only records that have something in common are read again and compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final, Protocol

from crm_bridge.quality.blocks import MOST_OF_A_BLOCK, Block, Blocks, pairs_of
from crm_bridge.quality.email_troubles import email_trouble
from crm_bridge.quality.entry import Entry
from crm_bridge.quality.likeness import LEAST, Likeness, likeness
from crm_bridge.quality.number_troubles import number_trouble
from crm_bridge.quality.task import QualityReport, Task, TaskKind, TaskList

#: records that are read again at once
AT_ONCE: Final = 1_000
#: pairs that are compared; a list that needs more has one thing in common that says nothing
MOST_PAIRS: Final = 1_000_000
#: customers who are named of those that share a number
NAMED: Final = 5

Batch = Sequence[tuple[int, Entry]]


class Records(Protocol):
    """A list of customers. Its records have numbers of our own, by which they are read again."""

    name: str

    def batches(self) -> AsyncIterator[Batch]:
        """All records, some at a time. Raises SourceError."""
        ...

    async def fetch(self, places: Sequence[int]) -> Mapping[int, Entry]:
        """These records, as far as they are still there. Raises SourceError."""
        ...

    def merge_words(self, one: Entry, other: Entry) -> str:
        """How the two are made one."""
        ...


class Look:
    """One look at one list. ``await Look(records, region).report()``."""

    def __init__(self, records: Records, region: str, most_pairs: int = MOST_PAIRS) -> None:
        self._records, self._region, self._most_pairs = records, region, most_pairs
        self._blocks = Blocks()
        self._found = TaskList()
        self._reached: set[str] = set()
        self._mute: list[Entry] = []
        self._seen: set[tuple[int, int]] = set()
        self._told: set[tuple[str, str]] = set()
        self._looked_at = 0

    async def report(self) -> QualityReport:
        """What was found. The work is done in threads, a piece at a time. Raises SourceError."""
        async for batch in self._records.batches():
            await asyncio.to_thread(self._read, batch)
        self._tell_mute()
        for blocks in _bundled(await asyncio.to_thread(list, self._blocks.shared())):
            places = {place for block in blocks for place in block.records[:MOST_OF_A_BLOCK]}
            entries = await self._records.fetch(sorted(places))
            await asyncio.to_thread(self._compare, blocks, entries)
        tasks = self._found.tasks()
        looked_at = {self._records.name: self._looked_at}
        return QualityReport(
            looked_at=looked_at, counts=self._found.counts, tasks=tasks, remarks=tuple(self._found.remarks)
        )

    def _read(self, batch: Batch) -> None:
        for place, entry in batch:
            self._looked_at += entry.record == entry.whole
            self._blocks.add(place, entry)
            self._look_at(entry)

    def _look_at(self, entry: Entry) -> None:
        for number in entry.numbers:
            if (trouble := number_trouble(number.written, self._region)) is not None:
                self._tell(entry, TaskKind.UNUSABLE_NUMBER, number.written, *trouble)
        if entry.email and (wrong := email_trouble(entry.email)) is not None:
            self._tell(entry, TaskKind.UNUSABLE_EMAIL, entry.email, *wrong)
        if entry.record != entry.whole and entry.numbers:
            self._reached.add(entry.whole)
        if entry.record == entry.whole and not entry.numbers:
            self._mute.append(entry)

    def _tell_mute(self) -> None:
        for entry in self._mute:
            if entry.whole not in self._reached:
                why = "no call will be known as this customer's"
                self._tell(
                    entry, TaskKind.NO_NUMBER, "no telephone number", why, "ask for it, or look for a second record"
                )
        self._mute.clear()

    def _compare(self, blocks: Sequence[Block], entries: Mapping[int, Entry]) -> None:
        for block in blocks:
            known = {place: entries[place] for place in block.records[:MOST_OF_A_BLOCK] if place in entries}
            self._tell_shared(block, list(known.values()))
            places = {id(entry): place for place, entry in known.items()}
            for one, other in pairs_of(list(known.values())):
                self._compare_two((places[id(one)], places[id(other)]), one, other)

    def _compare_two(self, pair: tuple[int, int], one: Entry, other: Entry) -> None:
        pair = (min(pair), max(pair))
        if one.whole == other.whole or pair in self._seen:
            return
        if len(self._seen) >= self._most_pairs:
            if not self._found.remarks:
                self._found.remarks.append(f"{self._most_pairs:,} pairs were compared; there are more that were not")
            return
        self._seen.add(pair)
        alike = likeness(one, other)
        wholes = (min(one.whole, other.whole), max(one.whole, other.whole))
        if alike is not None and alike.score >= LEAST and wholes not in self._told:
            self._told.add(wholes)
            self._tell_two(one, other, alike)

    def _tell_two(self, one: Entry, other: Entry, alike: Likeness) -> None:
        task = Task(
            kind=TaskKind.DUPLICATE,
            source=self._records.name,
            record=one.whole,
            own_number=one.own_number,
            name=one.name,
            other=other.whole,
            other_number=other.own_number,
            other_name=other.name,
            what=f"most likely the same as {other.name}",
            why=alike.words,
            suggestion=self._records.merge_words(one, other),
            score=alike.score,
        )
        self._found.add(task)

    def _tell_shared(self, block: Block, entries: Sequence[Entry]) -> None:
        """The number that several customers have, if it is one that makes them a block."""
        wholes = {entry.whole: entry for entry in reversed(entries)}
        key = block.number_of(entries[0]) if len(wholes) > 1 else None
        if key is None:
            return
        written = next(number.written for number in entries[0].numbers if number.key == key)
        names = ", ".join(entry.name for entry in list(reversed(wholes.values()))[:NAMED])
        more = f" and {len(wholes) - NAMED} more" if len(wholes) > NAMED else ""
        count = f"more than {MOST_OF_A_BLOCK:,}" if len(block.records) > MOST_OF_A_BLOCK else str(len(wholes))
        hint = "if it is one's own, remove it from the others; if not, it stays a choice on the card"
        self._tell(entries[0], TaskKind.SHARED_NUMBER, written, f"{count} customers have it: {names}{more}", hint)

    def _tell(self, entry: Entry, kind: TaskKind, what: str, why: str, suggestion: str) -> None:
        task = Task(
            kind=kind,
            source=self._records.name,
            record=entry.record,
            own_number=entry.own_number,
            name=entry.name,
            what=what,
            why=why,
            suggestion=suggestion,
        )
        self._found.add(task)


def _bundled(blocks: Iterable[Block]) -> list[list[Block]]:
    """Blocks together, as many as are read again at once."""
    bundles: list[list[Block]] = [[]]
    size = 0
    for block in blocks:
        if size >= AT_ONCE:
            bundles.append([])
            size = 0
        bundles[-1].append(block)
        size += min(len(block.records), MOST_OF_A_BLOCK)
    return bundles
