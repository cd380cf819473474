"""The one additive record: what a quarter of an hour adds up to.

Tallies add (quarters to a day, queues to a site, PBXs to a company) and subtract, exactly: counts and milliseconds are
whole numbers. Every measure is a pure function of a Tally. What a call adds to which is in ``kpi.items``.

**Time is not an item.** What an agent does (``kpi.agent_time``) is cut at the borders of the quarters, so that no hour
has more than 60 minutes of anybody.

**Histograms** (``kpi.histogram``) are packed into the row, not a table of cells: a quarter has a handful of different
seconds, adding reads and writes one row that has to be written anyway, and thousands are read in one scan. A table of
cells would have as many rows as the calls themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from cti.model import CallOutcome, Direction, RingResult, StayOutcome, TransferKind
from kpi.columns import EPOCH, NaiveInstantError
from kpi.histogram import Histogram
from kpi.schema import HISTOGRAMS, TallySpan

QUARTER = timedelta(minutes=15)
_SECOND = timedelta(seconds=1)

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
    numbers = zip(_NUMBERS, map(sum, zip(*map(_NUMBERS_OF, group), strict=True)), strict=True)
    mappings = zip(_MAPPINGS, zip(*map(_MAPPINGS_OF, group), strict=True), strict=True)
    sums: dict[str, Any] = {name: merged(some) for name, some in mappings if any(some)}
    sums.update(numbers)
    return Tally(**sums)


def add(one: Tally, other: Tally) -> Tally:
    return total((one, other))


def subtract(one: Tally, other: Tally) -> Tally:
    """What is left of ``one``: ``add(subtract(a, b), b) == a``. Counts may be negative: a correction is a tally too."""
    return add(one, negative(other))


def negative(tally: Tally) -> Tally:
    """The tally that takes this one away again."""
    opposite: dict[str, Any] = {name: -getattr(tally, name) for name in _NUMBERS}
    return Tally(**opposite | {name: {k: -n for k, n in getattr(tally, name).items()} for name in _MAPPINGS})


def takes_away(tally: Tally) -> bool:
    """Whether any of its numbers is negative: only then can a sum fall to nothing by it.

    >>> takes_away(Tally(handle_times={7: -1, 9: 1})), takes_away(Tally(entered=1))
    (True, False)
    """
    return min(_NUMBERS_OF(tally)) < 0 or any(min(some.values()) < 0 for some in _MAPPINGS_OF(tally) if some)


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

    >>> from datetime import UTC
    >>> quarter_of(datetime(2026, 3, 29, 1, 59, 59, tzinfo=UTC)).isoformat()
    '2026-03-29T01:45:00+00:00'
    """
    if at.tzinfo is None:
        raise NaiveInstantError(at)
    return _quarter((at - EPOCH) // QUARTER)


@lru_cache(maxsize=256)
def _quarter(number: int) -> datetime:
    return EPOCH + number * QUARTER


def second_of(duration: timedelta) -> int:
    """The histogram's second: the next whole one, so that "at most T seconds" is every second up to T.

    >>> second_of(timedelta(seconds=20)), second_of(timedelta(seconds=20, microseconds=1)), second_of(timedelta())
    (20, 21, 0)
    """
    return -(-duration // _SECOND)


def merged(mappings: Iterable[dict[Item, int]]) -> dict[Item, int]:
    """Their sum without zeros, in the keys' order, so that equal sums are also equal bytes."""
    filled = [mapping for mapping in mappings if mapping]
    if len(filled) < 2:
        return filled[0] if filled else {}
    sums = dict(filled[0])
    for mapping in filled[1:]:
        for item, count in mapping.items():
            sums[item] = sums.get(item, 0) + count
    return {item: sums[item] for item in sorted(sums) if sums[item]}
