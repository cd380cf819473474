"""Plain numbers about look-ups and pops, for whoever publishes metrics. They only grow."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from crm_bridge.breaker import BreakerState

#: upper ends, in seconds, of the classes that delays are counted in; the last class has no end
DELAY_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.0, 2.5, 5.0, 10.0)


class DelayCounts:
    """How long something took: how often each class of seconds, and their sum."""

    def __init__(self) -> None:
        self.by_class = [0] * (len(DELAY_BOUNDS_S) + 1)
        self.sum_s = 0.0

    @property
    def count(self) -> int:
        return sum(self.by_class)

    def observe(self, delay_s: float) -> None:
        delay_s = max(0.0, delay_s)
        self.by_class[bisect_left(DELAY_BOUNDS_S, delay_s)] += 1
        self.sum_s += delay_s

    def cumulative(self) -> list[tuple[float, int]]:
        """Pairs of upper end in seconds and how many took that long or less; the last end is infinite."""
        total, pairs = 0, []
        for bound_s, count in zip((*DELAY_BOUNDS_S, float("inf")), self.by_class, strict=True):
            total += count
            pairs.append((bound_s, total))
        return pairs


class SourceCounts:
    """What became of the questions about callers: ``asked`` = hits + misses + errors + spared + given_up + still open.

    ``late`` counts the answers, among hits and misses, that came after the deadline; ``kept`` those, among hits and
    misses, that the source had given before and was not asked for; ``stale`` the cards that showed old data because
    there was no new answer. ``spared`` were not asked: the source rests, or has too much to do. ``delay`` is of the
    questions that reached the source, ``under_way`` how many do now. ``breaker`` gives the state of its breaker.
    """

    def __init__(self) -> None:
        self.asked = self.hits = self.misses = self.errors = self.late = self.given_up = 0
        self.kept = self.stale = self.spared = self.under_way = 0
        self.delay = DelayCounts()
        self.breaker: Callable[[], BreakerState] = lambda: BreakerState.CLOSED


class PopCounts:
    """What became of the pops: ``offered`` = closed + still open; ``unseen`` closed before any browser showed them."""

    def __init__(self) -> None:
        self.offered = self.shown = self.unseen = 0
        self.closed: dict[str, int] = {}
        self.delay = DelayCounts()

    def close(self, how: str, seen: bool) -> None:
        self.closed[how] = self.closed.get(how, 0) + 1
        self.unseen += not seen
