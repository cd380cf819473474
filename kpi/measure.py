"""What a measure is: a number with its passport, made by a pure function.

Page, CSV header and the help of a metric are made from the passport, so no number is shown without its formula. Most
measures are functions of a Tally. Some numbers do not add up (the most calls at once, customers who call again): those
are functions of what a query has found, see ``kpi.found``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from cti.model import Direction
from kpi import measures as folder
from kpi.found import Found
from kpi.parameters import Parameters as Parameters
from kpi.tally import Tally, total


class Unit(StrEnum):
    SHARE = "share"  #: 0 to 1, shown as per cent
    SECONDS = "s"
    COUNT = "count"
    PER_HOUR = "1/h"


class Dimension(StrEnum):
    """What a report can be split by. Those of time are in the report's time zone."""

    PBX = "pbx"
    QUEUE = "queue"
    AGENT = "agent"
    DID = "did"  #: the public number that an inbound caller dialled
    DIRECTION = "direction"
    HOUR = "hour"  #: of the day
    HALF_HOUR = "half-hour"  #: of the day
    WEEKDAY = "weekday"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


#: Waits and calls are nobody's before he answers.
OF_CALLERS = (Dimension.AGENT,)
#: An agent waits for all his queues at once, and for calls of any direction.
OF_AGENTS = (Dimension.QUEUE, Dimension.DID, Dimension.DIRECTION)


class Ratio(NamedTuple):
    """A number as its two parts: parts add up, where the numbers of queues with different thresholds do not."""

    part: float
    whole: float

    @property
    def value(self) -> float | None:
        return share(self.part, self.whole)


class Piece(NamedTuple):
    """A Tally with what holds for it."""

    tally: Tally
    parameters: Parameters
    direction: Direction | None = None


def added(pieces: Iterable[Piece]) -> list[Piece]:
    """Those for which the same holds as one, so that they are not added up again for each measure."""
    alike: dict[tuple[Parameters, Direction | None], list[Tally]] = {}
    for one in pieces:
        alike.setdefault((one.parameters, one.direction), []).append(one.tally)
    return [Piece(total(tallies), *of) for of, tallies in alike.items()]


class Passport(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know of a number. ``parameters`` names those that the formula reads.

    ``not_by``: the dimensions it cannot be split by. ``direction``: it is of these calls only.

    In formulas: N entered a queue; A answered, A<=T within T; B abandoned, B<=T, B<=S; X left otherwise.
    """

    key: str
    title: str
    unit: Unit
    formula: str
    words: str
    source: str
    parameters: tuple[str, ...] = ()
    not_by: tuple[Dimension, ...] = ()
    direction: Direction | None = None


class Measure(Passport, frozen=True, kw_only=True):
    """``compute`` gives None where there is nothing to divide by. ``reads`` names the Tally's fields that it needs.

    ``cuts``: of the histograms among them it needs no more than how many took at most so many seconds as its parameters
    say, and the longest; so a report need not add up the rest.

    A share with parameters that may differ from queue to queue has a ``ratio``; counts are added.
    """

    compute: Callable[[Tally, Parameters], float | None]
    reads: tuple[str, ...]
    cuts: bool = False
    ratio: Callable[[Tally, Parameters], Ratio] | None = None

    def of(self, pieces: Sequence[Piece]) -> float | None:
        """The number of all pieces together: tallies are added, never numbers.

        Where queues have different parameters, each is counted by its own, and the parts and wholes are added.
        """
        mine = [one for one in pieces if self.direction is None or one.direction is self.direction]
        if len(mine) == 1:
            return self.compute(*mine[0][:2])
        chosen = {tuple(getattr(one.parameters, name) for name in self.parameters) for one in mine}
        if len(chosen) < 2:
            return self.compute(total(one.tally for one in mine), mine[0].parameters if mine else Parameters())
        if self.ratio is None:
            return sum(self.compute(one.tally, one.parameters) or 0 for one in mine)
        ratios = [self.ratio(one.tally, one.parameters) for one in mine]
        return share(sum(one.part for one in ratios), sum(one.whole for one in ratios))


class FoundMeasure(Passport, frozen=True, kw_only=True):
    """A number that does not add up: made of what was found for just this row. ``needs`` names what is looked for."""

    compute: Callable[[Found, Parameters], float | None]
    needs: tuple[str, ...]


def share(part: float, whole: float) -> float | None:
    """The part as a share of the whole; None of nothing.

    >>> share(1, 4), share(0, 0)
    (0.25, None)
    """
    return part / whole if whole else None


def all_measures() -> dict[str, Measure | FoundMeasure]:
    """Every measure in ``kpi/measures``, by key: each file there has a tuple ``MEASURES``."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    return {measure.key: measure for module in modules for measure in module.MEASURES}
