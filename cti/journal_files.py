"""One session of the journal being written: the pair of files that grows, and the ones before it.

Nothing here is buffered: when ``write`` returns, the system has the bytes, and a crash of this program costs none. The
bytes go before their timing line, so a line always tells of bytes that are there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from cti.recording import SESSION_FILE, SUFFIXES, Piece, Read, Segment, SessionInfo

FOLDER_MODE, FILE_MODE = 0o700, 0o600  # callers' numbers and names: for the program's own user only
PARTIAL = ".partial"  # behind the name of a file that is not complete yet
SEGMENT_S = 86_400.0  # files of a quiet PBX end after a day, that what is in them can be removed in time

_encode = msgspec.json.Encoder().encode


class SegmentFiles:
    """One pair of files, open for appending; made new, never continued."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        self.segment = segment
        self.end = segment.start
        self._begun = time.monotonic()
        self._timing_bytes = 0
        self._events = create(folder / segment.events)
        try:
            self._timing = create(folder / segment.timing)
        except OSError:
            os.close(self._events)
            (folder / segment.events).unlink()
            raise

    def takes(self, piece: Piece, max_bytes: int) -> bool:
        """Whether ``piece`` belongs into these files: it follows on the last one, and they are neither full nor old."""
        size = self.end - self.segment.start
        full = size > 0 and size + len(piece.data) > max_bytes
        old = size > 0 and time.monotonic() - self._begun > SEGMENT_S
        return piece.offset == self.end and not full and not old

    def write(self, pieces: Sequence[Piece]) -> None:
        """Append pieces that follow on one another: all, or none.

        Raises:
            OSError: the disk is full or broken; the files are as they were before.
        """
        data = b"".join(piece.data for piece in pieces)
        lines = b"".join(_encode(Read(piece.t, piece.offset, len(piece.data))) + b"\n" for piece in pieces)
        try:
            _write(self._events, data)
            _write(self._timing, lines)
        except OSError:
            self._take_back()
            raise
        self.end += len(data)
        self._timing_bytes += len(lines)

    def sync(self) -> None:
        """Wait until the disk keeps what was written.

        Raises:
            OSError: it does not.
        """
        os.fdatasync(self._events)
        os.fdatasync(self._timing)

    def close(self) -> None:
        os.close(self._events)
        os.close(self._timing)

    def _take_back(self) -> None:
        """Cut off what a failed write left. Where even that fails, the reader stops at the last whole line."""
        with suppress(OSError):
            os.ftruncate(self._timing, self._timing_bytes)
            os.ftruncate(self._events, self.end - self.segment.start)


class SessionFiles:
    """A session's folder, made new. ``began`` are the files that were begun last, open or not.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path, info: SessionInfo, max_bytes: int) -> None:
        self.folder, self.info = folder, info
        self.open: SegmentFiles | None = None
        self.began: Segment | None = None
        self._max_bytes = max_bytes
        make_folder(folder)
        write_whole(folder / SESSION_FILE, _encode(info))

    def piece(self, received_at: datetime, offset: int, data: bytes) -> Piece:
        """A read as it will stand in the files: to the microsecond, so that the instant comes out as it went in."""
        return Piece(round((received_at - self.info.started_at).total_seconds(), 6), offset, data)

    def write(self, pieces: Sequence[Piece]) -> None:
        """Append pieces that follow on one another, in new files if those at hand are full, old, or end elsewhere.

        Raises:
            OSError: the disk is full or broken; nothing of these pieces is in the files.
        """
        files = self.open
        if files is None or not files.takes(pieces[0], self._max_bytes):
            files = self._begin(pieces[0].offset)
        files.write(pieces)

    def sync(self) -> None:
        """Wait until the disk keeps what was written. Raises OSError: it does not."""
        if self.open is not None:
            self.open.sync()

    def close(self) -> None:
        """Nothing more will be written."""
        if self.open is not None:
            with suppress(OSError):
                self.open.sync()
            self.open.close()
            self.open = None

    def _begin(self, offset: int) -> SegmentFiles:
        self.close()
        self.began = Segment(offset, SUFFIXES[self.info.kind])
        self.open = SegmentFiles(self.folder, self.began)
        return self.open


def make_folder(folder: Path) -> None:
    """The folder and those above it, for this user only. Raises OSError."""
    for place in (*reversed(folder.parents), folder):
        if not place.exists():
            place.mkdir(mode=FOLDER_MODE, exist_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """A small file, all or nothing. Raises OSError."""
    made = path.with_name(path.name + PARTIAL)
    made.unlink(missing_ok=True)
    file = create(made)
    try:
        _write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    made.replace(path)


def create(path: Path) -> int:
    """A new file, open for appending. Raises OSError: it is there already, or cannot be made."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)


def _write(file: int, data: bytes) -> None:
    """All of it: a write that meets the end of the disk takes what fits, the next one fails."""
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
