"""Brings what is in the outbox to where it belongs: each target by itself, so that one that is down delays no other.

A target that fails is asked again with growing pauses up to an hour; one that does not let us in is left alone for a
while with all that waits for it; what a target does not take at all, or has not taken for a week, is given up and kept.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec
import structlog

from crm_bridge.activity import ActivityRefusedError
from crm_bridge.contact import SourceBusyError, SourceError, SourceRefusedError, SourceSparedError
from crm_bridge.outbox import Backlog, Outbox, OutboxError, Row, State
from cti.errors import OffhookError

POLL_S: Final = 1.0
MEASURE_S: Final = 10.0
FORGET_S: Final = 3_600.0
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 3_600.0
#: how long a target that does not let us in is left alone
REFUSED_PAUSE_S: Final = 600.0
#: a target that was not asked (it rests, or has too much to do) is looked at again no sooner than that
SPARED_PAUSE_S: Final = 1.0
AWAY_PAUSE_S: Final = 5.0

log = structlog.get_logger(__name__)


class Receipt(msgspec.Struct, frozen=True):
    """It has arrived: its id there, and the instant of the latest note that was in it."""

    remote_id: str = ""
    noted_at: datetime | None = None


class Target(Protocol):
    """Where things are told: one CRM, or one webhook."""

    @property
    def name(self) -> str:
        """As in the outbox: ``crm:odoo``, ``webhook:site``."""
        ...

    @property
    def at_once(self) -> int:
        """How many it takes at the same time."""
        ...

    async def send(self, row: Row) -> Receipt:
        """Tell it. Raises SourceError when the same may succeed later, ActivityRefusedError when it never will."""
        ...

    def rest_left_s(self) -> float:
        """Seconds for which it will not be asked, 0 when it may be."""
        ...


class TargetCounts:
    """What became of what one target was to be told since the start, and what waits as of the last look.

    ``last_error`` is why the last attempt failed, None when it did not.
    """

    def __init__(self) -> None:
        self.delivered = self.failed = self.buried = 0
        self.waiting = self.dead = 0
        self.oldest_at: datetime | None = None
        self.paused_until: datetime | None = None
        self.last_error: str | None = None


def backoff_s(attempts: int, chance: float) -> float:
    """The pause after that many failed attempts in a row; ``chance`` from 0 to 1 spreads it over its second half.

    >>> [backoff_s(attempts, 1.0) for attempts in (1, 2, 3, 20)], backoff_s(1, 0.0)
    ([5.0, 10.0, 20.0, 3600.0], 2.5)
    """
    longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 20))
    return longest_s * (0.5 + chance / 2)


class Delivery:
    """Delivers to ``targets`` until it is closed. ``look`` is one look at one target; ``counts`` are by its name.

    ``left_over`` is how much waits for others, or is dead: targets that the settings do not have any more.
    ``dead_after`` is how long something is tried before it is given up, ``keep_for`` how long what arrived stays.
    """

    def __init__(
        self,
        outbox: Outbox,
        targets: Sequence[Target],
        *,
        dead_after: timedelta = timedelta(days=7),
        keep_for: timedelta = timedelta(days=30),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.counts: Mapping[str, TargetCounts] = {target.name: TargetCounts() for target in targets}
        self.targets = tuple(targets)
        self.left_over = 0
        self._outbox = outbox
        self._dead_after, self._keep_for = dead_after, keep_for
        self._now, self._chance = now, chance
        self._woken = {target.name: asyncio.Event() for target in targets}
        self._over = asyncio.Event()

    def wake(self) -> None:
        """There may be something new: look now."""
        for event in self._woken.values():
            event.set()

    def resume(self) -> None:
        """Somebody has mended it, he says: look now, at targets that are paused too."""
        for counts in self.counts.values():
            counts.paused_until = None
        self.wake()

    def close(self) -> None:
        """Begin nothing new: ``run`` returns when what is under way has ended."""
        self._over.set()
        self.wake()

    async def run(self) -> None:
        """Deliver until closed or cancelled."""
        with suppress(OutboxError):  # then what was claimed is free by and by
            await self._outbox.release()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._serve(target)) for target in self.targets]
            tasks.append(group.create_task(self._keep_house()))

    async def look(self, target: Target) -> int:
        """Deliver what is due now, as much as the target takes at once; how many were tried. Raises OutboxError."""
        if self._rests(target):
            return 0
        rows = await self._outbox.claim(target.name, target.at_once, self._now())
        ends = await asyncio.gather(*(self._deliver(target, row) for row in rows), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end
        return len(rows)

    async def measure(self) -> None:
        """Count what waits. Raises OutboxError."""
        found = {(one.target, one.state): one for one in await self._outbox.fetch_backlog(State.WAITING, State.DEAD)}
        for name, counts in self.counts.items():
            waiting, dead = found.get((name, State.WAITING)), found.get((name, State.DEAD))
            counts.waiting, counts.dead = _count(waiting), _count(dead)
            counts.oldest_at = waiting.oldest_at if waiting else None
        self.left_over = sum(one.count for (name, _), one in found.items() if name not in self.counts)

    async def forget(self) -> int:
        """Delete what arrived so long ago that nobody asks for it; how many. Raises OutboxError."""
        return await self._outbox.forget(self._now() - self._keep_for)

    async def _serve(self, target: Target) -> None:
        woken = self._woken[target.name]
        while not self._over.is_set():
            pause_s = POLL_S
            try:
                if await self.look(target):
                    pause_s = 0.0
            except OutboxError as error:
                log.warning("the outbox is away", target=target.name, why=error.why, again_in_s=AWAY_PAUSE_S)
                pause_s = AWAY_PAUSE_S
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), pause_s)
            if not self._over.is_set():
                woken.clear()

    async def _keep_house(self) -> None:
        loop, forgotten_at = asyncio.get_running_loop(), float("-inf")
        while not self._over.is_set():
            with suppress(OutboxError):  # who delivers tells of it
                due = loop.time() - forgotten_at >= FORGET_S
                if self.targets or due:
                    await self.measure()
                if due:
                    await self.forget()
                    forgotten_at = loop.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), MEASURE_S)

    def _rests(self, target: Target) -> bool:
        until = self.counts[target.name].paused_until
        return target.rest_left_s() > 0 or (until is not None and self._now() < until)

    async def _deliver(self, target: Target, row: Row) -> None:
        sent: Receipt | BaseException
        (sent,) = await asyncio.gather(target.send(row), return_exceptions=True)
        counts, now = self.counts[target.name], self._now()
        if isinstance(sent, Receipt):
            counts.delivered += 1
            counts.last_error = None
            await self._outbox.finish(row, now, sent.remote_id, sent.noted_at)
            return
        counts.failed += 1
        await self._take_back(target, row, sent, now)

    async def _take_back(self, target: Target, row: Row, error: BaseException, now: datetime) -> None:
        why, counts = words_of(error), self.counts[target.name]
        if not isinstance(error, SourceSparedError):  # it was not asked: what it said before holds
            counts.last_error = why
        if isinstance(error, SourceSparedError | SourceBusyError | SourceRefusedError):
            until = now + timedelta(seconds=self._pause_s(target, error))
            if isinstance(error, SourceRefusedError) and counts.paused_until is None:
                log.warning("a target does not let us in: all that is for it waits", target=target.name, why=why)
            counts.paused_until = max(until, counts.paused_until or until)
            await self._outbox.postpone(row, row.due_at, why, tried=False)
        elif isinstance(error, ActivityRefusedError) or now - row.waiting_since >= self._dead_after:
            counts.buried += 1
            log.warning("given up: it is among the dead letters", target=target.name, row=row.id, why=why)
            await self._outbox.bury(row, why)
        else:
            pause_s = backoff_s(row.attempts + 1, self._chance())
            await self._outbox.postpone(row, now + timedelta(seconds=pause_s), why)

    def _pause_s(self, target: Target, error: SourceError) -> float:
        if isinstance(error, SourceBusyError):
            return min(max(SPARED_PAUSE_S, error.retry_after_s), LONGEST_PAUSE_S)
        if isinstance(error, SourceRefusedError):
            return REFUSED_PAUSE_S
        return max(SPARED_PAUSE_S, target.rest_left_s())


def words_of(error: BaseException) -> str:
    """Why it did not arrive, for a person; of an error that is not ours its name only: its text may hold a customer."""
    if isinstance(error, OffhookError):
        return str(error)
    return "no answer in time" if isinstance(error, TimeoutError) else f"a fault of the program: {type(error).__name__}"


def _count(backlog: Backlog | None) -> int:
    return 0 if backlog is None else backlog.count
