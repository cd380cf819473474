"""The time of day that never steps back: durations of calls survive a clock that is set while they go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SteadyClock:
    """The wall clock as of its making, carried on by the monotonic clock (which NTP slews, and nobody sets).

    One for each connection: a wall clock that was wrong is right again from the next connection on.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._began_at, self._began = datetime.now(UTC), monotonic()

    def now(self) -> datetime:
        """The present, as aware UTC."""
        return self._began_at + timedelta(seconds=self._monotonic() - self._began)
