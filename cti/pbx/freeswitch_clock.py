"""When it happened: the PBX's own instants, told on our clock.

FreeSWITCH's event socket sends events late, up to half a second after a quiet time, and several at once; but each event
carries the instant at which it was made (``Event-Date-Timestamp``, microseconds). The two clocks need not agree: what
lies between them is taken to be the least that was seen between an event's instant and its arrival, within the last one
to two minutes, so a clock that drifts or is set is followed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
WINDOW_US = 60_000_000
MAX_LATE_US = 30_000_000  # an event later than that did not come late: one of the clocks was set


class PbxClock:
    """Turns the PBX's instants into ours. They never run backwards, and are never after the arrival."""

    def __init__(self) -> None:
        self._read_at: datetime | None = None
        self._read_us = 0
        self._window = 0
        self._least: int | None = None
        self._least_before: int | None = None
        self._last = _EPOCH

    def at(self, made_us: int | None, read_at: datetime) -> datetime:
        """When an event happened that was made at ``made_us`` by the PBX's clock and read at ``read_at`` by ours."""
        if read_at is not self._read_at:
            self._read_at, self._read_us = read_at, (read_at - _EPOCH) // _MICROSECOND
        happened = read_at if made_us is None else self._happened(made_us)
        if happened < self._last <= read_at:
            return self._last
        self._last = happened
        return happened

    def ours(self, made_us: int, read_at: datetime) -> datetime:
        """An instant of the PBX's clock on ours, as far as the clock is known; never after ``read_at``."""
        known = [least for least in (self._least, self._least_before) if least is not None]
        if not known:
            return read_at
        return min(_EPOCH + timedelta(microseconds=made_us + min(known)), read_at)

    def _happened(self, made_us: int) -> datetime:
        apart = self._read_us - made_us
        late = apart - self._least_apart(apart)
        return _EPOCH + timedelta(microseconds=self._read_us - late)

    def _least_apart(self, apart: int) -> int:
        window = self._read_us // WINDOW_US
        if window != self._window:
            self._least_before = self._least if window == self._window + 1 else None
            self._window, self._least = window, None
        known = [least for least in (self._least, self._least_before) if least is not None]
        if known and apart - min(known) > MAX_LATE_US:
            self._least = self._least_before = None
        self._least = apart if self._least is None else min(self._least, apart)
        return self._least if self._least_before is None else min(self._least, self._least_before)
