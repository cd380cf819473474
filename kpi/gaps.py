"""What was not seen of a PBX: the records, and where they begin and end."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from kpi.columns import EPOCH

NOT_RUNNING = "Offhook was not running"
BEFORE = "before Offhook"
CARRIED_OVER = timedelta(minutes=10)  #: a gap of no more does not cut agents' log-ins, pauses and states
FIRST_EVENT = timedelta(seconds=0.5)
UNHEARD = "the connection ended"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a PBX's stream that was not read. ``ended_at`` is None while it lasts.

    ``filled_from`` names the PBX's own logs that told the calls in it, ``calls_filled`` how many; ``still_missing``
    says why that is not all, None when it is. The time before Offhook first saw a PBX is a gap too: it begins in 1970.
    """

    pbx: str
    began_at: datetime
    ended_at: datetime | None = None
    cause: str
    filled_from: str | None = None
    filled_at: datetime | None = None
    calls_filled: int = 0
    still_missing: str | None = None

    @property
    def key(self) -> tuple[str, datetime]:
        return self.pbx, self.began_at

    @property
    def is_history(self) -> bool:
        """Whether it is the time before Offhook."""
        return self.began_at == EPOCH

    @property
    def is_filled(self) -> bool:
        """Whether all of it is known by now."""
        return self.filled_at is not None and self.still_missing is None

    def missing_s(self, now: datetime) -> float:
        """How long the stream was not read, filled or not, in seconds; 0 for the time before Offhook."""
        return 0.0 if self.is_history else max(0.0, ((self.ended_at or now) - self.began_at).total_seconds())


class HalfSeen(msgspec.Struct, frozen=True):
    """A call that was seen, has ended, and met a gap: it has not been held against the PBX's logs yet."""

    call_id: str
    offered_at: datetime
    ended_at: datetime


def late_end(gap: Gap) -> datetime:
    """Until when a call may seem to have begun that began in the gap: a replay knows its end by the first event."""
    return (gap.ended_at or gap.began_at) + FIRST_EVENT


class StreamLost(msgspec.Struct, frozen=True):
    """From ``at`` on nothing is seen."""

    pbx: str
    at: datetime
    cause: str


class StreamBack(msgspec.Struct, frozen=True):
    """From ``at`` on all is seen again.

    ``first`` in this run of the program: then there may be a gap that nobody saw begin, from the last time known. That
    is what the store knows, or ``known_until``, whichever is later.
    """

    pbx: str
    at: datetime
    first: bool = False
    known_until: datetime | None = None


class StreamMissed(msgspec.Struct, frozen=True):
    """From ``began_at`` to ``ended_at`` nothing was seen, as the journal shows; the store may know it, or half of it.

    From 1970 on: that was before the first connection.
    """

    pbx: str
    began_at: datetime
    ended_at: datetime
    cause: str


Turn = StreamLost | StreamBack | StreamMissed


class Alive(msgspec.Struct, frozen=True):
    """The stream was whole up to ``at``."""

    pbx: str
    at: datetime
