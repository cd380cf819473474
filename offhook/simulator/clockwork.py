"""Virtual time: a timeline of actions, one-shot latches, and processes that wait for either.

Nothing here knows the wall clock. Instants are seconds since the run began. Actions of one instant run in the order in
which they were asked for, so that one seed gives one run.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from itertools import count

Action = Callable[[], None]


class Timer:
    """One action to come; ``cancel`` takes it back."""

    __slots__ = ("_action", "at")

    def __init__(self, at: float, action: Action) -> None:
        self.at = at
        self._action: Action | None = action

    def cancel(self) -> None:
        self._action = None

    def fire(self) -> bool:
        """Do it, once; False when it was cancelled."""
        action, self._action = self._action, None
        if action is None:
            return False
        action()
        return True


class Latch:
    """Something that happens once: processes wait for it."""

    __slots__ = ("_waiting", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self._waiting: list[Action] = []

    def set(self) -> None:
        """It happened. Those who wait are woken in the same instant, after the action under way."""
        if not self.is_set:
            self.is_set = True
            waiting, self._waiting = self._waiting, []
            for wake in waiting:
                wake()

    def call(self, wake: Action) -> None:
        if self.is_set:
            wake()
        else:
            self._waiting.append(wake)


class Wait:
    """Until any of ``latches`` is set, or ``seconds`` have passed (None: for ever)."""

    __slots__ = ("latches", "seconds")

    def __init__(self, *latches: Latch, seconds: float | None = None) -> None:
        self.latches, self.seconds = latches, seconds


Process = Generator[Wait, None, None]


class Timeline:
    """The order of things. ``now`` is in seconds since the run began."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._coming: list[tuple[float, int, Timer]] = []

    def after(self, seconds: float, action: Action) -> Timer:
        """Do ``action`` in ``seconds`` from now (at once when negative)."""
        timer = Timer(self.now + max(0.0, seconds), action)
        heapq.heappush(self._coming, (timer.at, next(self._order), timer))
        return timer

    def step(self, until: float) -> bool:
        """Do the next action that is due by ``until``. False, and ``now`` is ``until``, when there is none."""
        while self._coming and self._coming[0][0] <= until:
            at, _, timer = heapq.heappop(self._coming)
            self.now = at
            if timer.fire():
                return True
        self.now = max(self.now, until)
        return False

    def start(self, process: Process) -> None:
        """Run ``process`` up to its first wait, at once; then whenever what it waits for happens."""
        _Run(self, process)


class _Run:
    """A process under way. ``_turn`` tells a late wake-up from the one that is waited for."""

    def __init__(self, timeline: Timeline, process: Process) -> None:
        self._timeline, self._process, self._turn = timeline, process, 0
        self._step(0)

    def _step(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._turn += 1
        try:
            wait = next(self._process)
        except StopIteration:
            return
        expected = self._turn
        if wait.seconds is not None:
            self._timeline.after(wait.seconds, lambda: self._step(expected))
        for latch in wait.latches:
            latch.call(lambda: self._wake(expected))

    def _wake(self, turn: int) -> None:
        self._timeline.after(0.0, lambda: self._step(turn))
