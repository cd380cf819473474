"""What is written in one transaction, and what that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec

from cti.model import AgentState, Call, Direction, Oddity
from kpi.gaps import Alive, Gap, Turn
from kpi.schema import CallSource, SpanKind
from kpi.tally import Tally, TallyKey


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a PBX's journal is in the store: all before this byte. ``seen_at`` is the last event's instant."""

    pbx: str
    session: str | None = None
    byte_offset: int | None = None
    seen_at: datetime | None = None


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of an agent's day. A log-in and a pause have a ``queue``, a state has a ``state``.

    ``ended_at`` is None while it lasts; ``cut``: its end was not seen, ``ended_at`` is the last time known. A state of
    pause has the ``reason``; a wrap-up tells the conversation that it follows: its queue, direction, start and length
    with hold. ``source`` is who told it, as of a call; of one completed, ``heard_at`` is when it was heard to begin.
    """

    pbx: str
    agent: str
    kind: SpanKind
    started_at: datetime
    queue: str = ""
    ended_at: datetime | None = None
    state: AgentState | None = None
    reason: str | None = None
    talk_queue: str | None = None
    talk_direction: Direction | None = None
    talk_at: datetime | None = None
    talk_s: float | None = None
    cut: bool = False
    source: CallSource = CallSource.LIVE
    heard_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, SpanKind, str, datetime]:
        return self.pbx, self.agent, self.kind, self.queue, self.started_at


class NumberedOddity(msgspec.Struct, frozen=True):
    """``n`` counts the oddities of one event, so that each has a key of its own."""

    oddity: Oddity
    n: int = 0


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Written all or nothing. ``source`` is who told the calls.

    ``parts`` are ids under which parts of these calls were stored as calls of their own: they go.
    """

    calls: tuple[Call, ...] = ()
    source: CallSource = CallSource.LIVE
    parts: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    oddities: tuple[NumberedOddity, ...] = ()
    marks: tuple[Mark, ...] = ()
    turns: tuple[Turn, ...] = ()
    alive: tuple[Alive, ...] = ()

    def __len__(self) -> int:
        return len(self.calls) + len(self.spans) + len(self.oddities) + len(self.turns)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch changed, once it is committed.

    ``tallies`` is the difference, by the rows for all time; ``gaps`` are those that it began or ended, as they are now.
    """

    calls: int = 0
    tallies: Mapping[TallyKey, Tally] = {}
    oddities: Mapping[tuple[str, str], int] = Counter()
    gaps: tuple[Gap, ...] = ()
