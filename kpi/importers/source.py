"""Where lines come from: one source gives the lines of a time, in order, and keeps what it could not read."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from cti.errors import OffhookError
from kpi.importers.gathering import written_at
from kpi.importers.lines import Line

KEPT_BAD_LINES = 1_000


class SourceError(OffhookError):
    """A PBX's log cannot be read now."""

    def __init__(self, label: str, cause: str) -> None:
        hint = "check [pbx.logs] and the rights of who runs Offhook"
        super().__init__("logs-unreadable", f"{label} cannot be read", cause, hint)


class BadLine(msgspec.Struct, frozen=True):
    """A line that could not be used: its number (of a table's row: its id), where it is known, and why."""

    source: str
    number: int | None
    offset: int
    why: str


class BadLines:
    """All are counted, the first thousand kept."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: list[BadLine] = []

    def add(self, line: BadLine) -> None:
        self.count += 1
        if len(self.kept) < KEPT_BAD_LINES:
            self.kept.append(line)


class Source(Protocol):
    """``kind`` is ``queue_log``, ``cdr`` or ``cel``; ``label`` is for people and holds no password.

    ``by_time``: what was read before is found by its time, not by an offset.
    """

    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def bad(self) -> BadLines: ...
    @property
    def by_time(self) -> bool: ...

    def lines(
        self, since: datetime | None = None, until: datetime | None = None, start: int = 0
    ) -> AsyncIterator[Sequence[Line]]:
        """The lines written from ``since`` up to ``until``, in order, some thousands at once; none whose offset is
        less than ``start``.

        Raises:
            SourceError: it cannot be read.
        """


async def merged(
    sources: Sequence[Source],
    since: datetime | None = None,
    until: datetime | None = None,
    starts: Sequence[int] = (),
) -> AsyncIterator[Line]:
    """The lines of all sources in the order they were written.

    Raises:
        SourceError: one of them cannot be read.
    """
    streams = [
        source.lines(since, until, start).__aiter__()
        for source, start in zip(sources, [*starts, *[0] * (len(sources) - len(starts))], strict=True)
    ]
    heads: list[tuple[datetime, int, int]] = []
    waiting: list[Sequence[Line]] = []
    for i, stream in enumerate(streams):
        waiting.append(await _next(stream))
        if waiting[i]:
            heapq.heappush(heads, (written_at(waiting[i][0]), i, 0))
    while heads:
        _, i, at = heapq.heappop(heads)
        yield waiting[i][at]
        if at + 1 == len(waiting[i]):
            waiting[i], at = await _next(streams[i]), -1
        if waiting[i]:
            heapq.heappush(heads, (written_at(waiting[i][at + 1]), i, at + 1))


async def _next(stream: AsyncIterator[Sequence[Line]]) -> Sequence[Line]:
    """The next lines; none at the end."""
    async for lines in stream:
        if lines:
            return lines
    return ()
