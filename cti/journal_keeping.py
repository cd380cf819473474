"""What becomes of the journal's complete files: compressed soon, removed when they are old.

All of it happens in a thread of its own, beside the one that writes. A file is compressed under another name first and
takes the place of the plain one in a single step, so whoever reads meets one or the other, whole.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from cti.journal import JournalSettings, Mark, list_session_folders
from cti.journal_files import FILE_MODE, PARTIAL, create
from cti.recording import SESSION_FILE, Segment, list_segments, with_ends

ROUND_S = 3600.0
DAY_S = 86_400.0
_CHUNK_BYTES = 1 << 20
_LEVEL = 6

_log = structlog.get_logger(__name__)


class OpenFiles(NamedTuple):
    """The pair of files being written."""

    session: str
    start: int


class JournalKeeper:
    """The thread that looks after one PBX's folder, at once when ``wake`` is called and every hour.

    ``open_files`` tells which files are being written, ``mark`` how far the store has come: what is not in it is kept,
    however old it is. Without ``mark`` age alone decides.
    """

    def __init__(
        self,
        place: Path,
        settings: JournalSettings,
        open_files: Callable[[], OpenFiles | None],
        mark: Callable[[], Mark | None] | None,
    ) -> None:
        self._place, self._settings = place, settings
        self._open_files, self._mark = open_files, mark
        self._woken, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"journal keeper {place.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Files were completed."""
        self._woken.set()

    def close(self, timeout_s: float) -> None:
        """Stop, even in the middle of a file; the next start goes on."""
        self._closing.set()
        self._woken.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.clear()
            self._tidy()
            self._woken.wait(ROUND_S)

    def _tidy(self) -> None:
        with suppress(OSError), tidying(self._place, wait=False):  # whoever erases a person comes first
            self._remove_and_compress()

    def _remove_and_compress(self) -> None:
        removed = remove_expired(
            self._place, time.time() - self._settings.retention_days * DAY_S, self._open_files, self._not_stored()
        )
        if removed:
            _log.info("old files of the journal removed", folder=str(self._place), files=removed)
        if self._settings.compress:
            compress_closed(self._place, self._open_files, self._closing.is_set)

    def _not_stored(self) -> Mark | None:
        """What must stay: all from this mark on. None: nothing must."""
        if self._mark is None:
            return None
        return self._mark() or Mark("", 0)


@contextmanager
def tidying(place: Path, *, wait: bool = True) -> Iterator[None]:
    """While it lasts nobody else moves or removes files of this PBX's journal; writing goes on.

    Raises:
        BlockingIOError: somebody does, and ``wait`` is False.
    """
    handle = os.open(place / ".tidy", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def remove_expired(
    place: Path, before: float, open_files: Callable[[], OpenFiles | None], kept_from: Mark | None = None
) -> int:
    """Remove the pairs of files last written before that time (epoch), and folders they leave empty; how many pairs.

    What is open, and what reaches beyond ``kept_from``, stays.
    """
    return _in_each(place, lambda folder: _remove_from(folder, before, open_files, kept_from))


def compress_closed(
    place: Path, open_files: Callable[[], OpenFiles | None], stopped: Callable[[], bool] = lambda: False
) -> int:
    """Compress all plain files but those being written; how many pairs."""
    return _in_each(place, lambda folder: _compress_in(folder, open_files, stopped))


def _in_each(place: Path, work: Callable[[Path], int]) -> int:
    """What ``work`` gives for all sessions together; one that it cannot do it for is logged and passed over."""
    done = 0
    for folder in list_session_folders(place):
        try:
            done += work(folder)
        except OSError as error:
            _log.warning("old files of the journal stay as they are", folder=str(folder), cause=error.strerror)
    return done


def _remove_from(
    folder: Path, before: float, open_files: Callable[[], OpenFiles | None], kept_from: Mark | None
) -> int:
    segments = list_segments(folder)  # first these, then what is open: a pair begun in between is in neither
    held = open_files()
    old = [
        segment
        for segment, end in with_ends(segments)
        if held != (folder.name, segment.start)
        and not (kept_from is not None and _reaches(folder.name, end, kept_from))
        and _written_at(folder, segment) < before
    ]
    for segment in old:
        _remove(folder, segment)
    is_left = len(old) == len(segments) and (bool(old) or folder.stat().st_mtime < before)
    if is_left and (held is None or held.session != folder.name):
        _remove_folder(folder)
    return len(old)


def _compress_in(folder: Path, open_files: Callable[[], OpenFiles | None], stopped: Callable[[], bool]) -> int:
    segments = list_segments(folder)  # before open_files, as above
    held = open_files()
    done = 0
    for segment in segments:
        if held != (folder.name, segment.start):
            packed = [compress(folder / name, stopped) for name in (segment.events, segment.timing)]
            done += any(packed)
    return done


def compress(path: Path, stopped: Callable[[], bool] = lambda: False) -> bool:
    """Put ``path`` compressed in its own place, with ``.gz`` behind its name; False if it is not there, or on a stop.

    Raises:
        OSError: the disk is full or broken; the file is as it was.
    """
    if stopped() or not path.is_file():
        return False
    packed = path.with_name(f"{path.name}.gz")
    made = packed.with_name(packed.name + PARTIAL)
    try:
        if not _pack(path, made, stopped):
            return False
        made.replace(packed)
        _sync_folder(path.parent)
        path.unlink()
    finally:
        made.unlink(missing_ok=True)
    return True


def _pack(path: Path, made: Path, stopped: Callable[[], bool]) -> bool:
    made.unlink(missing_ok=True)
    with path.open("rb") as plain, os.fdopen(create(made), "wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as out:
            while chunk := plain.read(_CHUNK_BYTES):
                if stopped():
                    return False
                out.write(chunk)
        raw.flush()
        os.fsync(raw.fileno())
        times = os.fstat(plain.fileno())
    os.utime(made, ns=(times.st_atime_ns, times.st_mtime_ns))  # retention goes by the last write
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reaches(session: str, end: int | None, mark: Mark) -> bool:
    """Whether a pair of files holds anything from the mark on; ``end`` is None for a session's last pair."""
    return session > mark.session or (session == mark.session and (end is None or end > mark.offset))


def _written_at(folder: Path, segment: Segment) -> float:
    return max((path.stat().st_mtime for path in _files(folder, segment.events)), default=0.0)


def _remove(folder: Path, segment: Segment) -> None:
    for name in (segment.timing, segment.events):
        for path in _files(folder, name):
            path.unlink()


def _remove_folder(folder: Path) -> None:
    """Remove what is left of a session; a folder in which somebody put a file of his own stays."""
    for name in (SESSION_FILE, SESSION_FILE + PARTIAL):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _files(folder: Path, name: str) -> Iterator[Path]:
    return (path for path in (folder / name, folder / f"{name}.gz") if path.is_file())
