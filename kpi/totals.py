"""The running sums that the counters show: those of the store, moved by each committed transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from kpi.batch import Stored
from kpi.gaps import Gap
from kpi.tally import Tally, TallyKey, add


class Totals:
    """The sums for all time by PBX, queue and direction, the oddities by PBX and kind, the gaps. Pure."""

    def __init__(self) -> None:
        self.tallies: dict[TallyKey, Tally] = {}
        self.oddities: Counter[tuple[str, str]] = Counter()
        self.gaps: dict[tuple[str, datetime], Gap] = {}

    def replace(
        self,
        tallies: Mapping[TallyKey, Tally],
        oddities: Mapping[tuple[str, str], int],
        gaps: Iterable[Gap] = (),
    ) -> None:
        """Take over what the store says."""
        self.gaps = {gap.key: gap for gap in gaps}
        self.tallies = dict(tallies)
        self.oddities = Counter(oddities)

    def add(self, stored: Stored) -> None:
        """Move by what a transaction changed."""
        for key, tally in stored.tallies.items():
            self.tallies[key] = add(self.tallies[key], tally) if key in self.tallies else tally
        self.oddities.update(stored.oddities)
        self.gaps.update({gap.key: gap for gap in stored.gaps})
