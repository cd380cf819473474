"""``offhook record``, ``scrub`` and ``rebuild``: a PBX's bytes to a file, without people, and back into calls."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from cti.errors import OffhookError
from cti.journal import Mark, find_end, find_read, read_journal
from cti.journal_files import SessionFiles
from cti.journal_replay import Gate, recover
from cti.link import Link
from cti.model import Call, CallEnded, CallEvent
from cti.pbx.settings import PbxSettings
from cti.recording import SessionInfo
from cti.scrub import Scrubbed
from cti.switchboard import Switchboard
from kpi.store import Store
from offhook.past_calls import e164_of
from offhook.pbx_line import make_dialect
from offhook.run import open_store
from offhook.settings import Settings
from offhook.settings_check import nearest
from offhook.terminal import printable

STORED_AT_ONCE = 500
ONE_PAIR = 1 << 62  # bytes: a recording is one pair of files, however long it is


class CommandError(OffhookError):
    """What was asked for cannot be done."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording holds. ``cause`` is why it ended by itself, None if it was ended."""

    reads: int
    bytes: int
    seconds: float
    cause: str | None


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What one PBX's journal gave: ``until`` is the last read, None for an empty journal."""

    pbx: str
    calls: int
    until: datetime | None


class Tape:
    """What is read over one connection, written to ``folder``; nothing is made before the PBX has let us in.

    ``ended`` is set when there is nothing more to come; ``error`` is why the disk did not take it.
    """

    def __init__(self, settings: PbxSettings, folder: Path) -> None:
        self.reads = self.bytes = 0
        self.ended = asyncio.Event()
        self.cause: str | None = None
        self.error: OSError | None = None
        self.begun_at = self.last_at = datetime.now(UTC)
        self._settings, self._folder = settings, folder
        self._files: SessionFiles | None = None
        self._early: list[tuple[bytes, datetime]] = []

    def new_session(self) -> str:
        """A connection is made anew: what the one before said, which did not let us in, is forgotten."""
        self._early.clear()
        return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"

    def tap(self, data: bytes, at: datetime) -> None:
        """What one read brought."""
        if self._files is None:
            self._early.append((data, at))
        elif not self.ended.is_set():
            self._write([(data, at)])

    def back(self, _: datetime) -> None:
        """The PBX has let us in."""
        self.begun_at = self._early[0][1]
        info = SessionInfo(pbx=self._settings.name, kind=self._settings.kind, started_at=self.begun_at)
        try:
            self._files = SessionFiles(self._folder, info, ONE_PAIR)
        except OSError as error:
            self._fail(error)
        self._write(self._early)

    def lost(self, _: datetime, cause: str) -> None:
        """The connection ended: a recording is of one."""
        if not self.ended.is_set():
            self.cause = cause
            self.ended.set()

    def close(self) -> Recorded:
        """What was written.

        Raises:
            CommandError: the disk did not take it, or the PBX never let us in.
        """
        if self._files is not None:
            self._files.close()
        if self.error is not None:
            why = f"{self._folder}: {self.error.strerror}"
            raise CommandError(
                "record-cannot-write", "the recording cannot be written", why, "make room, or choose another"
            )
        if self._files is None:
            raise CommandError("record-nothing", f"PBX {self._settings.name} has not let us in: nothing was recorded")
        seconds = (self.last_at - self.begun_at).total_seconds()
        return Recorded(reads=self.reads, bytes=self.bytes, seconds=seconds, cause=self.cause)

    def _write(self, reads: Iterable[tuple[bytes, datetime]]) -> None:
        if self._files is None:
            return
        try:
            for data, at in reads:
                self._files.write([self._files.piece(at, self.bytes, data)])
                self.bytes += len(data)
                self.reads += 1
                self.last_at = at
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.error = error
        self.ended.set()


async def record(settings: PbxSettings, folder: Path, seconds: float | None) -> Recorded:
    """Write what the PBX says to the new folder, until the time is up, a signal comes or the connection ends.

    Raises:
        OffhookError: ``folder`` is there already or cannot be written, or the PBX does not let us in.
    """
    _check_target(folder)
    tape = Tape(settings, folder)
    link = Link(
        settings, make_dialect(settings), lambda *_: None,
        back=tape.back, lost=tape.lost, tap=tape.tap, snapshot=True, new_session=tape.new_session,
    )  # fmt: skip
    running = asyncio.create_task(link.run(), name=f"record {settings.name}")
    running.add_done_callback(lambda _: tape.ended.set())
    with _signals(tape.ended), suppress(TimeoutError):
        await asyncio.wait_for(tape.ended.wait(), seconds)
    tape.ended.set()
    await link.close()
    await running
    return tape.close()


def _check_target(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "name a folder that is not there yet"
        raise CommandError("record-target-exists", f"{folder} is there already", "", hint)


@contextmanager
def _signals(ended: asyncio.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set ``ended``."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, ended.set)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def choose_pbx(settings: Settings, name: str | None) -> PbxSettings:
    """The PBX of that name; the only one where none is named.

    Raises:
        CommandError: there is none of that name, or there are several and none is named.
    """
    names = [one.name for one in settings.pbx]
    if name is None and len(names) > 1:
        raise CommandError("record-which-pbx", "there are several PBXs", ", ".join(names), "name one with --pbx")
    found = [one for one in settings.pbx if name in (None, one.name)]
    if not found:
        raise CommandError("record-which-pbx", f'there is no PBX "{name}"', "", nearest(name or "", names))
    return found[0]


def recorded_lines(recorded: Recorded, folder: Path) -> list[str]:
    """What was recorded, for the terminal."""
    lines = [f"{recorded.reads} reads, {recorded.bytes:,} bytes in {recorded.seconds:.0f} s are in {folder}"]
    if recorded.cause is not None:
        lines.append(f"it ended by itself: {recorded.cause}")
    lines.append(f"it holds callers' numbers and names; to pass it on: offhook scrub {folder} NEW-FOLDER")
    return lines


def scrubbed_lines(scrubbed: Scrubbed, out: Path) -> list[str]:
    """What was scrubbed, for the terminal."""
    lines = [
        f"{scrubbed.messages:,} messages are in {out}: {scrubbed.numbers} numbers, {scrubbed.words} words of names and "
        f"{scrubbed.addresses} addresses were replaced"
    ]
    if scrubbed.bytes_dropped:
        lines.append(f"{scrubbed.bytes_dropped:,} bytes of incomplete messages were dropped")
    if scrubbed.left_out:
        lines.append(f"left out: {', '.join(scrubbed.left_out)}")
    lines.append(
        "names of queues, contexts and extensions are as they were (--hide WORD replaces more): look through it"
    )
    return [printable(line) for line in lines]


def journal_folder(settings: Settings, folder: Path) -> Path:
    """Where the journal is; a relative path in the settings is taken from ``folder``."""
    return folder / settings.journal.folder


async def rebuild(
    settings: Settings, folder: Path, since: datetime | None, progress: Callable[[str, int], None] = lambda *_: None
) -> list[Rebuilt]:
    """Tell the journal of each PBX again and store its calls; one that is stored already is not counted twice.

    ``since``: only calls that began at or after that instant. ``progress`` is told of the PBX and its calls so far.

    Raises:
        OffhookError: the store cannot be used.
    """
    async with open_store(settings, folder) as engine:
        store = Store(engine, partial(e164_of, settings.crm))
        return [await _rebuild(one, journal_folder(settings, folder), store, since, progress) for one in settings.pbx]


async def _rebuild(
    settings: PbxSettings, journal: Path, store: Store, since: datetime | None, progress: Callable[[str, int], None]
) -> Rebuilt:
    calls: list[Call] = []
    total = 0

    async def write() -> None:
        nonlocal total
        total += len(calls)
        await store.store_calls(calls)
        calls.clear()
        progress(settings.name, total)

    for _ in tell_again(settings, journal, calls, since):
        if len(calls) >= STORED_AT_ONCE:
            await write()
    await write()
    return Rebuilt(pbx=settings.name, calls=total, until=find_end(journal, settings.name))


def tell_again(settings: PbxSettings, journal: Path, calls: list[Call], since: datetime | None) -> Iterator[None]:
    """Append each call of the journal to ``calls`` as it ends; a step for each read."""
    start = _begin(journal, settings.name, since)
    if start is None:
        return

    def publish(event: CallEvent) -> None:
        if isinstance(event, CallEnded):
            calls.append(event.call)

    gate = Gate(publish)
    dialect = make_dialect(settings)
    board = Switchboard(settings.name, dialect, gate)
    steps = recover(
        journal, settings.name, start, board, dialect, gate, at_border=False, max_frame_bytes=settings.max_frame_bytes
    )
    for _ in steps:
        yield


def _begin(journal: Path, pbx: str, since: datetime | None) -> Mark | None:
    if since is not None:
        return find_read(journal, pbx, since)
    first = next(read_journal(journal, pbx), None)
    return None if first is None else Mark(first.session, first.offset)


def rebuilt_lines(rebuilt: Iterable[Rebuilt]) -> list[str]:
    """What the journals gave, for the terminal."""
    return [
        f"{one.pbx}: there is no journal"
        if one.until is None
        else f"{one.pbx}: {one.calls:,} calls stored; the journal ends at {one.until:%Y-%m-%d %H:%M:%S} UTC"
        for one in rebuilt
    ]
