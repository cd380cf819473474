"""Between a call and a source: what it said before, whether it may be asked now, how many questions go on."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
import structlog

from crm_bridge.about import to_ask, whole_or_unread
from crm_bridge.activity import ActivityRefusedError, CallActivity, CallWriter
from crm_bridge.answer_cache import AnswerCache, Kept
from crm_bridge.breaker import Breaker, BreakerState, Verdict
from crm_bridge.bucket import Bucket
from crm_bridge.contact import (
    Adapter,
    Closable,
    Contact,
    Searchable,
    SourceBusyError,
    SourceError,
    SourceSparedError,
    Warmable,
)
from crm_bridge.counts import SourceCounts
from crm_bridge.flights import Flights
from crm_bridge.number import Number

_Answer = TypeVar("_Answer")

#: different numbers that one source is asked about at a time, waiting ones included
MOST_QUESTIONS: Final = 2_000
#: the longest pause that a source may ask for, in seconds
LONGEST_PAUSE_S: Final = 300.0
#: how long a source may take to write a call: nobody waits for it
WRITE_S: Final = 30.0

_log = structlog.get_logger(__name__)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How one source may be asked. ``patience_s`` bounds both the wait for a turn and the answer itself."""

    at_once: int = 64
    per_s: float | None = None
    fresh_s: float = 60.0
    stale_s: float = 86_400.0
    patience_s: float = 10.0


class GuardedSource:
    """One source of customers, asked with care. The same number is asked for once, however many calls have it."""

    def __init__(self, name: str, adapter: Adapter, limits: Limits, counts: SourceCounts) -> None:
        self.name = name
        self.adapter = adapter
        self.counts = counts
        self.breaker = Breaker()
        self._limits = limits
        self._bucket = Bucket(limits.per_s)
        self._cache = AnswerCache(limits.fresh_s, limits.stale_s)
        self._turns = asyncio.Semaphore(limits.at_once)
        self._finding = Flights[list[Contact]]()
        self._detailing = Flights[list[Contact]]()
        self._others: set[asyncio.Task[Any]] = set()
        counts.breaker = self.breaker_state

    def breaker_state(self) -> BreakerState:
        """The breaker's state now."""
        return self.breaker.state(_now())

    def kept(self, number: Number) -> Kept | None:
        """What the source said about this number before, if that may still be shown."""
        return None if number.key is None else self._cache.get(number.key, _now())

    def forget(self) -> None:
        """Keep nothing of what the source said before."""
        self._cache.forget()

    async def find(self, number: Number) -> list[Contact]:
        """Ask now, or wait with the others who ask for the same number.

        Raises SourceError; SourceSparedError when the source was not asked at all.
        """
        key = number.key or ""
        if key not in self._finding and len(self._finding) >= MOST_QUESTIONS:
            raise self._limited(f"{MOST_QUESTIONS} questions are open")
        return await self._finding.join(key, partial(self._find, key, number))

    def has_details(self, found: Sequence[Contact]) -> bool:
        """Whether there is more to be asked about those whom it found."""
        return to_ask(self.adapter, found) is not None

    async def details(self, number: Number, found: Sequence[Contact]) -> list[Contact]:
        """Those whom it found for ``number``, with all that is to be asked about them. Raises nothing of the source's.

        What cannot be read is in their ``unread``. Who asks for the same number meanwhile waits with the others.
        """
        key = number.key or ""
        return await self._detailing.join(key, partial(self._detail_all, key, found))

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Customers with these words; empty where the source cannot be searched. Raises SourceError."""
        if not isinstance(self.adapter, Searchable):
            return []
        return await self._apart(partial(self.adapter.search, text, limit))

    async def get(self, contact_id: str) -> Contact | None:
        """One customer with all that is to be asked about him; None if there is none, or he cannot be asked for.

        Raises SourceError.
        """
        if not isinstance(self.adapter, Searchable):
            return None
        found = await self._apart(partial(self.adapter.get, contact_id))
        return None if found is None else await self._detailed(found)

    async def write_call(self, activity: CallActivity) -> str:
        """Have a call written, by the same breaker and rate as questions are asked; its id there.

        Raises SourceError as the adapter does, TimeoutError, and SourceSparedError when the source was not asked.
        """
        if not isinstance(self.adapter, CallWriter):
            raise ActivityRefusedError("crm-cannot-write", f"calls cannot be written into {self.name}")
        return await self._own_task(self._write(self.adapter, activity))

    def rest_left_s(self) -> float:
        """Seconds for which the source is left alone, 0 when it may be asked."""
        return self.breaker.rest_left_s(_now())

    async def warm(self) -> None:
        """Have a source that keeps all of its customers read them. Raises SourceError."""
        if isinstance(self.adapter, Warmable):
            await self.adapter.warm()

    async def close(self) -> None:
        """Give up all open questions and let go of connections."""
        for task in self._others:
            task.cancel()
        await asyncio.gather(self._finding.close(), self._detailing.close(), *self._others, return_exceptions=True)
        if isinstance(self.adapter, Closable):
            await self.adapter.close()

    async def _find(self, key: str, number: Number) -> list[Contact]:
        """Kept at once, unless there is more to come: half an answer would be shown as a whole one at the next call."""
        found = await self._ask(partial(self.adapter.find, number))
        if not self.has_details(found):
            self._cache.put(key, found, _now())
        return found

    async def _detail_all(self, key: str, found: Sequence[Contact]) -> list[Contact]:
        whole = await asyncio.gather(*(self._detailed(one) for one in found))
        self._cache.put(key, whole, _now())
        return whole

    async def _detailed(self, contact: Contact) -> Contact:
        adapter = to_ask(self.adapter, [contact])
        if adapter is None:
            return contact
        return await whole_or_unread(contact, self._apart(partial(adapter.details, contact)))

    async def _apart(self, work: Callable[[], Awaitable[_Answer]]) -> _Answer:
        return await self._own_task(self._ask(work))

    async def _own_task(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        """In a task of its own: its verdict must not mix with an error that the asker is handling."""
        task = asyncio.create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)
        return await task

    async def _write(self, writer: CallWriter, activity: CallActivity) -> str:
        """Beside the counts of questions, and without taking one's place: a pop never waits for what is written."""
        ticket = self.breaker.allow(_now())
        if ticket is None:
            raise self._resting()
        began = False
        try:
            wait_s = self._bucket.reserve(_now(), self._limits.patience_s)
            if wait_s is None:
                raise SourceSparedError("crm-too-many-questions", f"{self.name} has too much to do")
            await asyncio.sleep(wait_s)
            began = True
            async with asyncio.timeout(WRITE_S):
                return await writer.write_call(activity)
        finally:
            self._judge(ticket, sys.exception() if began else asyncio.CancelledError())

    async def _ask(self, work: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Ask when it is this question's turn, and tell breaker and bucket how it went."""
        ticket = self.breaker.allow(_now())
        if ticket is None:
            self.counts.spared += 1
            raise self._resting()
        began = False
        try:
            async with self._turn():
                began = True
                return await self._answer(work)
        finally:
            self._judge(ticket, sys.exception() if began else asyncio.CancelledError())

    def _turn(self) -> _Turn:
        wait_s = self._bucket.reserve(_now(), self._limits.patience_s)
        if wait_s is None:
            raise self._limited("its rate is used up")
        return _Turn(self._turns, wait_s, self._limits.patience_s, self._limited)

    async def _answer(self, work: Callable[[], Awaitable[_Answer]]) -> _Answer:
        began_at = _now()
        self.counts.under_way += 1
        try:
            async with asyncio.timeout(self._limits.patience_s):
                return await work()
        finally:
            self.counts.under_way -= 1
            self.counts.delay.observe(_now() - began_at)

    def _judge(self, ticket: int, error: BaseException | None) -> None:
        now = _now()
        if isinstance(error, SourceBusyError):
            self._bucket.pause(now, min(max(0.0, error.retry_after_s), LONGEST_PAUSE_S))
        verdict = self.breaker.judge(ticket, error, now)
        if verdict is Verdict.CLOSED:
            _log.info("a source of customers answers again", source=self.name)
        elif verdict is Verdict.OPENED and error is not None:
            self._tell_opened(error, now)

    def _tell_opened(self, error: BaseException, now: float) -> None:
        what, hint = (error.what, error.hint) if isinstance(error, SourceError) else (type(error).__name__, "")
        rest_s = round(self.breaker.rest_left_s(now))
        _log.warning("a source of customers is left alone", source=self.name, error=what, hint=hint, rest_s=rest_s)

    def _resting(self) -> SourceSparedError:
        what, left_s = f"{self.name} is left alone after it failed", self.rest_left_s()
        return SourceSparedError("crm-resting", what, f"for {left_s:.0f} s more", "see the log for why")

    def _limited(self, why: str) -> SourceSparedError:
        self.counts.spared += 1
        hint = "raise at_once or per_second of this source, if it can take more"
        return SourceSparedError("crm-too-many-questions", f"{self.name} has too many questions to answer", why, hint)


class _Turn:
    """Waits for the bucket and for a free place; gives up after ``patience_s``."""

    def __init__(
        self, turns: asyncio.Semaphore, wait_s: float, patience_s: float, limited: Callable[[str], SourceSparedError]
    ) -> None:
        self._turns, self._wait_s, self._patience_s, self._limited = turns, wait_s, patience_s, limited

    async def __aenter__(self) -> None:
        if self._wait_s > 0:
            await asyncio.sleep(self._wait_s)
        try:
            async with asyncio.timeout(self._patience_s):
                await self._turns.acquire()
        except TimeoutError:
            raise self._limited(f"none of its places became free within {self._patience_s:g} s") from None

    async def __aexit__(self, *_: object) -> None:
        self._turns.release()


def _now() -> float:
    """The clock of asyncio's loop, which may be asked in the metrics' thread too."""
    return time.monotonic()
