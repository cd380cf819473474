"""The journal: every byte a PBX sent, kept on disk as recordings, and read again after a crash.

``<folder>/<pbx>/<session>/`` is one connection, a recording as ``cti.recording`` reads it. The session's name is the
UTC instant at which the connection was begun, so names sort by time. A place in the journal is a ``Mark``.

After a crash what was under way is told again from the mark: ``replay_journal(read_journal(folder, pbx, mark), board,
dialect, mark)``. The instants are those of the live run to the microsecond and the ids are the PBX's own, so the calls
come out the same, and writing them again changes nothing. ``board`` must lead to the recorder alone: what is replayed
pops and dials nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

import msgspec
import structlog
from msgspec import Meta

from cti.errors import OffhookError
from cti.pbx.dialect import Dialect, Frame, Wire
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


class Board(Protocol):
    """Who is told of the frames: a ``Switchboard``."""

    def take(self, frames: Iterable[Frame], received_at: datetime, session: str) -> None: ...
    def lost(self, at: datetime, cause: str) -> None: ...
    def back(self, at: datetime) -> None: ...


def list_sessions(folder: Path, pbx: str) -> list[str]:
    """The names of the connections to ``pbx`` that the journal holds, oldest first."""
    return [path.name for path in list_session_folders(folder / pbx) if list_segments(path)]


def list_session_folders(place: Path) -> list[Path]:
    """The folders of one PBX's connections, oldest first, those without files too."""
    found = place.iterdir() if place.is_dir() else ()
    return sorted(path for path in found if _NAME.match(path.name))


def read_journal(folder: Path, pbx: str, since: Mark | None = None) -> Iterator[JournalRead]:
    """All that was read from ``pbx``, in order, from the mark on; from the oldest session on where there is none.

    At the mark the read begins with the mark's byte. Where an offset is not where the read before ended, the bytes
    between are lost. A session that cannot be read is passed over, with a warning in the log.
    """
    for session in list_sessions(folder, pbx):
        if since is None or session >= since.session:
            offset = since.offset if since is not None and session == since.session else 0
            yield from _read_session(folder / pbx / session, offset)


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


def sessions_since(folder: Path, pbx: str, at: datetime) -> Mark | None:
    """The beginning of the session that was being read at that instant, or else of the first after it.

    None: the journal holds nothing that late.
    """
    names = list_sessions(folder, pbx)
    wanted = f"{at:{NAME_FORMAT}}"
    before = [name for name in names if name <= wanted]
    name = before[-1] if before else next(iter(names), None)
    return None if name is None else Mark(name, 0)


def replay_journal(
    reads: Iterable[JournalRead],
    board: Board,
    dialect: Dialect,
    since: Mark | None = None,
    max_frame_bytes: int = 1 << 20,
) -> Mark | None:
    """Tell ``board`` again what was read, and each end of a connection; where the journal ends, None if it is empty.

    ``since`` is the mark that ``reads`` begin at: a frame begins there.
    """
    end = None
    for session, its_reads in groupby(reads, key=attrgetter("session")):
        border = since.offset if since is not None and session == since.session else 0
        frames = FrameReader(partial(dialect.wire, max_frame_bytes), border)
        end = _replay_session(its_reads, board, frames, dialect.wanted) or end
    return end


class FrameReader:
    """Frames of one stream that may begin in its middle, and from which bytes may be missing.

    A frame begins at the byte ``border``. Where bytes are missing, and where the stream begins elsewhere, it goes on
    with the first whole frame.
    """

    def __init__(self, new_wire: Callable[[], Wire], border: int = 0) -> None:
        self._new_wire, self._border = new_wire, border
        self._wire: Wire | None = None
        self._end = 0

    def take(self, offset: int, data: bytes) -> Sequence[Frame]:
        """The frames that ``data`` completes; ``offset`` is that of its first byte.

        Raises:
            OffhookError: the stream is past reading, up to the next missing bytes.
        """
        if self._wire is None or offset != self._end:
            self._wire = self._new_wire()
            if offset:
                self._wire.resume(offset, at_border=offset == self._border)
        self._end = offset + len(data)
        return self._wire.feed(data)


def _replay_session(
    reads: Iterable[JournalRead], board: Board, frames: FrameReader, wanted: frozenset[str]
) -> Mark | None:
    end, last_at = None, None
    for read in reads:
        end = Mark(read.session, read.offset + len(read.data))
        given = _take(frames, read, wanted)
        if given:
            if last_at is None:
                board.back(read.received_at)
            board.take(given, read.received_at, read.session)
        if given or last_at is not None:
            last_at = read.received_at
    if last_at is not None:
        board.lost(last_at, "the connection ended")
    return end


def _take(frames: FrameReader, read: JournalRead, wanted: frozenset[str]) -> list[Frame]:
    """The wanted events; none from a fault of the stream on, as in the live run."""
    try:
        return [frame for frame in frames.take(read.offset, read.data) if frame.name in wanted]
    except OffhookError as error:
        _log.debug("the stream cannot be read any further", session=read.session, offset=read.offset, ref=error.ref)
        return []


def _read_session(folder: Path, since: int) -> Iterator[JournalRead]:
    try:
        recording = Recording(folder)
    except RecordingError as error:
        _log.warning("a part of the journal is gone", folder=str(folder), ref=error.ref)
        return
    started_at = recording.info.started_at if recording.info is not None else parse_session_name(folder.name)
    for piece in recording.pieces(since):
        yield JournalRead(folder.name, started_at + timedelta(seconds=piece.t), piece.offset, piece.data)
