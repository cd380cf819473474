"""All logs of one PBX together: its calls of a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from cti.model import Call
from kpi.importers.freeswitch_gathering import gathering_for
from kpi.importers.kinds import missing_of
from kpi.importers.lines import LoggedCall, Teller
from kpi.importers.source import Source, merged

LINES_BETWEEN_BREATHS = 200


class PbxLogs:
    """Reads ``sources`` and has ``teller`` tell what is in them; ``wait_s`` after a moment its lines are written."""

    def __init__(self, sources: Sequence[Source], teller: Teller, wait_s: float = 10.0) -> None:
        self.sources, self.teller, self.wait_s = tuple(sources), teller, wait_s

    @property
    def kinds(self) -> tuple[str, ...]:
        """``queue_log``, ``cdr``, ``cel``, or FreeSWITCH's, as far as there are."""
        return tuple(source.kind for source in self.sources)

    @property
    def missing(self) -> str | None:
        """What these logs cannot tell, in words; None where they tell all calls."""
        return missing_of(self.kinds)

    async def tell(self, since: datetime, until: datetime) -> AsyncIterator[list[Call]]:
        """The calls of that time that are over, as they come; others get their turn in between.

        Raises:
            SourceError: one of the logs cannot be read.
        """
        async for _, calls in self.tell_with_lines(since, until):
            yield calls

    async def tell_with_lines(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[tuple[LoggedCall, list[Call]]]:
        """The same, each with the lines that told it.

        Raises:
            SourceError: one of the logs cannot be read.
        """
        gathering = gathering_for(self.kinds, self.teller.is_phone)
        number = 0
        async for line in merged(self.sources, since, until):
            gathering.take(line)
            number += 1
            for logged in gathering.over():
                yield logged, self.teller.tell(logged)
                await asyncio.sleep(0)
            if number % LINES_BETWEEN_BREATHS == 0:
                await asyncio.sleep(0)
        for logged in gathering.finished():
            yield logged, self.teller.tell(logged)
            await asyncio.sleep(0)
