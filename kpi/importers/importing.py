"""A site's years before Offhook: read from the PBX's logs in one pass, in little memory, stopped and gone on at will.

Calls are written as they are over, some hundred in a transaction, and after each the place from which to go on. The
same again changes nothing: a call's id is the PBX's own. What Offhook saw itself is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from cti.model import AgentChanged, Call
from kpi.batch import Batch, Span
from kpi.importers.freeswitch_gathering import gathering_for, is_whole
from kpi.importers.gathering import OPEN_AT_MOST, written_at
from kpi.importers.joining import joined, sources_of
from kpi.importers.lines import CdrLeg, Line, LoggedCall, QueueLine, Teller
from kpi.importers.source import BadLine, Source, merged
from kpi.positions import Position
from kpi.schema import CallSource, SpanKind
from kpi.spans import SpanBook
from kpi.store import Store

CALLS_AT_ONCE = 1_000
LINES_BETWEEN_LOOKS = 500


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``calls`` were stored, new ones and old ones told better; ``lines`` were read."""

    lines: int
    calls: int
    spans: int
    bad_lines: int
    bad: tuple[BadLine, ...]
    covers_from: datetime | None
    covers_to: datetime | None


class HistoryImport:
    """Imports ``sources`` of one PBX. ``progress`` is called now and then with the lines read and the calls stored."""

    def __init__(
        self,
        store: Store,
        pbx: str,
        sources: Sequence[Source],
        teller: Teller,
        *,
        name: str,
        marks: dict[str, str] | None = None,
        progress: Callable[[int, int], object] = lambda lines, calls: None,  # noqa: ARG005
    ) -> None:
        self._store, self._pbx, self._sources, self._teller, self._progress = store, pbx, sources, teller, progress
        self._name, self._marks = name, marks or {}
        self._gathering = gathering_for([source.kind for source in sources], teller.is_phone)
        self._days = SpanBook()
        self._open: dict[tuple[object, ...], Span] = {}
        self._calls: list[Call] = []
        self._spans: list[Span] = []
        self._offsets: dict[str, int] = {}
        self._lines = self._stored = self._stored_spans = 0
        self._before: Position | None = None
        self._anew = False
        self._first: datetime | None = None
        self._last: datetime | None = None

    async def run(
        self, since: datetime | None = None, until: datetime | None = None, *, anew: bool = False
    ) -> Imported:
        """Import what was written in that time; go on where the last import stopped, unless ``anew``.

        Raises:
            SourceError: a log cannot be read.
            StoreAwayError: the database is away.
        """
        self._anew = anew
        goes_on = not anew and since is None
        self._before = before = await self._store.fetch_position(self._pbx, self._name) if goes_on else None
        starts = self._starts(before) if before is not None else []
        if before is not None and before.covers_to is not None and any(one.by_time for one in self._sources):
            since = before.covers_to - OPEN_AT_MOST
        async for line in merged(self._sources, since, until, starts):
            self._take(line)
            if self._lines % LINES_BETWEEN_LOOKS == 0:
                await self._look()
        for logged in self._gathering.finished():
            self._tell(logged)
        self._spans += [self._cut(span) for span in self._open.values()]
        await self._write()
        self._progress(self._lines, self._stored)
        return self._imported()

    def _starts(self, before: Position) -> list[int]:
        same = [before.marks.get(source.kind) == self._marks.get(source.kind) for source in self._sources]
        offsets = [before.offsets.get(source.kind, 0) for source in self._sources]
        return [offset if known else 0 for offset, known in zip(offsets, same, strict=True)]

    def _take(self, line: Line) -> None:
        self._lines += 1
        at = written_at(line)
        self._first = at if self._first is None else min(self._first, at)
        self._last = at if self._last is None else max(self._last, at)
        kind = line.kind if isinstance(line, CdrLeg) else _KIND_OF[type(line).__name__]
        self._offsets[kind] = line.offset
        if isinstance(line, QueueLine) and self._gathering.is_about_member(line):
            for change in self._teller.member(line):
                self._note(change)
            return
        self._gathering.take(line)
        for logged in self._gathering.over():
            self._tell(logged)

    def _tell(self, logged: LoggedCall) -> None:
        """Where an import goes on, the ends of calls that it had told before come once more: they are passed over."""
        if self._before is None or not is_cut(logged):
            self._calls += self._teller.tell(logged)

    def _note(self, change: AgentChanged) -> None:
        """Log-ins and pauses; what an agent does otherwise, the calls tell."""
        for span in self._days.apply(change):
            if span.kind is SpanKind.STATE:
                continue
            span = msgspec.structs.replace(span, source=CallSource.IMPORTED)
            if span.ended_at is None:
                self._open[span.key] = span
            else:
                self._open.pop(span.key, None)
                self._spans.append(span)

    def _cut(self, span: Span) -> Span:
        return msgspec.structs.replace(span, ended_at=max(self._last or span.started_at, span.started_at), cut=True)

    async def _look(self) -> None:
        if len(self._calls) + len(self._spans) >= CALLS_AT_ONCE:
            await self._write()
        self._progress(self._lines, self._stored)

    async def _write(self) -> None:
        calls, spans, self._calls, self._spans = self._calls, self._spans, [], []
        known = await self._store.fetch_told(self._pbx, [call.call_id for call in calls])
        told = [(known.get(call.call_id), call) for call in calls]
        news = [better for old, call in told if (better := _better(old, call, self._anew)) is not None]
        if news or spans:
            await self._store.store(Batch(calls=tuple(news), spans=tuple(spans), source=CallSource.IMPORTED))
        self._stored += len(news)
        self._stored_spans += len(spans)
        await self._store.store_position(self._position())

    def _position(self) -> Position:
        """Where to go on: at the first line of a call that is not over, else behind the last line."""
        before, result = self._before, self._imported()
        first = self._gathering.oldest()
        offsets = dict(before.offsets) if before is not None else {}
        for kind, last in self._offsets.items():
            open_from = first.get(kind)
            offsets[kind] = last + 1 if open_from is None else open_from
        return Position(
            pbx=self._pbx,
            source=self._name,
            imported_at=datetime.now(UTC),
            offsets=offsets,
            marks=self._marks,
            covers_from=result.covers_from,
            covers_to=result.covers_to,
            calls=self._stored + (before.calls if before is not None else 0),
            bad_lines=result.bad_lines + (before.bad_lines if before is not None else 0),
        )

    def _imported(self) -> Imported:
        before = self._before
        begins = [at for at in (self._first, before.covers_from if before is not None else None) if at is not None]
        ends = [at for at in (self._last, before.covers_to if before is not None else None) if at is not None]
        return Imported(
            lines=self._lines,
            calls=self._stored,
            spans=self._stored_spans,
            bad_lines=sum(source.bad.count for source in self._sources),
            bad=tuple(bad for source in self._sources for bad in source.bad.kept),
            covers_from=min(begins, default=None),
            covers_to=max(ends, default=None),
        )


_KIND_OF = {"QueueLine": "queue_log", "CelRow": "cel", "CdrRow": "cdr"}


def is_cut(logged: LoggedCall) -> bool:
    """Whether the beginning of a call is not among its lines."""
    if logged.legs:
        return not is_whole(logged.legs)
    begun: dict[str, str] = {}
    for row in logged.cel:
        begun.setdefault(row.uniqueid, row.event)
    if begun:
        return any(event != "CHAN_START" for event in begun.values())
    return bool(logged.queue_log) and logged.queue_log[0].event != "ENTERQUEUE"


def _better(known: tuple[Call, CallSource] | None, call: Call, anew: bool) -> Call | None:
    """What to store of a call; None where the store knows as much, or knows it better."""
    if known is None:
        return call
    stored, source = known
    if source is not CallSource.IMPORTED:
        return None
    better = call if anew and sources_of(stored) <= sources_of(call) else joined(stored, call)
    return None if better == stored else better
