"""From the feed to the store: takes in ended calls, the agents' days and oddities, and writes them in batches.

Taking in never waits for the database. What cannot be written is kept in memory, in order, and tried again until it is
written: 10,000 calls are some 50 MB. The journal mark is written with what it marks, and stands at the first byte of
the oldest call still open; so whatever is lost with the process is read again from the journal. Should the feed ever
have had to drop an event, the mark stays where it is until the next start, for the same reason.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, TypeVar

import structlog

from cti.errors import OffhookError
from cti.feed import Follower
from cti.model import (
    AboutCall,
    AgentChanged,
    Call,
    CallEnded,
    CallEvent,
    CallMerged,
    CallReleased,
    Oddity,
    OddityFound,
    Origin,
    PbxBack,
    PbxLost,
)
from kpi.batch import Batch, Mark, NumberedOddity, Span
from kpi.gaps import CARRIED_OVER, UNHEARD, Alive, StreamBack, StreamLost, StreamMissed
from kpi.spans import Carried, SpanBook
from kpi.store import Store, StoreAwayError
from kpi.totals import Totals

BATCH_ENTRIES = 1_000  # half as many cost a third more for each; this holds SQLite's lock for a fifth of a second
BATCH_WAIT_S = 0.1
BACKOFF_FIRST_S = 0.2
BACKOFF_MAX_S = 15.0
HEARTBEAT_S = 10.0  #: how much longer than it was a gap is told to be after a crash, at the most

Item = Call | Span | NumberedOddity | StreamLost | StreamBack | StreamMissed | Alive
Result = TypeVar("Result")
_log = structlog.get_logger(__name__)


class Entry(NamedTuple):
    """Something to write, the mark as of then, and when it came in by the monotonic clock."""

    item: Item
    mark: Mark | None
    taken_at: float


class OpenCalls:
    """Where the journal has to be read again from: the oldest call of a PBX that is still open, or its last event."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, Origin]] = {}

    def apply(self, event: CallEvent) -> Mark | None:
        """The mark after ``event``; None while the PBX's stream has not begun."""
        of_pbx = self._open.setdefault(event.origin.pbx, {})
        if isinstance(event, AboutCall):
            if isinstance(event, CallEnded | CallMerged):
                of_pbx.pop(event.call.call_id, None)
            elif event.call.ended_at is None:
                of_pbx.setdefault(event.call.call_id, event.call.origin)
        first = next(iter(of_pbx.values()), event.origin)
        if not first.session:
            return None
        return Mark(pbx=event.origin.pbx, session=first.session, byte_offset=first.offset, seen_at=event.at)


class Streams:
    """Which PBXs' streams are whole now, and the turns of each for the gap ledger."""

    def __init__(self, known_until: Callable[[str], datetime | None]) -> None:
        self.whole: set[str] = set()
        self._met: set[str] = set()
        self._read_again: dict[str, datetime] = {}
        self._known_until = known_until

    def apply(self, event: CallEvent) -> StreamLost | StreamBack | None:
        """None for an event that is no turn. What comes before a PBX was first met is read again from its journal."""
        pbx = event.origin.pbx
        if not isinstance(event, PbxLost | PbxBack):
            if pbx not in self._met:
                self._read_again[pbx] = event.at
            return None
        if isinstance(event, PbxLost):
            self.whole.discard(event.pbx)
            return StreamLost(event.pbx, event.at, event.cause)
        self.whole.add(event.pbx)
        first = event.pbx not in self._met
        self._met.add(event.pbx)
        known = (self._read_again.pop(event.pbx, None), self._known_until(event.pbx) if first else None)
        return StreamBack(event.pbx, event.at, first, max((at for at in known if at is not None), default=None))


class Recorder:
    """Writes what ``follower`` brings to ``store`` until it is closed; ``run`` it in a task of its own.

    ``totals`` move with each committed transaction. ``pbxs`` are ours in a store that others share: their agents' spans
    are cut at the start, should a crash have left them open, unless ``carry_on`` was called. ``stored`` counts calls,
    ``refused`` what the database did not take (a call leaves an oddity), ``retries`` failed attempts; ``last_error`` is
    None while the database answers. ``marks`` are those that were written, by PBX. ``known_until`` says up to when a
    PBX's stream is known from elsewhere (its journal) when it comes back first.
    """

    def __init__(
        self,
        follower: Follower,
        store: Store,
        *,
        totals: Totals | None = None,
        pbxs: Iterable[str] = (),
        known_until: Callable[[str], datetime | None] = lambda _: None,
        batch_entries: int = BATCH_ENTRIES,
        batch_wait_s: float = BATCH_WAIT_S,
        backoff_first_s: float = BACKOFF_FIRST_S,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self.totals = totals or Totals()
        self.stored = self.refused = self.retries = 0
        self.last_error: OffhookError | None = None
        self._follower, self._store, self._pbxs = follower, store, tuple(pbxs)
        self._batch_entries, self._batch_wait_s = batch_entries, batch_wait_s
        self._backoff_first_s = backoff_first_s
        self._entries: deque[Entry] = deque()
        self._writing: list[Entry] = []
        self._open, self._spans, self._streams = OpenCalls(), SpanBook(), Streams(known_until)
        self._heartbeat_s, self._beat_at = heartbeat_s, time.monotonic()
        self._carried: set[str] = set()
        self._lost_at: dict[str, datetime] = {}
        self.marks: dict[str, Mark] = {}
        self._last_oddity: tuple[Origin | None, int] = (None, 0)
        self._some, self._enough, self._done = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._ended = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def backlog(self) -> int:
        """Entries that are not in the store yet."""
        return len(self._entries) + len(self._writing)

    @property
    def lag_s(self) -> float:
        """How long the oldest of them has waited."""
        oldest = next(iter(self._writing or self._entries), None)
        return 0.0 if oldest is None else time.monotonic() - oldest.taken_at

    @property
    def missed(self) -> int:
        """Events that the feed had to drop."""
        return self._follower.missed

    async def run(self) -> None:
        """Return after ``close``, or when the feed has closed and everything is written."""
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = [group.create_task(self._take_in()), group.create_task(self._write_out())]
        finally:
            self._done.set()

    async def close(self, within_s: float = 10.0) -> int:
        """Take no more events and write what is there; how many entries could not be written in time.

        Those are in the journal after the mark, if one is kept.
        """
        self._follower.close()
        if self._tasks:
            try:
                await asyncio.wait_for(self._done.wait(), within_s)
            except TimeoutError:
                for task in self._tasks:
                    task.cancel()
                await self._done.wait()
        if self.backlog:
            _log.error("the recorder closed before everything was stored", entries=self.backlog)
        return self.backlog

    def carry_on(self, pbx: str, carried: Carried) -> None:
        """Before ``run``: the agents' spans go on where another run was, and what follows is told again from there."""
        self._spans.carry_on(pbx, carried)
        self._carried.add(pbx)

    def note_missed(self, pbx: str, began_at: datetime, ended_at: datetime) -> None:
        """Keep in the gap ledger that nothing was seen of a PBX in that time, should it not be there."""
        turn = StreamMissed(pbx, began_at, ended_at, UNHEARD)
        self._entries.append(Entry(turn, None, time.monotonic()))
        self._some.set()

    async def _take_in(self) -> None:
        async for event in self._follower:
            self._take(event)
        self._ended = True
        self._some.set()
        self._enough.set()

    def _take(self, event: CallEvent) -> None:
        mark = self._open.apply(event)
        taken_at = time.monotonic()
        self._entries.extend(Entry(item, None if self.missed else mark, taken_at) for item in self._items(event))
        if self._entries:
            self._some.set()
        if len(self._entries) >= self._batch_entries:
            self._enough.set()

    def _items(self, event: CallEvent) -> Iterator[Item]:
        if (turn := self._streams.apply(event)) is not None:
            yield turn
            yield from self._parted(turn)
        if isinstance(event, CallEnded):
            yield event.call
        elif isinstance(event, CallReleased):
            self._spans.release(event)
        elif isinstance(event, AgentChanged):
            yield from self._spans.apply(event)
        elif isinstance(event, OddityFound):
            yield self._numbered(event.oddity)

    def _parted(self, turn: StreamLost | StreamBack) -> list[Span]:
        """The agents' spans, cut by a gap so long that nobody would say that they went on."""
        if isinstance(turn, StreamLost):
            self._lost_at[turn.pbx] = turn.at
            return []
        lost_at = self._lost_at.pop(turn.pbx, turn.known_until if turn.first else None)
        if not turn.first and lost_at is None:
            return []
        short = lost_at is not None and turn.at - lost_at <= CARRIED_OVER
        return [] if short else self._spans.part(turn.pbx, lost_at, turn.at)

    def _numbered(self, oddity: Oddity) -> NumberedOddity:
        origin, n = self._last_oddity
        n = n + 1 if oddity.origin == origin else 0
        self._last_oddity = (oddity.origin, n)
        return NumberedOddity(oddity, n)

    async def _write_out(self) -> None:
        for pbx in (one for one in self._pbxs if one not in self._carried):
            await self._until_it_works(partial(self._store.cut_open_spans, pbx))
        await self._learn_totals()
        while await self._due():
            self._writing = [self._entries.popleft() for _ in range(min(self._batch_entries, len(self._entries)))]
            if self._writing:
                await self._write(self._writing)
            self._writing = []

    async def _due(self) -> bool:
        """Wait until a batch is full, or as long as its first entry may wait; False when nothing will come any more."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._some.wait(), self._heartbeat_s)
        self._beat()
        if len(self._entries) < self._batch_entries and not self._ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), self._batch_wait_s)
        if not self._ended and len(self._entries) <= self._batch_entries:
            self._some.clear()
            self._enough.clear()
        return bool(self._entries) or not self._ended

    def _beat(self) -> None:
        """Have the store know from time to time that all is seen: the gap after a crash begins there."""
        now = time.monotonic()
        if now - self._beat_at >= self._heartbeat_s:
            self._beat_at = now
            at = datetime.now(UTC)
            self._entries.extend(Entry(Alive(pbx, at), None, now) for pbx in sorted(self._streams.whole))

    async def _write(self, entries: list[Entry]) -> None:
        """Write them all. A row that the database refuses is found by halves, and put aside as an oddity."""
        try:
            tries = self.retries
            stored = await self._until_it_works(partial(self._store.store, _batch(entries)))
        except OffhookError as error:
            await self._write_apart(entries, error)
            return
        self.stored += stored.calls
        self.marks.update({entry.mark.pbx: entry.mark for entry in entries if entry.mark is not None})
        if tries == self.retries:
            self.totals.add(stored)
        else:  # an attempt that failed may yet have been committed: then the difference was not told
            await self._learn_totals()

    async def _write_apart(self, entries: list[Entry], error: OffhookError) -> None:
        if len(entries) == 1:
            await self._put_aside(entries[0], error)
            return
        middle = len(entries) // 2
        await self._write(entries[:middle])
        await self._write(entries[middle:])

    async def _put_aside(self, entry: Entry, error: OffhookError) -> None:
        self.refused += 1
        _log.error("the store refused a row", row=type(entry.item).__name__, error=error.ref, why=error.why)
        if isinstance(entry.item, Call):
            await self._write([entry._replace(item=_refusal(entry.item, error))])

    async def _learn_totals(self) -> None:
        tallies = await self._until_it_works(self._store.fetch_totals)
        oddities = await self._until_it_works(self._store.fetch_oddity_counts)
        gaps = await self._until_it_works(self._store.fetch_gaps)
        ours = self._pbxs
        self.totals.replace(
            {key: tally for key, tally in tallies.items() if not ours or key.pbx in ours},
            {key: count for key, count in oddities.items() if not ours or key[0] in ours},
            [gap for gap in gaps if not ours or gap.pbx in ours],
        )

    async def _until_it_works(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Try again with growing pauses while the database is away."""
        pause_s = self._backoff_first_s
        while True:
            try:
                result = await attempt()
            except StoreAwayError as error:
                self._note_away(error, pause_s)
            else:
                self.last_error = None
                return result
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, BACKOFF_MAX_S)

    def _note_away(self, error: StoreAwayError, pause_s: float) -> None:
        self.retries += 1
        self.last_error = error
        _log.warning("the store is away", why=error.why, again_in_s=pause_s, waiting=self.backlog)


def _batch(entries: list[Entry]) -> Batch:
    items = [entry.item for entry in entries]
    marks = {entry.mark.pbx: entry.mark for entry in entries if entry.mark is not None}
    return Batch(
        calls=tuple(item for item in items if isinstance(item, Call)),
        spans=tuple(item for item in items if isinstance(item, Span)),
        oddities=tuple(item for item in items if isinstance(item, NumberedOddity)),
        turns=tuple(item for item in items if isinstance(item, StreamLost | StreamBack | StreamMissed)),
        alive=tuple(item for item in items if isinstance(item, Alive)),
        marks=tuple(marks.values()),
    )


def _refusal(call: Call, error: OffhookError) -> NumberedOddity:
    """What is kept of a call that the database does not take: its id, and by its origin its bytes in the journal."""
    detail = f"{error.ref}: call {call.call_id}"
    return NumberedOddity(Oddity("call-not-stored", detail, datetime.now(UTC), call.origin), -1)
