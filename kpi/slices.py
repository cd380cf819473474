"""How rows of the store are chosen and grouped for a question, in SQL and, for what is not stored yet, in Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, not_, or_

from kpi.local_columns import LocalPart, is_open, local_minute, local_part, written_part
from kpi.local_time import Offset, offsets
from kpi.measure import Dimension
from kpi.opening import Opening
from kpi.parameters import SiteParameters
from kpi.question import Hours, ReportQuestion
from kpi.tally import TallyKey

RowKey = tuple[LocalPart, ...]
OF_TIME = (Dimension.HOUR, Dimension.HALF_HOUR, Dimension.WEEKDAY, Dimension.DAY, Dimension.WEEK, Dimension.MONTH)


class Columns(NamedTuple):
    """Where a table has what a question is about. ``at`` is the instant that decides where a row counts."""

    at: ColumnElement[Any]
    names: dict[Dimension, ColumnElement[Any]]


class Slicing:
    """One question's choice of rows, for any table that has ``Columns``."""

    def __init__(self, question: ReportQuestion, site: SiteParameters, zone: ZoneInfo) -> None:
        self.question, self.site, self.zone = question, site, zone
        self.offsets: list[Offset] = offsets(zone, question.since, question.until)

    def conditions(self, columns: Columns, *, bounded: bool = True) -> list[ColumnElement[bool]]:
        """The period (unless not ``bounded``), the filters and the opening hours."""
        question = self.question
        given = {
            Dimension.PBX: question.pbxs,
            Dimension.QUEUE: question.queues,
            Dimension.AGENT: question.agents,
            Dimension.DID: question.dids,
            Dimension.DIRECTION: question.directions,
        }
        chosen = [columns.names[name].in_(values) for name, values in given.items() if values]
        period = [columns.at >= question.since, columns.at < question.until] if bounded else []
        dialled = [columns.names[Dimension.DID] != ""] if question.needs_did else []
        return [*period, *chosen, *dialled, *self._hours(columns)]

    def group(self, columns: Columns, by: Iterable[Dimension]) -> list[ColumnElement[Any]]:
        """What the rows are grouped by."""
        minute = local_minute(columns.at, self.offsets)
        return [local_part(one, minute) if one in OF_TIME else columns.names[one] for one in by]

    def row_key(self, values: Sequence[Any]) -> RowKey | None:
        """The key of a report's row from what was grouped by; None when these are no row: nobody, or no direction."""
        parts: list[LocalPart] = []
        for dimension, value in zip(self.question.by, values, strict=False):
            if dimension in OF_TIME:
                parts.append(written_part(dimension, int(value)))
            elif value is None or (value == "" and dimension is Dimension.AGENT):
                return None
            else:
                parts.append((0, str(value)))
        return tuple(parts)

    def _hours(self, columns: Columns) -> list[ColumnElement[bool]]:
        if self.question.hours is Hours.ALL:
            return []
        minute = local_minute(columns.at, self.offsets)
        first, last = (at.astimezone(self.zone).date() for at in (self.question.since, self.question.until))
        queue, site = columns.names[Dimension.QUEUE], self.site
        own = {name: of for name, of in site.queues.items() if of.opening != site.default.opening}
        cases = [and_(queue == name, is_open(of.opening, minute, first, last)) for name, of in own.items()]
        others = is_open(site.default.opening, minute, first, last)
        everywhere = or_(*cases, and_(queue.not_in(list(own)), others)) if own else others
        return [everywhere if self.question.hours is Hours.OPEN else not_(everywhere)]

    def has(self, key: TallyKey) -> bool:
        """Whether a tally that is not stored is within the question."""
        question = self.question
        chosen = (
            (question.pbxs, key.pbx),
            (question.queues, key.queue),
            (question.agents, key.agent),
            (question.directions, key.direction),
        )
        within = question.since <= key.starts_at < question.until
        return within and all(not some or value in some for some, value in chosen) and self._is_in_hours(key)

    def values(self, key: TallyKey, by: Iterable[Dimension]) -> list[Any]:
        """What it would be grouped by."""
        names = {
            Dimension.PBX: key.pbx,
            Dimension.QUEUE: key.queue,
            Dimension.AGENT: key.agent,
            Dimension.DID: key.did,
            Dimension.DIRECTION: key.direction,
        }
        return [part_of(one, key.starts_at, self.zone) if one in OF_TIME else names[one] for one in by]

    def _is_in_hours(self, key: TallyKey) -> bool:
        opening: Opening = self.site.of(key.queue).opening
        local = key.starts_at.astimezone(self.zone)
        is_in = opening.is_open(local.date(), local.hour * 60 + local.minute)
        return self.question.hours is Hours.ALL or is_in is (self.question.hours is Hours.OPEN)


def part_of(dimension: Dimension, at: datetime, zone: ZoneInfo) -> int:
    """The same as ``local_part``, of one instant.

    >>> from datetime import UTC
    >>> part_of(Dimension.HALF_HOUR, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), ZoneInfo("Europe/Rome"))
    7
    """
    local = at.astimezone(zone)
    minutes, day = local.hour * 60 + local.minute, (local.replace(tzinfo=None) - _EPOCH) // timedelta(days=1)
    parts = {
        Dimension.HOUR: minutes // 60,
        Dimension.HALF_HOUR: minutes // 30,
        Dimension.WEEKDAY: local.weekday(),
        Dimension.WEEK: (day + 3) // 7,
    }
    return parts.get(dimension, day)


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (a wall clock's)
