"""The fan-out of CallEvents: who is attached is called at once and in order, who follows reads from a queue of his own.

The task that reads the PBX's socket publishes here, so nothing here waits: a handler that raises is counted and passed
over, a follower that is too slow loses events, is told so, and nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import structlog

from cti.model import CallEvent

Handler = Callable[[CallEvent], object]

FOLLOWER_EVENTS = 10_000  # two minutes of a site of 1,000 agents; an event is some 200 bytes beside the call it shares

_log = structlog.get_logger(__name__)


class Guard:
    """Calls what others brought, so that their faults stay theirs. ``failures`` counts them by name."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()

    def call(self, name: str, function: Callable[..., object], *arguments: object) -> bool:
        """False when ``function`` raised: then it was counted and logged."""
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001  the guard round a follower
            self.note(name, error)
            return False
        return True

    def note(self, name: str, error: Exception) -> None:
        """Count a failure; log the 1st, 10th, 100th... of a name, without the text: it may hold a caller's number."""
        self.failures[name] += 1
        count = self.failures[name]
        if count == 10 ** (len(str(count)) - 1):
            _log.error(
                "a follower raised",
                follower=name,
                error=type(error).__name__,
                at=_where(error.__traceback__),
                count=count,
            )


class Feed:
    """Gives each published event to the handlers, in the order they were attached, then to each follower's queue."""

    def __init__(self) -> None:
        self._handlers: tuple[tuple[str, Handler], ...] = ()
        self._followers: tuple[Follower, ...] = ()
        self._missed_before: Counter[str] = Counter()
        self._pending: deque[CallEvent] = deque()
        self._publishing = False
        self._guard = Guard()
        self.published = 0

    @property
    def failures(self) -> dict[str, int]:
        """Exceptions by handler name, since the start."""
        return dict(self._guard.failures)

    @property
    def missed(self) -> dict[str, int]:
        """Events lost by follower name, since the start, those of closed followers too."""
        missed = Counter(self._missed_before)
        for follower in self._followers:
            missed[follower.name] += follower.missed
        return dict(missed)

    def attach(self, name: str, handler: Handler) -> None:
        """Call ``handler`` with every event from now on, at once, inside ``publish``: it must take microseconds.

        Raises:
            ValueError: the name is taken.
        """
        if any(name == taken for taken, _ in self._handlers):
            raise ValueError(f"a handler named {name!r} is attached already")
        self._handlers = (*self._handlers, (name, handler))

    def detach(self, name: str) -> None:
        """Call that handler no more; nothing happens if there is none."""
        self._handlers = tuple(pair for pair in self._handlers if pair[0] != name)

    def follow(self, name: str, size: int = FOLLOWER_EVENTS) -> Follower:
        """A queue of ``size`` events that somebody reads at his own pace. Several may have one name (browsers)."""
        follower = Follower(name, size, self._forget)
        self._followers = (*self._followers, follower)
        return follower

    def publish(self, event: CallEvent) -> None:
        """Give ``event`` to all. Never blocks, never raises; what a handler publishes comes after what it was given."""
        if self._publishing:
            self._pending.append(event)
            return
        self._publishing = True
        try:
            self._give(event)
            while self._pending:
                self._give(self._pending.popleft())
        finally:
            self._publishing = False

    def close(self) -> None:
        """Nothing more will come: each follower ends when it has read what waits for it."""
        for follower in self._followers:
            follower.close()

    def _give(self, event: CallEvent) -> None:
        self.published += 1
        for name, handler in self._handlers:
            try:
                handler(event)
            except Exception as error:  # noqa: BLE001  the guard round a follower
                self._guard.note(name, error)
        for follower in self._followers:
            follower.put(event)

    def _forget(self, follower: Follower) -> None:
        self._followers = tuple(other for other in self._followers if other is not follower)
        self._missed_before[follower.name] += follower.missed


class Follower:
    """An async iterator of CallEvents over a bounded queue; it ends when closed and read empty.

    ``missed`` counts the events that found the queue full. ``resync`` turns True with the last event before such a gap:
    the follower then takes the state anew from its source and sets it back to False.

    >>> from cti.model import CallEvent
    >>> Feed().follow("recorder").waiting
    0
    """

    def __init__(self, name: str, size: int, forget: Callable[[Follower], None]) -> None:
        if size < 1:
            raise ValueError(f"a follower's queue holds at least 1 event, got {size}")
        self.name, self.size = name, size
        self.missed = 0
        self.resync = False
        self._forget = forget
        self._events: deque[CallEvent | None] = deque()  # None marks a gap, never first, never two in a row
        self._gaps = 0
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Events in the queue, not yet read."""
        return len(self._events) - self._gaps

    def put(self, event: CallEvent) -> None:
        """Queue ``event``, or count it as missed. Called by the feed."""
        if self._closed:
            return
        if len(self._events) - self._gaps < self.size:
            self._events.append(event)
            self._wake()
            return
        self.missed += 1
        if self._events[-1] is not None:
            self._events.append(None)
            self._gaps += 1

    def close(self) -> None:
        """Take no more events. What is queued can still be read."""
        if not self._closed:
            self._closed = True
            self._forget(self)
            self._wake()

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> CallEvent:
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        event = self._events.popleft()
        assert event is not None  # noqa: S101  put() never leaves a gap first
        if self._events and self._events[0] is None:
            self._events.popleft()
            self._gaps -= 1
            self.resync = True
        return event

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _where(trace: TracebackType | None) -> str:
    """The file and line that raised, without its folder."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
