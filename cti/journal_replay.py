"""The journal told again: after a crash from the store's mark on, or from any instant to fill a store anew.

The instants are those of the live run and the ids are the PBX's own, so the calls come out the same, and writing them
again changes nothing. Nothing here does I/O but the iterators that are read.

In the middle of a stream there are the ends of calls that began before. ``Gate`` keeps them back: what it passes on is
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Protocol

import structlog

from cti.errors import OffhookError
from cti.journal import JournalRead, Mark, find_read, read_journal
from cti.model import AboutCall, CallEvent, OddityFound, Origin
from cti.pbx.dialect import Dialect, Frame, Wire

ROOTLESS = "call-without-root"  # the tracker's oddity for a call of which it did not see the beginning
MAX_FRAME_BYTES = 1 << 20
WARM_UP = timedelta(hours=2)  # the calls that are under way at any instant began within it, but for a few

Publish = Callable[[CallEvent], None]

_log = structlog.get_logger(__name__)


class Board(Protocol):
    """Who is told of the frames: a ``Switchboard``."""

    def take(self, frames: Iterable[Frame], received_at: datetime, session: str) -> None: ...
    def lost(self, at: datetime, cause: str) -> None: ...
    def back(self, at: datetime) -> None: ...


class Gate:
    """What a switchboard publishes to; it passes on to ``publish``, which may be set anew at any time.

    ``recover`` uses it. What was told before the mark is kept back, and what is told later of the same calls too, for
    good: they had ended when the mark was set. So are calls whose beginning was not seen. While the journal is told
    again it keeps back the oddities, most of which come of that.
    """

    def __init__(self, publish: Publish) -> None:
        self.publish = publish
        self.before_mark = self.replaying = False
        self.began_at = Mark("", 0)
        self._old: set[Origin] = set()

    def __call__(self, event: CallEvent) -> None:
        if self.replaying:
            self._note_old(event)
        if not self.before_mark and self._is_news(event):
            self.publish(event)

    def _note_old(self, event: CallEvent) -> None:
        if isinstance(event, AboutCall) and self.before_mark:
            self._old.add(event.call.origin)
        elif isinstance(event, OddityFound) and event.oddity.kind == ROOTLESS:
            self._old.add(event.oddity.origin)

    def _is_news(self, event: CallEvent) -> bool:
        if isinstance(event, AboutCall):
            origin = event.call.origin
            return origin not in self._old and Mark(origin.session, origin.offset) >= self.began_at
        return not (self.replaying and isinstance(event, OddityFound))


def recover(
    folder: Path,
    pbx: str,
    since: Mark,
    board: Board,
    dialect: Dialect,
    gate: Gate,
    *,
    at_border: bool = True,
    warm_up: timedelta = WARM_UP,
    max_frame_bytes: int = MAX_FRAME_BYTES,
) -> Iterator[Mark]:
    """Tell ``board``, which publishes to ``gate``, what the journal holds from the mark on; after each read, how far.

    The time before the mark is told too, but not passed on: so the board knows what was under way at the mark, and who
    was in which queue. Afterwards board and dialect are as in the live run: calls under way are open, and the same
    board can go on with a new connection. The caller sets ``gate.publish`` to the recorder alone for that time: what is
    replayed must pop and dial nothing. Set ``at_border`` to False for a mark at which no event begins.

    ``board = Switchboard(pbx, dialect, gate := Gate(record))``, ``for _ in recover(folder, pbx, mark, board, dialect,
    gate): ...``, ``gate.publish = feed.publish``.
    """

    def reads() -> Iterator[JournalRead]:
        first = next(read_journal(folder, pbx, since), None)
        start = None if first is None else find_read(folder, pbx, first.received_at - warm_up)
        gate.began_at = since if start is None else min(start, since)
        gate.before_mark = True
        yield from read_journal(folder, pbx, gate.began_at, since)
        gate.before_mark = False
        yield from read_journal(folder, pbx, since)

    gate.replaying = True
    yield from replay_journal(reads(), board, dialect, since if at_border else None, max_frame_bytes)
    gate.replaying = gate.before_mark = False


def replay_journal(
    reads: Iterable[JournalRead],
    board: Board,
    dialect: Dialect,
    border: Mark | None = None,
    max_frame_bytes: int = MAX_FRAME_BYTES,
) -> Iterator[Mark]:
    """Tell ``board`` again what was read, and each end of a connection; after each read, how far that is.

    Where ``reads`` begin in the middle of a stream, they go on with the first whole frame; one begins at ``border``.
    """
    new_wire = partial(dialect.wire, max_frame_bytes)
    for session, its_reads in groupby(reads, key=attrgetter("session")):
        its_border = border.offset if border is not None and session == border.session else 0
        yield from _replay_session(its_reads, board, FrameReader(new_wire, its_border), dialect.wanted)


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
) -> Iterator[Mark]:
    last_at = None  # None until the first event, as the link tells of a connection from the log-in on
    for read in reads:
        given = _take(frames, read, wanted)
        if given and last_at is None:
            board.back(read.received_at)
        if given:
            board.take(given, read.received_at, read.session)
        if given or last_at is not None:
            last_at = read.received_at
        yield Mark(read.session, read.offset + len(read.data))
    if last_at is not None:
        board.lost(last_at, "the connection ended")


def _take(frames: FrameReader, read: JournalRead, wanted: frozenset[str]) -> list[Frame]:
    """The wanted events; none from a fault of the stream on, as in the live run."""
    try:
        return [frame for frame in frames.take(read.offset, read.data) if frame.name in wanted]
    except OffhookError as error:
        _log.debug("the stream cannot be read any further", session=read.session, offset=read.offset, ref=error.ref)
        return []
