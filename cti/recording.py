"""Recordings: raw bytes of an event stream with the time of each read, as files.

A recording is a folder with ``events.ami`` or ``events.esl`` (every byte as it came, banner first) and
``timing.jsonl``, a line per read: ``{"t": seconds since the start, "offset": bytes before it, "len": bytes}``. Either
file may be gzipped, with ``.gz`` behind its name; offsets count unpacked bytes.

A long stream may go on in further pairs, named after the byte they begin with: ``events.000067108864.ami`` and
``timing.000067108864.jsonl``. What this program wrote has a ``session.json`` besides. There the last read may have been
cut by a crash: it is given as far as it got, and what does not fit ends a pair instead of being an error.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, cast

import msgspec
import structlog
from msgspec import Meta

from cti.errors import OffhookError

KINDS = {"events.ami": "asterisk", "events.esl": "freeswitch"}
SUFFIXES = {"asterisk": "ami", "freeswitch": "esl"}
SESSION_FILE = "session.json"
_EVENTS = re.compile(r"events(?:\.(\d+))?\.(ami|esl)(?:\.gz)?\Z")
_UNTIMED_S = 60.0  # a PBX speaks with each keepalive at least: an untimed read came soon after the last timed one

_log = structlog.get_logger(__name__)


class RecordingError(OffhookError):
    """A folder is no recording, or its files do not fit each other."""


class Read(msgspec.Struct, frozen=True):
    """One line of ``timing.jsonl``: when this piece of the stream was read, and which piece it is."""

    t: Annotated[float, Meta(ge=-1e9, le=1e9)]
    offset: Annotated[int, Meta(ge=0)]
    len: Annotated[int, Meta(ge=0, le=1 << 30)]


class Piece(msgspec.Struct, frozen=True):
    """What one read brought: seconds since the start, the offset of its first byte in the stream, the bytes."""

    t: float
    offset: int
    data: bytes


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """``session.json``: which PBX this was, and the instant of ``t`` = 0."""

    pbx: str
    kind: str
    started_at: datetime


class Segment(msgspec.Struct, frozen=True, order=True):
    """One pair of files; ``start`` is the offset of its first byte in the stream."""

    start: int
    suffix: str

    @property
    def events(self) -> str:
        return f"events{self._start}.{self.suffix}"

    @property
    def timing(self) -> str:
        return f"timing{self._start}.jsonl"

    @property
    def _start(self) -> str:
        return f".{self.start:012d}" if self.start else ""


class Recording:
    """One recorded stream. ``kind`` is the PBX's: ``asterisk`` or ``freeswitch``; ``info`` is None in foreign ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.segments = list_segments(folder)
        except OSError as error:
            raise _unreadable(folder, error) from error
        if not self.segments:
            raise RecordingError(
                "recording-missing",
                f"{folder} is no recording",
                f"none of {', '.join(KINDS)} is there, plain or .gz",
                "give the folder of one recording",
            )
        self.kind = KINDS[f"events.{self.segments[0].suffix}"]
        self.info = fetch_session_info(folder)

    def reads(self) -> Iterator[tuple[float, bytes]]:
        """Each read as it happened: seconds since the start, and the bytes. Raises what ``pieces`` raises."""
        return ((piece.t, piece.data) for piece in self.pieces())

    def pieces(self, since: int = 0) -> Iterator[Piece]:
        """Each read as it happened, from byte ``since`` of the stream on.

        Where the offset is not where the piece before ended, the bytes between are lost.

        Raises:
            RecordingError: a recording that somebody else made has no timing, or its files do not fit each other.
        """
        for segment, end in with_ends(self.segments):
            if end is None or end > since:
                for piece in self._pieces_of(segment, since):
                    yield _cut(piece, since)

    def find_offset(self, t: float) -> int | None:
        """The offset of the first read at or after that many seconds; None if all are before. Reads times only."""
        firsts = [next(self._times(segment), None) for segment in self.segments]
        earlier = [i for i, first in enumerate(firsts) if first is not None and first.t < t]
        for segment in self.segments[earlier[-1] if earlier else 0 :]:
            for read in self._times(segment):
                if read.t >= t:
                    return read.offset
        return None

    def find_last_t(self) -> float | None:
        """The seconds of the last read; None if there is none. Reads times only."""
        for segment in reversed(self.segments):
            *_, last = (None, *self._times(segment))
            if last is not None:
                return last.t
        return None

    def _times(self, segment: Segment) -> Iterator[Read]:
        try:
            yield from _read_timing(self.folder, segment.timing)
        except RecordingError:
            if self.info is None:
                raise

    def _pieces_of(self, segment: Segment, since: int) -> Iterator[Piece]:
        try:
            yield from _read_segment(self.folder, segment, since, tailed=self.info is not None)
        except RecordingError as error:
            if self.info is None:
                raise
            place = str(self.folder / segment.events)
            _log.warning("a part of the journal cannot be read", file=place, ref=error.ref, cause=error.why)


def list_segments(folder: Path) -> list[Segment]:
    """The pairs of files in a folder, in the order of the stream; one kind of PBX only, empty where there is none."""
    found = {
        Segment(int(match[1] or 0), match[2])
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := _EVENTS.match(path.name)) and path.is_file()
    }
    suffix = min((segment.suffix for segment in found), default="")
    return sorted(segment for segment in found if segment.suffix == suffix)


def with_ends(segments: list[Segment]) -> Iterator[tuple[Segment, int | None]]:
    """Each pair of files with the offset that the next one begins with, None for the last."""
    return zip(segments, [*(segment.start for segment in segments[1:]), *([None] if segments else [])], strict=True)


def fetch_session_info(folder: Path) -> SessionInfo | None:
    """What ``session.json`` says; None where there is none that can be read."""
    try:
        return msgspec.json.decode((folder / SESSION_FILE).read_bytes(), type=SessionInfo)
    except (OSError, msgspec.DecodeError):
        return None


def _cut(piece: Piece, since: int) -> Piece:
    return piece if piece.offset >= since else Piece(piece.t, since, piece.data[since - piece.offset :])


def _read_segment(folder: Path, segment: Segment, since: int, *, tailed: bool) -> Iterator[Piece]:
    """The pieces that have bytes after ``since``; with ``tailed`` the bytes that no timing tells of come last."""
    stream, at, t = _open(folder, segment.events), segment.start, 0.0
    with stream:
        try:
            for read in _read_timing(folder, segment.timing):
                piece = _take(stream, read, at, folder / segment.events)
                at, t = at + read.len, read.t
                if at > since:
                    yield piece
        except RecordingError as error:
            if not tailed:
                raise
            _log.info("the journal's times end early", folder=str(folder), ref=error.ref, offset=at)
        if tailed and (rest := _rest(stream, at - segment.start)) and at + len(rest) > since:
            yield Piece(_untimed(folder, segment, t), at, rest)


def _read_timing(folder: Path, name: str) -> Iterator[Read]:
    decode = msgspec.json.Decoder(Read).decode
    with _open(folder, name) as lines:
        for number, line in enumerate(_safely(lines, folder / name), 1):
            try:
                yield decode(line)
            except msgspec.DecodeError as error:
                what = f"{folder / name}: line {number} is broken"
                raise RecordingError("recording-timing-broken", what, str(error)) from error


def _safely(lines: IO[bytes], path: Path) -> Iterator[bytes]:
    try:
        yield from lines
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error


def _take(stream: IO[bytes], read: Read, at: int, path: Path) -> Piece:
    if read.offset != at:
        why = f"the read at {read.t} s begins at byte {read.offset}, the one before ended at byte {at}"
        raise RecordingError("recording-timing-broken", f"{path} and its timing do not fit", why)
    try:
        data = stream.read(read.len)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error
    if len(data) != read.len:
        why = f"the read at {read.t} s wants {read.len} bytes from byte {read.offset} on, {len(data)} are there"
        raise RecordingError("recording-cut-short", f"{path} ends too early", why)
    return Piece(read.t, read.offset, data)


def _rest(stream: IO[bytes], position: int) -> bytes:
    try:
        stream.seek(position)
        return stream.read()
    except (OSError, EOFError, zlib.error):
        return b""


def _untimed(folder: Path, segment: Segment, last_t: float) -> float:
    """When bytes without a timing line were read: the file's last write, if it is soon after the last time known."""
    info, path = fetch_session_info(folder), _either(folder, segment.events)
    if info is None or path is None:
        return last_t
    written = path.stat().st_mtime - info.started_at.timestamp()
    return written if last_t <= written <= last_t + _UNTIMED_S else last_t


def _either(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _open(folder: Path, name: str) -> IO[bytes]:
    """The file, plain or gzipped; it may be gzipped between two looks.

    Raises:
        RecordingError: there is neither, or it cannot be opened.
    """
    try:
        return (folder / name).open("rb")
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _unreadable(folder / name, error) from error
    try:
        return cast("IO[bytes]", gzip.open(folder / f"{name}.gz", "rb"))
    except FileNotFoundError:
        what = f"{folder} has no {name}"
        raise RecordingError("recording-untimed", what, "the times of the reads are kept there") from None
    except OSError as error:
        raise _unreadable(folder / f"{name}.gz", error) from error


def _unreadable(path: Path, error: Exception) -> RecordingError:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return RecordingError("recording-unreadable", f"{path} cannot be read", why, "is it whole, and may you read it?")
