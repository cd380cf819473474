"""A log in a file: read from the place where a time begins, found by halves; all of it for an import.

What logrotate has put aside beside it (``queue_log.1``, ``queue_log-20261121.gz``) is read too, where the time asked
for begins before the file does.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, cast

from kpi.importers.gathering import written_at
from kpi.importers.lines import BadLineError, Line
from kpi.importers.source import BadLine, BadLines, SourceError

LINES_AT_ONCE = 2_000
MAX_LINE_BYTES = 1 << 16
_PROBES = 50  # lines looked at for a time, where a place has been chosen: one of them is a good one
_DISORDER = timedelta(seconds=60)  # a line may be so much older than the one before it: CDRs are written at the end

Parse = Callable[[bytes, int], Line]


class LogFile:
    """A ``Source``. ``parse`` makes a line of bytes and their offset, or raises BadLineError.

    With ``lines_end_records`` a record is never longer than its line, whatever quotes are open at its end.
    ``position`` is how many bytes of the file itself have been read so far, ``size`` how many there are.
    """

    by_time = False

    def __init__(self, kind: str, path: Path, parse: Parse, *, lines_end_records: bool = False) -> None:
        self.kind, self.label = kind, str(path)
        self.bad = BadLines()
        self.position = 0
        self._path, self._parse, self._lines_end_records = path, parse, lines_end_records

    def size(self) -> int:
        """Bytes, of the file as it is on disk.

        Raises:
            SourceError: there is none.
        """
        with self._readable(self._path):
            return self._path.stat().st_size

    def fingerprint(self) -> str:
        """A digest of the file's beginning: a file that was begun anew has another one.

        Raises:
            SourceError: it cannot be read.
        """
        with self._readable(self._path), _opened(self._path) as file:
            return hashlib.sha256(file.readline(MAX_LINE_BYTES)).hexdigest()[:16]

    async def lines(
        self, since: datetime | None = None, until: datetime | None = None, start: int = 0
    ) -> AsyncIterator[Sequence[Line]]:
        """See ``Source``. The disk is read in a thread."""
        chunks = self._chunks(since, until, start)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk

    def _chunks(self, since: datetime | None, until: datetime | None, start: int) -> Iterator[list[Line]]:
        chunk: list[Line] = []
        for path in self._files(since):
            own = path == self._path
            for line in self._read(path, since, until, start if own else 0):
                chunk.append(line)
                if len(chunk) == LINES_AT_ONCE:
                    yield chunk
                    chunk = []
        if chunk:
            yield chunk

    def _files(self, since: datetime | None) -> list[Path]:
        """The files that may hold lines from then on, oldest first; without a time, the file alone."""
        if since is None:
            return [self._path]
        with self._readable(self._path):
            begin = self._first_at(self._path)
            if begin is not None and begin <= since:
                return [self._path]
            beside = [
                path for path in self._path.parent.glob(self._path.name + "[.-]*")
                if path.is_file() and path.stat().st_mtime >= (since - _DISORDER).timestamp()
            ]  # fmt: skip
            return [*sorted(beside, key=lambda path: path.stat().st_mtime), self._path]

    def _first_at(self, path: Path) -> datetime | None:
        with _opened(path) as file:
            return self._time_after(file)

    def _read(self, path: Path, since: datetime | None, until: datetime | None, start: int) -> Iterator[Line]:
        with self._readable(path), _opened(path) as file:
            if start:
                file.seek(start - 1)
                file.readline(MAX_LINE_BYTES)  # the end of the line before, or the one that was read last
            elif since is not None and path.suffix != ".gz":
                file.seek(self._seek(file, since - _DISORDER))
            number: int | None = None if file.tell() else 0
            for offset, raw in records(file, lines_end_them=self._lines_end_records):
                number = None if number is None else number + max(raw.count(b"\n"), 1)
                whole = raw.endswith(b"\n") or len(raw) >= MAX_LINE_BYTES
                if not whole and until is not None:
                    return  # it is being written now
                if whole and path == self._path:
                    self.position = offset + len(raw)
                line = self._parsed(raw, offset, number, path)
                if line is None or (since is not None and written_at(line) < since):
                    continue
                if until is not None and written_at(line) > until + _DISORDER:
                    return
                if until is None or written_at(line) <= until:
                    yield line

    def _parsed(self, raw: bytes, offset: int, number: int | None, path: Path) -> Line | None:
        if not raw.strip():
            return None
        try:
            return self._parse(raw, offset)
        except BadLineError as error:
            self.bad.add(BadLine(str(path), number, offset, str(error)))
            return None

    def _seek(self, file: IO[bytes], since: datetime) -> int:
        """The beginning of a line such that all lines from ``since`` on are behind it, found by halves."""
        low, high = 0, file.seek(0, os.SEEK_END)
        while high - low > MAX_LINE_BYTES:
            middle = (low + high) // 2
            file.seek(middle)
            file.readline(MAX_LINE_BYTES)
            at = self._time_after(file)
            if at is None or at >= since:
                high = middle
            else:
                low = middle
        if not low:
            return 0
        file.seek(low)
        file.readline(MAX_LINE_BYTES)
        return file.tell()

    def _time_after(self, file: IO[bytes]) -> datetime | None:
        """The time of the next line that has one."""
        for _ in range(_PROBES):
            raw = file.readline(MAX_LINE_BYTES)
            if not raw:
                return None
            try:
                return written_at(self._parse(raw, 0))
            except BadLineError:
                continue
        return None

    @contextmanager
    def _readable(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError, zlib.error) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise SourceError(str(path), why) from error


def records(file: IO[bytes], *, lines_end_them: bool = False) -> Iterator[tuple[int, bytes]]:
    """Each line with its offset; one whose quotes are open goes on in the next, unless ``lines_end_them``.

    A line is cut at 64 KiB: what follows is a line of its own, and a bad one.
    """
    offset = file.tell()
    while raw := file.readline(MAX_LINE_BYTES):
        while not lines_end_them and raw.count(b'"') % 2 and len(raw) < MAX_LINE_BYTES and raw.startswith(b'"'):
            more = file.readline(MAX_LINE_BYTES)
            if not more:
                break
            raw += more
        yield offset, raw
        offset += len(raw)


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
