"""FreeSWITCH's records in a folder, a file for each leg: those of a time, in the order in which the legs ended.

mod_json_cdr and mod_xml_cdr name a file after its leg, and put ``a_`` before one that nobody called. A file is not
changed once it is written, and is never older than its leg's end.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kpi.importers.freeswitch_record import MAX_RECORD_BYTES
from kpi.importers.lines import BadLineError, CdrLeg
from kpi.importers.source import BadLine, BadLines, SourceError

RECORDS_AT_ONCE = 200
SUFFIXES = {"json_cdr": ".json", "xml_cdr": ".xml"}
_END = re.compile(rb'(?:"end_uepoch"\s*:\s*"?|<end_uepoch>)(\d{15,17})')
_END_SECOND = re.compile(rb'(?:"end_epoch"\s*:\s*"?|<end_epoch>)(\d{9,11})')
_SLACK = timedelta(seconds=60)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Parse = Callable[[bytes, int], CdrLeg]


class LegFolder:
    """A ``Source``. ``position`` is how many files have been read, ``size`` how many there are."""

    by_time = True

    def __init__(self, kind: str, path: Path, parse: Parse) -> None:
        self.kind, self.label = kind, str(path)
        self.bad = BadLines()
        self.position = 0
        self._path, self._parse = path, parse

    def size(self) -> int:
        """Files.

        Raises:
            SourceError: the folder cannot be read.
        """
        return sum(1 for _ in self._files(None))

    async def lines(
        self, since: datetime | None = None, until: datetime | None = None, start: int = 0
    ) -> AsyncIterator[Sequence[CdrLeg]]:
        """See ``Source``. The disk is read in a thread; ``start`` has no meaning here."""
        del start
        ordered = await asyncio.to_thread(self._in_order, since, until)
        for first in range(0, len(ordered), RECORDS_AT_ONCE):
            yield await asyncio.to_thread(self._read, ordered[first : first + RECORDS_AT_ONCE])

    def _files(self, since: datetime | None) -> Iterator[Path]:
        """The records' files that may tell of that time, those in folders below too."""
        earliest = None if since is None else (since - _SLACK).timestamp()
        try:
            for place, _, names in os.walk(self._path, onerror=_raise):
                for name in names:
                    path = Path(place, name)
                    if name.endswith(SUFFIXES[self.kind]) and (earliest is None or _written(path) >= earliest):
                        yield path
        except OSError as error:
            raise SourceError(self.label, error.strerror or type(error).__name__) from error

    def _in_order(self, since: datetime | None, until: datetime | None) -> list[Path]:
        """Those of legs that ended in that time, earliest first; one without an end comes first, and is a bad one."""
        ends = [(self._ended_at(path) or _EPOCH, path) for path in self._files(since)]
        return [path for at, path in sorted(ends) if at == _EPOCH or _within(at, since, until)]

    def _ended_at(self, path: Path) -> datetime | None:
        raw = self._raw(path)
        exact = _END.search(raw)
        if exact is not None:
            return _EPOCH + timedelta(microseconds=int(exact[1]))
        second = _END_SECOND.search(raw)
        return None if second is None else _EPOCH + timedelta(seconds=int(second[1]))

    def _read(self, paths: Sequence[Path]) -> list[CdrLeg]:
        legs: list[CdrLeg] = []
        for path in paths:
            self.position += 1
            try:
                legs.append(self._parsed(path))
            except BadLineError as error:
                self.bad.add(BadLine(str(path), None, 0, str(error)))
        return legs

    def _parsed(self, path: Path) -> CdrLeg:
        raw = self._raw(path)
        if len(raw) > MAX_RECORD_BYTES:
            raise BadLineError(f"it is longer than {MAX_RECORD_BYTES} bytes")
        return self._parse(raw, 0)

    def _raw(self, path: Path) -> bytes:
        """The file, at most one byte more than a record has; nothing of one that is gone by now."""
        try:
            with path.open("rb") as file:
                return file.read(MAX_RECORD_BYTES + 1)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise SourceError(str(path), error.strerror or type(error).__name__) from error


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at <= until)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _raise(error: OSError) -> None:
    raise error
