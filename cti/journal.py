"""The journal: every byte a PBX sent, kept on disk as recordings, and read again after a crash.

``<folder>/<pbx>/<session>/`` is one connection, a recording as ``cti.recording`` reads it. The session's name is the
UTC instant at which the connection was begun, so names sort by time. A place in the journal is a ``Mark``.

The instants come out as they went in, to the microsecond. ``cti.journal_replay`` makes calls of them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import structlog
from msgspec import Meta

from cti.recording import Recording, RecordingError, list_segments

NAME_FORMAT = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z\Z")

_log = structlog.get_logger(__name__)


class JournalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each PBX sent, byte for byte, on disk: nothing is lost by a crash, and any call can be looked into."""

    enabled: Annotated[
        bool, Meta(description="Keep a journal. Without it, calls under way are lost when the program is killed.")
    ] = True
    folder: Annotated[
        str,
        Meta(min_length=1, description="Where the journal is kept; a relative folder is beside offhook.toml."),
    ] = "journal"
    retention_days: Annotated[
        float,
        Meta(
            gt=0,
            le=3660,
            description="Days after which what was read is removed. It holds callers' numbers and names: keep it no "
            "longer than you may. What is not yet in the database is never removed.",
        ),
    ] = 14
    max_file_mib: Annotated[
        int, Meta(ge=1, le=4096, description="A new file is begun after so many MiB, and after a day.")
    ] = 64
    compress: Annotated[
        bool, Meta(description="Compress files that are complete (gzip): to about a twentieth of their size.")
    ] = True
    sync_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="Seconds of the stream that a power cut may cost: so often the disk is told to keep what was "
            "written. 0 leaves it to the system, some 30 seconds. A crash of the program costs nothing either way.",
        ),
    ] = 5.0
    max_waiting_mib: Annotated[
        int,
        Meta(
            ge=1,
            le=4096,
            description="Memory, in MiB for each PBX, for what waits while the disk is slow or full. When it is full "
            "too, the journal has a gap, which is reported.",
        ),
    ] = 64


class Mark(msgspec.Struct, frozen=True, order=True):
    """A place in one PBX's journal: a byte of the stream of one connection."""

    session: str
    offset: int


class JournalRead(NamedTuple):
    """One read of the socket, as it was. ``offset`` is that of its first byte in the session's stream."""

    session: str
    received_at: datetime
    offset: int
    data: bytes


def list_sessions(folder: Path, pbx: str) -> list[str]:
    """The names of the connections to ``pbx`` that the journal holds, oldest first."""
    return [path.name for path in list_session_folders(folder / pbx) if list_segments(path)]


def list_session_folders(place: Path) -> list[Path]:
    """The folders of one PBX's connections, oldest first, those without files too."""
    found = place.iterdir() if place.is_dir() else ()
    return sorted(path for path in found if _NAME.match(path.name))


def read_journal(folder: Path, pbx: str, since: Mark | None = None, until: Mark | None = None) -> Iterator[JournalRead]:
    """All that was read from ``pbx``, in order, from the one mark to the other; where there is none, all.

    The first read begins with the mark's byte, the last one ends before it. Where an offset is not where the read
    before ended, the bytes between are lost. A session that cannot be read is passed over, with a warning in the log.
    """
    start = since or Mark("", 0)
    for session in list_sessions(folder, pbx):
        if session >= start.session:
            for read in _read_session(folder / pbx / session, start.offset if session == start.session else 0):
                if until is not None and Mark(session, read.offset + len(read.data)) >= until:
                    yield from _before(read, until)
                    return
                yield read


def name_session(begun_at: datetime, last: str | None = None) -> str:
    """The name of a connection begun at that instant: later in the alphabet than ``last``, even if the clock went back.

    >>> name_session(datetime(2026, 11, 21, 19, 30, tzinfo=UTC))
    '20261121T193000.000000Z'
    >>> name_session(datetime(2026, 11, 21, 18, 30, tzinfo=UTC), "20261121T193000.000000Z")
    '20261121T193000.000001Z'
    """
    name = f"{begun_at.astimezone(UTC):{NAME_FORMAT}}"
    if last is not None and name <= last:
        name = f"{parse_session_name(last) + timedelta(microseconds=1):{NAME_FORMAT}}"
    return name


def parse_session_name(name: str) -> datetime:
    """The instant in a session's name.

    Raises:
        ValueError: it is none.
    """
    return datetime.strptime(name, NAME_FORMAT).replace(tzinfo=UTC)


def find_read(folder: Path, pbx: str, at: datetime) -> Mark | None:
    """Where the first read at or after that instant begins; None if the journal holds nothing so late."""
    names = list_sessions(folder, pbx)
    before = [name for name in names if name <= f"{at.astimezone(UTC):{NAME_FORMAT}}"]
    for name in names[max(len(before) - 1, 0) :]:
        recording = _open_session(folder / pbx / name)
        if recording is not None:
            offset = recording.find_offset((at - _started_at(recording)).total_seconds())
            if offset is not None:
                return Mark(name, offset)
    return None


def find_end(folder: Path, pbx: str) -> datetime | None:
    """The instant of the last read that the journal holds; None if it is empty. Reads the times of one file only."""
    for name in reversed(list_sessions(folder, pbx)):
        recording = _open_session(folder / pbx / name)
        t = None if recording is None else recording.find_last_t()
        if recording is not None and t is not None:
            return _started_at(recording) + timedelta(seconds=t)
    return None


def _before(read: JournalRead, until: Mark) -> Iterator[JournalRead]:
    if Mark(read.session, read.offset) < until:
        yield read._replace(data=read.data[: until.offset - read.offset])


def _read_session(folder: Path, since: int) -> Iterator[JournalRead]:
    recording = _open_session(folder)
    if recording is not None:
        started_at = _started_at(recording)
        for piece in recording.pieces(since):
            yield JournalRead(folder.name, started_at + timedelta(seconds=piece.t), piece.offset, piece.data)


def _open_session(folder: Path) -> Recording | None:
    try:
        return Recording(folder)
    except RecordingError as error:
        _log.warning("a part of the journal is gone", folder=str(folder), ref=error.ref)
        return None


def _started_at(recording: Recording) -> datetime:
    return recording.info.started_at if recording.info is not None else parse_session_name(recording.folder.name)
