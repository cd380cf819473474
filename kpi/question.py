"""What is asked of the tallies: a period, what to split it by, what of it, which numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from cti.model import Direction
from kpi.local_time import ReportError
from kpi.measure import Dimension, FoundMeasure, Measure, all_measures

MOST_DIMENSIONS = 2
DEFAULT_MEASURES = (
    *("offered", "answered", "abandoned", "left_otherwise", "abandon_rate", "service_level_offered"),
    *("asa", "longest_wait", "aht"),
)


class Hours(StrEnum):
    """Which quarters count: by the opening hours of the queue in which an item began."""

    ALL = "all"
    OPEN = "open"
    CLOSED = "closed"


class ReportQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """From ``since`` up to, not at, ``until`` (aware), by at most two dimensions, ``()`` for the total only.

    The quarters of an hour that begin in this time are what counts. ``kpi.local_time.parse_period`` makes a period of
    words.

    Empty filters leave all in; a queue or a DID ``''`` is none. ``time_zone`` None is that of the parameters, whose
    ``version`` (or the beginning of it) may be an old one; None is today's.
    """

    since: datetime
    until: datetime
    by: tuple[Dimension, ...] = (Dimension.QUEUE,)
    measures: tuple[str, ...] = DEFAULT_MEASURES
    pbxs: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    dids: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()
    hours: Hours = Hours.ALL
    time_zone: str | None = None
    version: str | None = None

    @property
    def filtered(self) -> frozenset[Dimension]:
        """The dimensions that are narrowed."""
        given = {
            Dimension.PBX: self.pbxs,
            Dimension.QUEUE: self.queues,
            Dimension.AGENT: self.agents,
            Dimension.DID: self.dids,
            Dimension.DIRECTION: self.directions,
        }
        return frozenset(dimension for dimension, values in given.items() if values)

    @property
    def needs_did(self) -> bool:
        """Whether it is about numbers dialled: those have rows of their own, without agents."""
        return Dimension.DID in self.by or bool(self.dids)


def check_question(question: ReportQuestion) -> Mapping[str, Measure | FoundMeasure]:
    """The measures asked for, by key.

    Raises:
        ReportError: what is asked for is not there, or does not go together.
    """
    if question.since.tzinfo is None or question.until.tzinfo is None or question.until <= question.since:
        raise ReportError(
            "report-bad-period",
            "the period has no length",
            f"it is from {question.since} to {question.until}",
            "let it end after it begins; both with a time zone",
        )
    if len(question.by) > MOST_DIMENSIONS or len(set(question.by)) < len(question.by):
        raise ReportError(
            "report-bad-split",
            f"a report is by at most {MOST_DIMENSIONS} different things",
            f"asked for: {', '.join(question.by)}",
            f"choose among {', '.join(Dimension)}",
        )
    if question.needs_did and (Dimension.AGENT in question.by or question.agents):
        raise ReportError(
            "report-bad-split",
            "numbers dialled and agents do not go together",
            "the rows of the numbers dialled have no agents",
            "ask for one of the two",
        )
    known = all_measures()
    unknown = [key for key in question.measures if key not in known]
    if unknown or not question.measures:
        raise ReportError(
            "report-no-measure",
            f"there is no measure {', '.join(unknown)}" if unknown else "no measure is asked for",
            "measures are known by their keys",
            f"choose among {', '.join(known)}",
        )
    return {key: known[key] for key in question.measures}
