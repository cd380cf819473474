"""How often a source is asked: a bucket of tokens that fills at a steady rate, told the time."""

from __future__ import annotations


class Bucket:
    """At most ``burst`` questions at once and ``per_s`` a second on the average. ``per_s`` None does not limit."""

    def __init__(self, per_s: float | None, burst: float | None = None) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s or 1.0) if burst is None else burst
        self._tokens = self._most
        self._counted_at: float | None = None
        self._paused_until = float("-inf")

    def reserve(self, now: float, longest_s: float) -> float | None:
        """Seconds to wait before asking, the token taken; None, and nothing taken, when that is over ``longest_s``."""
        wait_s = max(0.0, self._paused_until - now)
        if self._per_s is not None:
            self._fill(now)
            wait_s = max(wait_s, (1.0 - self._tokens) / self._per_s)
        if wait_s > longest_s:
            return None
        if self._per_s is not None:
            self._tokens -= 1.0
        return wait_s

    def pause(self, now: float, seconds: float) -> None:
        """Nothing is asked for ``seconds``: the source said so."""
        self._paused_until = max(self._paused_until, now + seconds)

    def _fill(self, now: float) -> None:
        if self._counted_at is not None and self._per_s is not None:
            self._tokens = min(self._most, self._tokens + (now - self._counted_at) * self._per_s)
        self._counted_at = now if self._counted_at is None else max(now, self._counted_at)
