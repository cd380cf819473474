"""Who writes the journal: the reader's task gives the bytes away in microseconds, a thread puts them on the disk.

A write costs 15 us in the reader's task, giving it to a thread 6 us; of a hundred 99 are below 42 us and 20 us. But
when the disk stalls, the write stalls the whole program with it, screen pops included, and the PBX drops a reader who
is slow: with a file system frozen for 0.7 s the reader stood for 0.74 s, with a thread for 70 us. What the thread costs
is that a kill loses what was given away and not written, as a rule the last 30 us: ``health().written`` tells how far
the files are. ``bench/journal.py`` measures it.

While the disk is full or slow the bytes wait in memory; when that is full too they are dropped until the disk has taken
all that waited, and the gap is reported. The stream goes on in new files behind the gap.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from cti.errors import OffhookError
from cti.journal import JournalRead, JournalSettings, Mark, list_session_folders, name_session
from cti.journal_backlog import SLOW, Backlog, JournalLoss
from cti.journal_files import FILE_MODE, SessionFiles, make_folder
from cti.journal_keeping import JournalKeeper, OpenFiles
from cti.recording import SUFFIXES, SessionInfo

__all__ = ["JournalError", "JournalHealth", "JournalLoss", "JournalWriter"]

MIB = 1 << 20
RETRY_S = 1.0
CLOSE_S = 5.0

_log = structlog.get_logger(__name__)


class JournalError(OffhookError):
    """The journal cannot be written."""


class JournalHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One PBX's journal as of now, for metrics and pages. Counts are since the start of the program."""

    pbx: str
    session: str | None  #: the connection being journaled
    written: Mark | None  #: all before it is in the files
    bytes_written: int
    bytes_waiting: int
    reads_lost: int
    bytes_lost: int
    failing: str | None  #: why nothing can be written now


class JournalWriter:
    """Writes one PBX's journal. One program at a time: the folder is locked.

    ``new_session`` and ``append`` are called in one task and return in microseconds. ``mark`` tells how far the store
    has come: nothing from there on is removed; while it tells None, nothing at all. ``lost`` is told of each gap. Both
    are called in threads of the journal and must not raise; hand a loss over with ``loop.call_soon_threadsafe``.

    Raises:
        JournalError: the folder cannot be made or written, or another program writes there.
    """

    def __init__(
        self,
        folder: Path,
        pbx: str,
        kind: str,
        settings: JournalSettings,
        *,
        mark: Callable[[], Mark | None] | None = None,
        lost: Callable[[JournalLoss], None] | None = None,
    ) -> None:
        if kind not in SUFFIXES:
            raise ValueError(f"no journal for a PBX of kind {kind!r}: there is one for {', '.join(SUFFIXES)}")
        self.pbx, self._kind, self._settings, self._lost = pbx, kind, settings, lost
        self._place = folder / pbx
        self._lock = _lock(self._place)
        self._last_name = next((path.name for path in reversed(list_session_folders(self._place))), None)
        self._session: str | None = None
        self._offset = 0
        self._backlog = Backlog(pbx, settings.max_waiting_mib * MIB)
        self._wake, self._closing = threading.Event(), threading.Event()
        self._files: SessionFiles | None = None
        self._written: Mark | None = None
        self._bytes_written = 0
        self._failing: str | None = None
        self._sync_at: float | None = None
        self._keeper = JournalKeeper(self._place, settings, self._open_files, mark)
        self._thread = threading.Thread(target=self._run, name=f"journal {pbx}", daemon=True)
        self._thread.start()

    def new_session(self) -> str:
        """The name of the connection that is about to be made. Its folder is made with its first bytes."""
        self._session = self._last_name = name_session(datetime.now(UTC), self._last_name)
        self._offset = 0
        return self._session

    def append(self, data: bytes, received_at: datetime) -> None:
        """Put what one read of the socket brought into the journal of the connection named last."""
        read = JournalRead(self._session or self.new_session(), received_at, self._offset, data)
        self._offset += len(data)
        self._backlog.put(read)
        if not self._wake.is_set():
            self._wake.set()

    def health(self) -> JournalHealth:
        """Everything there is to know about this journal now."""
        return JournalHealth(
            pbx=self.pbx,
            session=self._session,
            written=self._written,
            bytes_written=self._bytes_written,
            bytes_waiting=self._backlog.waiting,
            reads_lost=self._backlog.reads_lost,
            bytes_lost=self._backlog.bytes_lost,
            failing=self._failing,
        )

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Write what waits and end; nothing may be appended any more. Blocks for twice ``timeout_s`` at the most.

        What a full disk does not take now is lost, and reported. Where the disk hangs, the rest is written when it
        goes on, if the program still runs then.
        """
        self._closing.set()
        self._wake.set()
        self._keeper.close(timeout_s)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("the disk hangs: the journal's end waits for it", pbx=self.pbx, bytes=self._backlog.waiting)

    def _run(self) -> None:
        while True:
            closing = self._closing.is_set()  # looked at first: what came before it is written
            run = self._backlog.get()
            if isinstance(run, JournalLoss):
                self._report(run)
            elif run is not None:
                self._put_down(run)
            elif closing:
                break
            else:
                self._rest()
        self._sync()
        if self._files is not None:
            self._files.close()
        os.close(self._lock)

    def _rest(self) -> None:
        """Wait for more, or until the disk is to be told to keep what it has."""
        due = self._sync_at
        if not self._wake.wait(None if due is None else max(0.0, due - time.monotonic())):
            self._sync()
        self._wake.clear()

    def _put_down(self, run: list[JournalRead]) -> None:
        """Write ``run``; while the disk does not take it, try again and again, until ``close``."""
        while not self._write(run):
            if self._closing.is_set():
                self._report(self._backlog.give_up(run))
                return
            self._closing.wait(RETRY_S)
        self._backlog.done(run)

    def _write(self, run: list[JournalRead]) -> bool:
        try:
            files = self._files_for(run[0])
            began = files.began
            files.write([files.piece(read.received_at, read.offset, read.data) for read in run])
        except OSError as error:
            self._failed(error)
            return False
        if files.began != began:
            self._keeper.wake()
        self._wrote(run)
        return True

    def _files_for(self, read: JournalRead) -> SessionFiles:
        """The files of the read's connection. Raises OSError."""
        if self._files is None or self._files.folder.name != read.session:
            if self._files is not None:
                self._files.close()
            info = SessionInfo(pbx=self.pbx, kind=self._kind, started_at=read.received_at)
            self._files = SessionFiles(self._place / read.session, info, self._settings.max_file_mib * MIB)
        return self._files

    def _wrote(self, run: list[JournalRead]) -> None:
        size = sum(len(read.data) for read in run)
        self._bytes_written += size
        self._written = Mark(run[-1].session, run[-1].offset + len(run[-1].data))
        if self._failing is not None:
            _log.info("the journal is written again", pbx=self.pbx)
            self._failing, self._backlog.cause = None, SLOW
        if self._settings.sync_s and self._sync_at is None:
            self._sync_at = time.monotonic() + self._settings.sync_s
        if self._sync_at is not None and time.monotonic() >= self._sync_at:
            self._sync()

    def _failed(self, error: OSError) -> None:
        cause = error.strerror or type(error).__name__
        if self._failing is None:
            _log.error(
                "the journal cannot be written: it waits in memory", ref="journal-unwritable", pbx=self.pbx, cause=cause
            )
        self._failing = self._backlog.cause = cause

    def _sync(self) -> None:
        """Tell the disk to keep what was written, if there is anything new."""
        if self._sync_at is None or self._files is None:
            return
        self._sync_at = None
        try:
            self._files.sync()
        except OSError as error:
            _log.error(
                "the disk did not keep the journal", ref="journal-unwritable", pbx=self.pbx, cause=error.strerror
            )

    def _report(self, loss: JournalLoss | None) -> None:
        if loss is None:
            return
        _log.error(
            "the journal has a gap", ref="journal-gap", pbx=loss.pbx, session=loss.session, reads=loss.reads,
            bytes=loss.bytes, from_at=loss.from_at.isoformat(), to_at=loss.to_at.isoformat(), cause=loss.cause,
        )  # fmt: skip
        if self._lost is not None:
            self._lost(loss)

    def _open_files(self) -> OpenFiles | None:
        files = self._files
        return None if files is None or files.began is None else OpenFiles(files.folder.name, files.began.start)


def _lock(place: Path) -> int:
    """Keep other programs from writing here, as long as the handle is open.

    Raises:
        JournalError: one does already, or the folder cannot be written.
    """
    handle: int | None = None
    try:
        make_folder(place)
        handle = os.open(place / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if handle is not None:
            os.close(handle)
        raise _cannot_write(place, error) from error
    return handle


def _cannot_write(place: Path, error: OSError) -> JournalError:
    if isinstance(error, BlockingIOError):
        hint = "stop it, or set another folder in [journal]"
        return JournalError("journal-in-use", f"another program writes the journal in {place}", "", hint)
    return JournalError(
        "journal-no-folder",
        "the journal cannot be kept",
        f"{place}: {error.strerror}",
        "check [journal] folder and that the user who runs Offhook may write there, or set enabled = false",
    )
