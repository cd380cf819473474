"""Recordings: raw bytes of an event stream with the time of each read, as files.

A recording is a folder with ``events.ami`` or ``events.esl`` (every byte as it came, banner first) and
``timing.jsonl``, a line per read: ``{"t": seconds since the start, "offset": bytes before it, "len": bytes}``. Either
file may be gzipped, with ``.gz`` behind its name; offsets count unpacked bytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import msgspec

from cti.errors import OffhookError

KINDS = {"events.ami": "asterisk", "events.esl": "freeswitch"}


class RecordingError(OffhookError):
    """A folder is no recording, or its two files do not fit each other."""


class Read(msgspec.Struct, frozen=True):
    """One line of ``timing.jsonl``: when this piece of the stream was read, and which piece it is."""

    t: float
    offset: int
    len: int


class Recording:
    """One recorded stream. ``kind`` is the PBX's: ``asterisk`` or ``freeswitch``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = [(name, _either(folder, name)) for name in KINDS]
        present = [(name, path) for name, path in found if path is not None]
        if not present:
            raise RecordingError(
                "recording-missing",
                f"{folder} is no recording",
                f"none of {', '.join(KINDS)} is there, plain or .gz",
                "give the folder of one recording",
            )
        name, self._events = present[0]
        self.kind = KINDS[name]

    def reads(self) -> Iterator[tuple[float, bytes]]:
        """Each read as it happened: seconds since the start, and the bytes.

        Raises:
            RecordingError: the timing is missing or not JSON, or the stream is shorter than it says.
        """
        timing = _either(self.folder, "timing.jsonl")
        if timing is None:
            raise RecordingError(
                "recording-untimed", f"{self.folder} has no timing.jsonl", "the times of the reads are kept there"
            )
        with _open(self._events) as stream, _open(timing) as lines:
            for number, line in enumerate(lines, 1):
                yield self._read(stream, line, number)

    def _read(self, stream: IO[bytes], line: bytes, number: int) -> tuple[float, bytes]:
        try:
            read = msgspec.json.decode(line, type=Read)
        except msgspec.DecodeError as error:
            raise RecordingError(
                "recording-timing-broken", f"{self.folder}/timing.jsonl: line {number} is broken", str(error)
            ) from error
        data = stream.read(read.len)
        if len(data) != read.len:
            raise RecordingError(
                "recording-cut-short",
                f"{self._events} ends too early",
                f"line {number} of the timing wants {read.len} bytes from byte {read.offset} on, {len(data)} are there",
            )
        return read.t, data


def _either(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
