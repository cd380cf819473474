"""The signals of a call in the making, put in order before they are told: what logs say of one instant is scattered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from cti.model import Origin
from cti.signals import Signal


class Script:
    """Signals with their places. Of two at one place the one that was added first comes first."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self._parts: list[tuple[float, int, Signal]] = []

    def add(self, place: float, at: datetime, kind: Callable[..., Signal], *fields: Any) -> None:
        """Have ``kind(at, origin, *fields)`` told at ``place``."""
        self._parts.append((place, len(self._parts), kind(at, self.origin, *fields)))

    def __iter__(self) -> Iterator[Signal]:
        return (signal for _, _, signal in sorted(self._parts, key=lambda part: part[:2]))
