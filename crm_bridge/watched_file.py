"""A file of customers that somebody else writes: read when it changes, the last good one kept while it is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
import structlog

from crm_bridge.contact import Contact, SourceError
from crm_bridge.headers import ImportKind
from crm_bridge.import_file import Reading, read_file
from crm_bridge.known_customers import MOST_CUSTOMERS, KnownCustomers
from crm_bridge.number import Number
from crm_bridge.options import AdapterOptions, Text
from crm_bridge.rows import CustomerRow
from crm_bridge.rows_found import contact_of_import
from crm_bridge.text_file import ImportFileError

_log = structlog.get_logger(__name__)

#: the file as it was: size and time of its last change
Mark = tuple[int, int]
NOT_THERE: Final = (-1, -1)


class FileOptions(AdapterOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which file."""

    path: Annotated[Text, msgspec.Meta(description="The file, taken from the folder of offhook.toml.")]
    encoding: Annotated[
        str | None, msgspec.Meta(description="Its encoding, like cp1252, where Offhook does not find it by itself.")
    ] = None
    check_s: Annotated[
        float, msgspec.Meta(ge=0, le=3600, description="Seconds after which it is looked whether it has changed.")
    ] = 5.0


class WatchedFile:
    """Customers of one file. Looks for a change when it is asked; reads in a thread, and answers from what it has."""

    local = True

    def __init__(self, name: str, path: Path, region: str, options: FileOptions) -> None:
        self.name = name
        self._path = path
        self._region = region
        self._options = options
        self._known: KnownCustomers | None = None
        self._mark: Mark = NOT_THERE
        self._looked_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._problem: SourceError | None = None

    async def find(self, number: Number) -> list[Contact]:
        """Customers with this number. Raises SourceError ``crm-file`` when the file was never read."""
        return (await self._customers()).find(number)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Customers with these words. Raises SourceError ``crm-file``."""
        return (await self._customers()).search(text, limit)

    async def get(self, contact_id: str) -> Contact | None:
        """One customer. Raises SourceError ``crm-file``."""
        return (await self._customers()).by_id.get(contact_id)

    async def warm(self) -> None:
        """Read the file now. Raises SourceError ``crm-file``."""
        await self._customers()

    async def close(self) -> None:
        """Forget a reading under way."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _customers(self) -> KnownCustomers:
        self._look()
        if self._known is None and self._reading is not None:
            await asyncio.wait({self._reading})
        if self._known is None:
            raise self._problem or SourceError("crm-file", f"the file of {self.name} was not read")
        return self._known

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        busy = self._reading is not None and not self._reading.done()
        if busy or (now - self._looked_at < self._options.check_s and self._known is not None):
            return
        self._looked_at = now
        mark = self._seen()
        if mark != self._mark or self._known is None:
            self._reading = asyncio.create_task(self._read(mark))

    def _seen(self) -> Mark:
        try:
            seen = self._path.stat()
        except OSError:
            return NOT_THERE
        return seen.st_size, seen.st_mtime_ns

    async def _read(self, mark: Mark) -> None:
        """Take the file in whole. One that is being written, broken or gone leaves the last good one in place."""
        try:
            known, bad = await asyncio.to_thread(self._load)
        except ImportFileError as error:
            hint = error.hint or "look into the file"
            self._problem = SourceError(
                "crm-file", f"the file of {self.name} cannot be read: {error.what}", error.why, hint
            )
            _log.warning("a file of customers cannot be read", source=self.name, error=error.what, hint=hint)
            if self._known is not None:
                self._mark = mark  # once is enough to say it
            return
        self._known, self._mark, self._problem = known, mark, None
        _log.info("a file of customers was read", source=self.name, customers=len(known), bad_rows=bad)

    def _load(self) -> tuple[KnownCustomers, int]:
        with read_file(
            self._path, ImportKind.CUSTOMERS, region=self._region, encoding=self._options.encoding
        ) as reading:
            if reading.good > MOST_CUSTOMERS:
                what = f"{reading.good:,} customers are more than the {MOST_CUSTOMERS:,} that are kept in memory"
                raise ImportFileError("crm-file", what, "", "import them: offhook customers import")
            return KnownCustomers(self._contacts(reading)), reading.bad_count

    def _contacts(self, reading: Reading) -> Iterator[Contact]:
        for row in reading.rows():
            if isinstance(row, CustomerRow):
                yield contact_of_import(self.name, row)
