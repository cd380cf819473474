"""Tells a help desk of calls while they ring: at once, in each call's own order, and never late.

What rings is told once; if it does not arrive within ``LIVE_S`` seconds, that call is not told at all. How a call that
was told has ended is tried again, so that no entry of the caller's log stays open, for ``GIVE_UP_S`` seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol, runtime_checkable

import structlog

from crm_bridge.contact import SourceBusyError, SourceError
from crm_bridge.cti_story import CtiMessage, CtiStory, Step
from crm_bridge.http_source import HttpClient
from crm_bridge.lanes import Lanes
from crm_bridge.remembered import Remembered
from cti.feed import Follower

#: seconds within which one request has to be answered
ANSWER_S: Final = 3.0
LIVE_S: Final = 10.0
GIVE_UP_S: Final = 600.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
MOST_WAITING: Final = 500
#: errors after which the same may arrive later
_AWAY: Final = frozenset({"crm-unreachable", "crm-slow", "crm-busy"})

_log = structlog.get_logger(__name__)


class CtiCounts:
    """What became of messages, attempt by attempt.

    ``sent`` arrived, ``failed`` were not taken; ``late`` and ``dropped`` were not tried: too old, too many.
    """

    def __init__(self) -> None:
        self.sent = self.late = self.dropped = self.failed = 0


@runtime_checkable
class LiveListener(Protocol):
    """A source that wants to hear of calls as they happen."""

    @property
    def counts(self) -> CtiCounts:
        """What became of what it was told."""
        ...

    async def hear(self, follower: Follower) -> None:
        """Take events until the follower is closed. Never raises for what the other side does."""
        ...


class _Letter(NamedTuple):
    message: CtiMessage
    told_at: float


class CtiPush:
    """Sends what a story tells to one address. ``http`` is closed by who made it."""

    def __init__(
        self, source: str, http: HttpClient, path: str, story: CtiStory, live_s: float = LIVE_S
    ) -> None:
        self._source, self._http, self._path, self._story = source, http, path, story
        self._live_s = live_s
        self._lanes = Lanes(self._deliver, MOST_WAITING)
        self._told = Remembered[str](10_000)
        self._is_away = False
        self.counts = CtiCounts()

    async def run(self, follower: Follower) -> None:
        """Tell until the follower is closed; what still waits then is not told."""
        async with self._lanes.served():
            async for event in follower:
                for message in self._story.apply(event):
                    self.counts.dropped += not self._lanes.put(message.lane, _Letter(message, _now()))

    async def _deliver(self, letter: _Letter) -> None:
        message, told_at = letter
        if message.step is not Step.NEW_CALL and not self._told.get(message.session):
            return
        if message.step is Step.HANGUP:
            await self._end(message, told_at + GIVE_UP_S)
        elif _now() > told_at + self._live_s:
            self.counts.late += 1
        elif await self._sent(message, self._note_failure) and message.step is Step.NEW_CALL:
            self._told.put(message.session, "yes")

    async def _end(self, message: CtiMessage, until: float) -> None:
        pause_s = FIRST_PAUSE_S
        errors: list[SourceError] = []
        while not await self._sent(message, errors.append):
            self._note_failure(errors[-1])
            if errors[-1].ref not in _AWAY or _now() + pause_s > until:
                return
            busy = errors[-1]
            await asyncio.sleep(max(pause_s, busy.retry_after_s) if isinstance(busy, SourceBusyError) else pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _sent(self, message: CtiMessage, note: Callable[[SourceError], object]) -> bool:
        try:
            await self._http.fetch_as(dict[str, object], "POST", self._path, json=message.body)
        except SourceError as error:
            if message.step is Step.NEW_CALL and error.ref == "crm-slow":
                self._told.put(message.session, "maybe")  # it may have arrived: its end is told too
            note(error)
            return False
        self.counts.sent += 1
        if self._is_away:
            self._is_away = False
            _log.info("a help desk takes calls again", source=self._source)
        return True

    def _note_failure(self, error: SourceError) -> None:
        """Count it; the first of a row is logged."""
        self.counts.failed += 1
        if not self._is_away:
            self._is_away = True
            _log.warning(
                "a help desk does not take calls", source=self._source, error=error.what, why=error.why, hint=error.hint
            )


def _now() -> float:
    return asyncio.get_running_loop().time()
