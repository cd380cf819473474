"""How much of a time is known: what every report says beside its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kpi.gaps import Gap

Stretch = tuple[datetime, datetime]
_NOTHING = timedelta()


def coverage(since: datetime, until: datetime, gaps: Iterable[Gap], known: Sequence[Stretch] = ()) -> float:
    """The share (0 to 1) of the time from ``since`` to ``until`` whose calls are known.

    It is 1 less the share of the gaps that are not filled, each instant counted once; with ``gaps`` of several PBXs, an
    instant that is missing of one of them is missing. ``known`` are stretches that were imported from the PBX's logs.
    A time without length is covered.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> lost = Gap(pbx="milan", began_at=noon, ended_at=noon + timedelta(minutes=6), cause="")
    >>> coverage(noon, noon + timedelta(hours=1), [lost])
    0.9
    >>> coverage(noon, noon + timedelta(hours=1), [lost], [(noon, noon + timedelta(minutes=3))])
    0.95
    """
    length = until - since
    if length <= _NOTHING:
        return 1.0
    return 1.0 - union(missing(since, until, gaps, known)) / length


def missing(since: datetime, until: datetime, gaps: Iterable[Gap], known: Sequence[Stretch] = ()) -> list[Stretch]:
    """The stretches between the two that are not known; they may overlap."""
    found = [_within(gap, since, until) for gap in gaps if not gap.is_filled]
    for stretch in known:
        found = [rest for part in found for rest in _without(part, stretch)]
    return found


def union(stretches: Iterable[Stretch]) -> timedelta:
    """How long they are together, an instant in several of them counted once."""
    total, covered_to = _NOTHING, None
    for begin, end in sorted(stretches):
        start = begin if covered_to is None else max(begin, covered_to)
        if end > start:
            total += end - start
            covered_to = end
    return total


def _within(gap: Gap, since: datetime, until: datetime) -> Stretch:
    return max(gap.began_at, since), min(gap.ended_at or until, until)


def _without(part: Stretch, known: Stretch) -> list[Stretch]:
    """What is left of ``part``."""
    (begin, end), (known_from, known_to) = part, known
    rest = [(begin, min(end, known_from)), (max(begin, known_to), end)]
    return [one for one in rest if one[0] < one[1]]
