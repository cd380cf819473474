"""What was read and is not on the disk yet: given away by the reader's task, taken by the journal's thread."""

from __future__ import annotations

from collections import deque
from datetime import datetime

import msgspec

from cti.journal import JournalRead

BATCH_BYTES = 1 << 20
SLOW = "the disk is slow"


class JournalLoss(msgspec.Struct, frozen=True, kw_only=True):
    """Reads that are not in the journal. Who followed the calls live has missed nothing."""

    pbx: str
    session: str  #: the connection of the first of them
    from_at: datetime
    to_at: datetime
    reads: int
    bytes: int
    cause: str


class Backlog:
    """A queue between two threads, bounded by ``max_bytes``.

    When it is full it drops what comes, until it has been emptied: one gap instead of many. ``reads_lost`` and
    ``bytes_lost`` count what was dropped, ``cause`` is the reason to give for it.
    """

    def __init__(self, pbx: str, max_bytes: int) -> None:
        self.cause = SLOW
        self.reads_lost = self.bytes_lost = 0
        self._pbx, self._max_bytes = pbx, max_bytes
        self._queue: deque[JournalRead | JournalLoss] = deque()
        self._gap: JournalLoss | None = None
        self._taken = self._done = 0  # bytes; each is moved by one thread only

    @property
    def waiting(self) -> int:
        """Bytes that are not written yet, those in the hands of the writing thread too."""
        return self._taken - self._done

    def put(self, read: JournalRead) -> None:
        """Queue ``read``, or drop it. Called by the reader's task."""
        waiting, size = self.waiting, len(read.data)
        if waiting and (self._gap is not None or waiting + size > self._max_bytes):
            self._gap = self._with(self._gap, read)
            return
        if self._gap is not None:
            self._queue.append(self._gap)
            self._gap = None
        self._taken += size
        self._queue.append(read)

    def get(self) -> list[JournalRead] | JournalLoss | None:
        """Reads of one connection that follow on one another, or the gap that comes before the next; None: all is done.

        Called by the writing thread, which calls ``done`` for the reads when they are written.
        """
        if not self._queue:
            return None
        first = self._queue.popleft()
        if isinstance(first, JournalLoss):
            return first
        run, size, last = [first], len(first.data), first
        while size < BATCH_BYTES and self._queue and _follows(last, self._queue[0]):
            last = self._queue.popleft()  # type: ignore[assignment]  # _follows has seen that it is a read
            run.append(last)
            size += len(last.data)
        return run

    def done(self, run: list[JournalRead]) -> None:
        self._done += sum(len(read.data) for read in run)

    def give_up(self, run: list[JournalRead]) -> JournalLoss | None:
        """``run`` and all that is queued behind it will not be written; None if that is nothing."""
        loss = self._gap
        for read in (*run, *self._queue):
            if isinstance(read, JournalRead):
                loss = self._with(loss, read)
        self._queue.clear()
        self._done, self._gap = self._taken, None
        return loss

    def _with(self, gap: JournalLoss | None, read: JournalRead) -> JournalLoss:
        size = len(read.data)
        self.reads_lost += 1
        self.bytes_lost += size
        if gap is None:
            return JournalLoss(
                pbx=self._pbx,
                session=read.session,
                from_at=read.received_at,
                to_at=read.received_at,
                reads=1,
                bytes=size,
                cause=self.cause,
            )
        return msgspec.structs.replace(
            gap,
            from_at=min(gap.from_at, read.received_at),
            to_at=max(gap.to_at, read.received_at),
            reads=gap.reads + 1,
            bytes=gap.bytes + size,
        )


def _follows(read: JournalRead, after: JournalRead | JournalLoss) -> bool:
    return (
        isinstance(after, JournalRead)
        and after.session == read.session
        and after.offset == read.offset + len(read.data)
    )
