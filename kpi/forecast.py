"""What the same weekdays of the past say of a day to come: calls and handle time, half-hour by half-hour.

The mean of the last weeks' same weekday and half-hour. Seasonal means are the yardstick that forecasts of call volumes
are held to (J. W. Taylor, "A Comparison of Univariate Time Series Methods for Forecasting Intraday Arrivals at a Call
Center", Management Science 54, 2008: none was better from two weeks ahead on).

A day without a single call counts as closed and lowers no mean, unless that weekday never had one. A half-hour that a
clock change takes away, or gives twice, counts for as often as it was there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from kpi.tally import QUARTER, Tally

HALF_HOUR = timedelta(minutes=30)
ENOUGH_TALKS = 30  #: fewer say too little of a half-hour's handle time, so the queue's own is taken


class HalfHour(msgspec.Struct, frozen=True, kw_only=True):
    """``calls`` expected to come in from ``starts_at`` on (of the wall clock), and their mean handle time in seconds.

    ``days`` is of how many past days that is the mean.
    """

    starts_at: datetime
    calls: float
    handle_s: float
    days: int


class _Slot(msgspec.Struct):
    """What happened in one half-hour of the wall clock of some weekday: ``times`` is how often it was there."""

    entered: int = 0
    talks: int = 0
    handled_ms: int = 0
    times: float = 0.0


class History:
    """Quarters of the past, of one queue or of several together."""

    def __init__(self, quarters: Mapping[datetime, Tally], zone: tzinfo) -> None:
        self._zone = zone
        self._quarters: dict[date, dict[datetime, Tally]] = defaultdict(dict)
        for starts_at, tally in quarters.items():
            self._quarters[starts_at.astimezone(zone).date()][starts_at] = tally
        self.handle_s = _handle_s(quarters.values())

    def forecast(self, day: date, weeks: int, closed: Collection[date] = ()) -> list[HalfHour]:
        """The half-hours of ``day`` in which calls are expected, from the ``weeks`` same weekdays before it.

        ``closed`` are days of the past that say nothing of this one, such as holidays.
        """
        past = [day - timedelta(weeks=week) for week in range(1, weeks + 1)]
        open_days = [one for one in past if one not in closed and self._rang(one)]
        slots = self._slots(open_days)
        return [
            HalfHour(
                starts_at=datetime.combine(day, at, self._zone),
                calls=slot.entered / slot.times,
                handle_s=slot.handled_ms / slot.talks / 1000 if slot.talks >= ENOUGH_TALKS else self.handle_s,
                days=len(open_days),
            )
            for at, slot in sorted(slots.items())
            if slot.entered
        ]

    def _rang(self, day: date) -> bool:
        return any(tally.entered for tally in self._quarters.get(day, {}).values())

    def _slots(self, days: Iterable[date]) -> dict[time, _Slot]:
        slots: dict[time, _Slot] = defaultdict(_Slot)
        for day in days:
            told = self._quarters[day]
            for starts_at in quarters_of(day, self._zone):
                slot = slots[_half_hour(starts_at.astimezone(self._zone))]
                slot.times += QUARTER / HALF_HOUR
                if (tally := told.get(starts_at)) is not None:
                    slot.entered += tally.entered
                    slot.talks += tally.talks
                    slot.handled_ms += _handled_ms(tally)
        return slots


def quarters_of(day: date, zone: tzinfo) -> Iterator[datetime]:
    """The quarters of an hour that begin on that day of the wall clock, in UTC: 96, or 92 or 100 at a clock change."""
    at = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    while at < end:
        yield at
        at += QUARTER


def _half_hour(local: datetime) -> time:
    return time(local.hour, local.minute // 30 * 30)


def _handled_ms(tally: Tally) -> int:
    return tally.talk_ms + tally.hold_ms + tally.wrap_up_ms


def _handle_s(tallies: Iterable[Tally]) -> float:
    """The mean of all; 0 of nothing."""
    told = list(tallies)
    talks = sum(tally.talks for tally in told)
    return sum(map(_handled_ms, told)) / talks / 1000 if talks else 0.0
