"""A file of customers that another program writes, as a list whose quality is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from crm_bridge.contact import SourceError
from crm_bridge.headers import PHONES, ImportKind, field_of
from crm_bridge.import_file import BadRow, read_file
from crm_bridge.known_customers import MOST_CUSTOMERS
from crm_bridge.quality.entry import Entry, EntryNumber, town_of
from crm_bridge.quality.look import Batch
from crm_bridge.quality.task import Task, TaskKind
from crm_bridge.rows import CustomerRow
from crm_bridge.text_file import ImportFileError

_BATCH: Final = 2_000


class FileRecords:
    """The rows of a file. ``bad`` are those that are left out, known once it was read."""

    def __init__(self, name: str, path: Path, region: str, encoding: str | None = None) -> None:
        self.name = name
        self.bad: tuple[BadRow, ...] = ()
        self._path, self._region, self._encoding = path, region, encoding
        self._entries: list[Entry] = []

    async def batches(self) -> AsyncIterator[Batch]:
        """All rows that can be read. Raises SourceError ``crm-file``."""
        self._entries = await asyncio.to_thread(self._read)
        for start in range(0, len(self._entries), _BATCH):
            yield list(enumerate(self._entries[start : start + _BATCH], start))

    async def fetch(self, places: Sequence[int]) -> Mapping[int, Entry]:
        """These rows."""
        return {place: self._entries[place] for place in places}

    def merge_words(self, one: Entry, other: Entry) -> str:  # noqa: ARG002  as the book
        """Not ours to change: the program that writes the file."""
        return "make them one where the file comes from"

    def tasks(self) -> Iterator[Task]:
        """The rows that are left out, each as a task."""
        for row in self.bad:
            by_number = field_of(row.column.partition(" / ")[0], ImportKind.CUSTOMERS) in PHONES
            yield Task(
                kind=TaskKind.UNUSABLE_NUMBER if by_number else TaskKind.UNREADABLE,
                source=self.name,
                record=f"line {row.line}",
                name="",
                what=row.column or "the whole row",
                why=row.why,
                suggestion="correct the row where the file comes from; until then all of it is left out",
            )

    def _read(self) -> list[Entry]:
        try:
            with read_file(self._path, region=self._region, encoding=self._encoding) as reading:
                if reading.good > MOST_CUSTOMERS:
                    raise SourceError("crm-file", f"the file of {self.name} has too many customers: {reading.good:,}")
                self.bad = tuple(reading.bad)
                return [_entry(row) for row in reading.rows() if isinstance(row, CustomerRow)]
        except ImportFileError as error:
            hint = error.hint or "look into the file"
            what = f"the file of {self.name} cannot be read: {error.what}"
            raise SourceError("crm-file", what, error.why, hint) from error


def _entry(row: CustomerRow) -> Entry:
    record = row.external_id or f"line {row.line}"
    return Entry(
        record=record,
        whole=record,
        name=row.name,
        own_number=row.external_id,
        company=row.company,
        email=row.email,
        town=town_of(row.fields),
        numbers=tuple(EntryNumber(number.written, number.match_key) for number in row.numbers),
    )
