"""The one additive record: what a quarter of an hour adds up to.

Tallies add (quarters to a day, queues to a site, PBXs to a company) and subtract, exactly: counts and milliseconds are
whole numbers. Every measure is a pure function of a Tally.

**Where an item counts.** Each item counts once, in the quarter in which it *began*, in UTC:

=========  =====================================  ==========================================
item       row (no agent or no queue is ``''``)   quarter of
=========  =====================================  ==========================================
call       first queue, no agent                  ``offered_at``
stay       its queue, no agent                    ``joined_at``
ring       its queue, its agent                   ``started_at``
talk       its queue, its agent                   ``started_at``
transfer   that of the talk it was made in        that of the talk it was made in
wrap-up    that of the talk it follows            that of the talk it follows
=========  =====================================  ==========================================

So a stay's entry, outcome and wait are in one row and no rate of a quarter can pass 100 %; a talk that runs over an
interval's border counts whole where it began (Twilio's rule; Genesys counts it where the wrap-up ended). Rows hold
disjoint facts, so the plain sum over all rows of a queue is that queue, and over all rows it is the site. A quarter
fits every time zone: all have offsets in whole quarters of an hour. What begins in an interval belongs to it however
long it lasts, so midnight and clock changes need no rule of their own. A caller whom a queue refused has no stay: he
counts in the outcomes of calls, under that queue. A phone rung only by a colleague with a question is not counted.

**Time is not an item.** What an agent does (``kpi.agent_time``) is cut at the borders of the quarters, so that no hour
has more than 60 minutes of anybody.

**By the number dialled.** Rows of the span ``did`` hold the same once more for inbound calls, by the public number that
the caller dialled (``did``), agents summed up.

**Histograms** (``kpi.histogram``) are packed into the row, not a table of cells: a quarter has a handful of different
seconds, adding reads and writes one row that has to be written anyway, and thousands are read in one scan. A table of
cells would have as many rows as the calls themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from cti.model import (
    Call,
    CallOutcome,
    Direction,
    Ring,
    RingResult,
    Stay,
    StayOutcome,
    Talk,
    Transfer,
    TransferKind,
)
from kpi.columns import EPOCH, NaiveInstantError, cut_text
from kpi.histogram import Histogram
from kpi.schema import HISTOGRAMS, NUMBER_CHARS, TallySpan

QUARTER = timedelta(minutes=15)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_ZERO = timedelta()

Item = TypeVar("Item", int, str)


class TallyKey(NamedTuple):
    """What a tally is about. ``starts_at`` is the start of the quarter, 1970 for ``ever``.

    ``direction`` is None where there is none: of an agent's time. ``did`` is ``''`` but in rows of that span.
    """

    span: TallySpan
    starts_at: datetime
    pbx: str
    queue: str
    agent: str
    direction: Direction | None
    did: str = ""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Counts, sums and histograms: calls ``started``, stays ``entered``, phones ``rung``, ``talks``, those with a hold.

    ``talk_ms`` leaves hold out. ``handed_on``: talks that ended in a transfer, parking left out. ``handle_times`` are
    talk, hold and wrap-up of each conversation. The agents' time is ``idle_ms``, ``ringing_ms``, ``talking_ms``,
    ``wrapping_ms`` and, by reason, ``pauses``. Zero is not kept in the mappings, so equal sums are equal tallies.
    """

    started: int = 0
    entered: int = 0
    rung: int = 0
    talks: int = 0
    held: int = 0
    handed_on: int = 0
    wrap_ups: int = 0
    calls: Mapping[CallOutcome, int] = {}
    stays: Mapping[StayOutcome, int] = {}
    rings: Mapping[RingResult, int] = {}
    transfers: Mapping[TransferKind, int] = {}
    answered_wait_ms: int = 0
    abandoned_wait_ms: int = 0
    other_wait_ms: int = 0
    ring_ms: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    idle_ms: int = 0
    ringing_ms: int = 0
    talking_ms: int = 0
    wrapping_ms: int = 0
    pauses: Mapping[str, int] = {}
    answered_waits: Histogram = {}
    abandoned_waits: Histogram = {}
    other_waits: Histogram = {}
    ring_times: Histogram = {}
    talk_times: Histogram = {}
    hold_times: Histogram = {}
    wrap_up_times: Histogram = {}
    handle_times: Histogram = {}

    @property
    def answered(self) -> int:
        """Stays that an agent answered."""
        return self.stays.get(StayOutcome.ANSWERED, 0)

    @property
    def abandoned(self) -> int:
        """Stays that the caller gave up."""
        return self.stays.get(StayOutcome.ABANDONED, 0)

    @property
    def left_otherwise(self) -> int:
        """Stays that ended neither answered nor abandoned."""
        return sum(self.stays.values()) - self.answered - self.abandoned

    @property
    def paused_ms(self) -> int:
        """The agents' time in pause, whatever the reason."""
        return sum(self.pauses.values())

    @property
    def login_ms(self) -> int:
        """The agents' time in a queue or on a call: the sum of what they did in it."""
        return self.idle_ms + self.ringing_ms + self.talking_ms + self.wrapping_ms + self.paused_ms

    @property
    def difference(self) -> int:
        """Stays entered that have no outcome: 0 when the numbers add up."""
        return self.entered - sum(self.stays.values())


EMPTY = Tally()
_NUMBERS = tuple(f.name for f in msgspec.structs.fields(Tally) if f.type is int)
_MAPPINGS = tuple(f.name for f in msgspec.structs.fields(Tally) if f.type is not int)
_NUMBERS_OF, _MAPPINGS_OF = attrgetter(*_NUMBERS), attrgetter(*_MAPPINGS)


def tallies_of(call: Call) -> dict[TallyKey, Tally]:
    """What one call adds, by row. A part that has no end yet counts as begun, without time or outcome.

    Raises NaiveInstantError.
    """
    return gather(items_of(call))


def items_of(call: Call) -> list[tuple[TallyKey, Tally]]:
    """The same, item by item, not added up. Raises NaiveInstantError."""
    return [*_of_call(call), *_of_stays(call), *_of_rings(call), *_of_talks(call), *_of_transfers(call)]


def did_items(call: Call, items: Iterable[tuple[TallyKey, Tally]]) -> list[tuple[TallyKey, Tally]]:
    """The same as ``items``, which are the call's, by the number that an inbound caller dialled."""
    did = did_of(call)
    return [(key._replace(span=TallySpan.DID, agent="", did=did), tally) for key, tally in items] if did else []


def did_of(call: Call) -> str:
    """The public number that an inbound caller dialled; ``''`` where there is none, and of other calls."""
    return cut_text(call.dialled, NUMBER_CHARS) if call.dialled and call.direction is Direction.INBOUND else ""


def gather(items: Iterable[tuple[TallyKey, Tally]]) -> dict[TallyKey, Tally]:
    """The sum of the items of each key; keys whose sum is nothing are left out."""
    groups: dict[TallyKey, list[Tally]] = {}
    for key, tally in items:
        groups.setdefault(key, []).append(tally)
    sums = ((key, total(group)) for key, group in groups.items())
    return {key: tally for key, tally in sums if tally != EMPTY}


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of them all.

    >>> total([Tally(entered=2, answered_waits={7: 2}), Tally(entered=1, answered_waits={7: 1, 9: 1})]).answered_waits
    {7: 3, 9: 1}
    """
    group = list(tallies)
    if len(group) == 1:
        return group[0]
    if not group:
        return EMPTY
    sums: dict[str, Any] = dict(zip(_NUMBERS, map(sum, zip(*map(_NUMBERS_OF, group), strict=True)), strict=True))
    mappings = map(merged, zip(*map(_MAPPINGS_OF, group), strict=True))
    return Tally(**sums | dict(zip(_MAPPINGS, mappings, strict=True)))


def add(one: Tally, other: Tally) -> Tally:
    return total((one, other))


def subtract(one: Tally, other: Tally) -> Tally:
    """What is left of ``one``: ``add(subtract(a, b), b) == a``. Counts may be negative: a correction is a tally too."""
    return add(one, negative(other))


def negative(tally: Tally) -> Tally:
    """The tally that takes this one away again."""
    opposite: dict[str, Any] = {name: -getattr(tally, name) for name in _NUMBERS}
    return Tally(**opposite | {name: {k: -n for k, n in getattr(tally, name).items()} for name in _MAPPINGS})


def ever(key: TallyKey, span: TallySpan = TallySpan.EVER) -> TallyKey:
    """The row that sums this one up for all time, of calls seen as they happened or filled in: without its agent."""
    return key._replace(span=span, starts_at=EPOCH, agent="", did="")


def of_agent(key: TallyKey) -> TallyKey:
    """The row that sums up for all time what this agent did, in whatever queue."""
    return key._replace(span=TallySpan.AGENT, starts_at=EPOCH, queue="", did="")


def plain(tally: Tally) -> Tally:
    """The same without histograms.

    >>> plain(Tally(talks=1, talk_ms=7_500, talk_times={8: 1})) == Tally(talks=1, talk_ms=7_500)
    True
    """
    return msgspec.structs.replace(tally, **{name: {} for name in HISTOGRAMS})


def quarter_of(at: datetime) -> datetime:
    """The start of the quarter of an hour, in UTC.

    >>> quarter_of(datetime(2026, 3, 29, 1, 59, 59, tzinfo=UTC)).isoformat()
    '2026-03-29T01:45:00+00:00'
    """
    if at.tzinfo is None:
        raise NaiveInstantError(at)
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def second_of(duration: timedelta) -> int:
    """The histogram's second: the next whole one, so that "at most T seconds" is every second up to T.

    >>> second_of(timedelta(seconds=20)), second_of(timedelta(seconds=20, microseconds=1)), second_of(timedelta())
    (20, 21, 0)
    """
    return -(-duration // _SECOND)


def _key(call: Call, at: datetime, queue: str | None, agent: str = "") -> TallyKey:
    return TallyKey(TallySpan.QUARTER, quarter_of(at), call.pbx, queue or "", agent, call.direction)


def _of_call(call: Call) -> Iterator[tuple[TallyKey, Tally]]:
    outcomes = {} if call.outcome is None else {call.outcome: 1}
    yield _key(call, call.offered_at, call.queue), Tally(started=1, calls=outcomes)


def _of_stays(call: Call) -> Iterator[tuple[TallyKey, Tally]]:
    for stay in call.stays:
        yield _key(call, stay.joined_at, stay.queue), _of_stay(stay)


def _of_stay(stay: Stay) -> Tally:
    if stay.outcome is None:
        return Tally(entered=1)
    wait = _span(stay.joined_at, stay.left_at)
    stays, wait_ms, waits = {stay.outcome: 1}, wait // _MILLISECOND, {second_of(wait): 1}
    if stay.outcome is StayOutcome.ANSWERED:
        return Tally(entered=1, stays=stays, answered_wait_ms=wait_ms, answered_waits=waits)
    if stay.outcome is StayOutcome.ABANDONED:
        return Tally(entered=1, stays=stays, abandoned_wait_ms=wait_ms, abandoned_waits=waits)
    return Tally(entered=1, stays=stays, other_wait_ms=wait_ms, other_waits=waits)


def _of_rings(call: Call) -> Iterator[tuple[TallyKey, Tally]]:
    for ring in call.rings:
        if not ring.consult:
            yield _key(call, ring.started_at, ring.queue, ring.agent), _of_ring(ring)


def _of_ring(ring: Ring) -> Tally:
    if ring.ended_at is None:
        return Tally(rung=1, rings={ring.result: 1})
    rang = _span(ring.started_at, ring.ended_at)
    return Tally(rung=1, rings={ring.result: 1}, ring_ms=rang // _MILLISECOND, ring_times={second_of(rang): 1})


def _of_talks(call: Call) -> Iterator[tuple[TallyKey, Tally]]:
    for talk in call.talks:
        yield _talk_key(call, talk), _of_talk(talk)


def _talk_key(call: Call, talk: Talk) -> TallyKey:
    return _key(call, talk.started_at, talk.queue, talk.agent)


def _of_talk(talk: Talk) -> Tally:
    held = int(talk.holds > 0 or talk.hold_s > 0)
    if talk.ended_at is None:
        return Tally(talks=1, held=held)
    hold = timedelta(seconds=talk.hold_s)
    connected = _span(talk.started_at, talk.ended_at)
    spoken = max(_ZERO, connected - hold)
    return Tally(
        talks=1,
        held=held,
        talk_ms=spoken // _MILLISECOND,
        hold_ms=hold // _MILLISECOND,
        talk_times={second_of(spoken): 1},
        hold_times={second_of(hold): 1} if held else {},
        handle_times={second_of(connected): 1},
    )


def _of_transfers(call: Call) -> Iterator[tuple[TallyKey, Tally]]:
    handed_on: set[Talk] = set()
    for transfer in call.transfers:
        talk = _talk_of(call, transfer)
        is_last = talk is not None and transfer.kind is not TransferKind.PARK and talk not in handed_on
        if talk is not None and is_last:
            handed_on.add(talk)
        key = _key(call, transfer.at, None, transfer.by) if talk is None else _talk_key(call, talk)
        yield key, Tally(transfers={transfer.kind: 1}, handed_on=int(is_last))


def _talk_of(call: Call, transfer: Transfer) -> Talk | None:
    """The conversation in which it was made: the last that this agent had begun by then."""
    begun = (talk for talk in call.talks if talk.agent == transfer.by and talk.started_at <= transfer.at)
    return max(begun, key=lambda talk: talk.started_at, default=None)


def _span(start: datetime, end: datetime | None) -> timedelta:
    """Never negative: a PBX host's clock may be set back in mid-call."""
    return _ZERO if end is None else max(_ZERO, end - start)


def merged(mappings: Iterable[dict[Item, int]]) -> dict[Item, int]:
    """Their sum without zeros, in the keys' order, so that equal sums are also equal bytes."""
    filled = [mapping for mapping in mappings if mapping]
    if len(filled) < 2:
        return filled[0] if filled else {}
    sums: dict[Item, int] = {}
    for mapping in filled:
        for item, count in mapping.items():
            sums[item] = sums.get(item, 0) + count
    return {item: sums[item] for item in sorted(sums) if sums[item]}
