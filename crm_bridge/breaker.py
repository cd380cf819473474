"""When a source is left alone: a circuit breaker, told the time and what became of each question.

Closed: every question is asked. After ``failures`` in a row it opens: nothing is asked for ``rest_s`` seconds. Then it
is half open: one question is let through to see. A good answer closes it, a bad one opens it again for twice as long.
"""

from __future__ import annotations

from enum import StrEnum

from crm_bridge.activity import ActivityRefusedError
from crm_bridge.contact import SourceBusyError, SourceRefusedError, SourceSparedError


class BreakerState(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Verdict(StrEnum):
    """What an answer did to the breaker."""

    NOTHING_NEW = "nothing new"
    OPENED = "opened"
    CLOSED = "closed"


class Breaker:
    """One source's breaker. Times are seconds of any clock that only goes on. ``opened`` counts how often it opened."""

    def __init__(self, failures: int = 5, rest_s: float = 10.0, longest_rest_s: float = 300.0) -> None:
        self._bound = failures
        self._first_rest_s = self._rest_s = rest_s
        self._longest_rest_s = longest_rest_s
        self._failed = 0
        self._opened_at: float | None = None
        self._trying = False
        self._era = 0
        self.opened = 0

    def state(self, now: float) -> BreakerState:
        """The state as of ``now``."""
        if self._opened_at is None:
            return BreakerState.CLOSED
        rested = now - self._opened_at >= self._rest_s
        return BreakerState.HALF_OPEN if rested else BreakerState.OPEN

    def rest_left_s(self, now: float) -> float:
        """Seconds until somebody may be asked again; 0 when it is not open."""
        return 0.0 if self._opened_at is None else max(0.0, self._opened_at + self._rest_s - now)

    def allow(self, now: float) -> int | None:
        """A ticket for one question, to be handed back with what became of it; None when nothing may be asked."""
        state = self.state(now)
        if state is BreakerState.OPEN or (state is BreakerState.HALF_OPEN and self._trying):
            return None
        self._trying = state is BreakerState.HALF_OPEN
        return self._era

    def succeed(self, ticket: int) -> bool:
        """A good answer. True when it closed the breaker. Answers to questions from before it opened say nothing."""
        if ticket != self._era:
            return False
        closed = self._opened_at is not None
        if closed:
            self._era += 1
        self._opened_at, self._trying, self._failed, self._rest_s = None, False, 0, self._first_rest_s
        return closed

    def fail(self, ticket: int, now: float) -> bool:
        """No answer, or a bad one. True when that opened the breaker."""
        if ticket != self._era:
            return False
        self._failed += 1
        if self._opened_at is None and self._failed < self._bound:
            return False
        self._open(now)
        return True

    def trip(self, ticket: int, now: float) -> bool:
        """Open at once: asking again cannot help. True unless the question was from before it last opened or closed."""
        if ticket != self._era:
            return False
        self._open(now)
        return True

    def forget(self, ticket: int) -> None:
        """The question was given up without a verdict."""
        if ticket == self._era:
            self._trying = False

    def judge(self, ticket: int, error: BaseException | None, now: float) -> Verdict:
        """What became of a question, by the error that it ended with.

        One that was given up or never asked, and a source that only asks for a pause, say nothing of its health; a
        record that it will not take is an answer; a refusal opens at once.
        """
        if error is None or isinstance(error, ActivityRefusedError):
            return Verdict.CLOSED if self.succeed(ticket) else Verdict.NOTHING_NEW
        unasked = isinstance(error, SourceBusyError | SourceSparedError)
        if unasked or not isinstance(error, Exception):  # a cancellation is no Exception
            self.forget(ticket)
            return Verdict.NOTHING_NEW
        opened = self.trip if isinstance(error, SourceRefusedError) else self.fail
        return Verdict.OPENED if opened(ticket, now) else Verdict.NOTHING_NEW

    def _open(self, now: float) -> None:
        if self._opened_at is not None:
            self._rest_s = min(self._rest_s * 2, self._longest_rest_s)
        self._opened_at, self._trying, self._failed = now, False, 0
        self._era += 1
        self.opened += 1
