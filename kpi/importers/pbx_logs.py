"""All logs of one PBX together: its calls of a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from cti.model import AgentChanged, Call
from kpi.importers.freeswitch_gathering import gathering_for
from kpi.importers.kinds import missing_of
from kpi.importers.lines import LoggedCall, QueueLine, Teller
from kpi.importers.source import Source, merged

LINES_BETWEEN_BREATHS = 200


class MembersTold:
    """What the lines of a reading say of the queues' members, in order, and when the PBX began anew."""

    def __init__(self) -> None:
        self.changes: list[AgentChanged] = []
        self.restarts: list[datetime] = []


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

    @property
    def tells_members(self) -> bool:
        """Whether log-ins and pauses are in these logs: only Asterisk's queue_log has them."""
        return "queue_log" in self.kinds

    async def tell(
        self, since: datetime, until: datetime, members: MembersTold | None = None
    ) -> AsyncIterator[list[Call]]:
        """The calls of that time that are over, as they come; others get their turn in between.

        ``members`` is told of log-ins and pauses on the way.

        Raises:
            SourceError: one of the logs cannot be read.
        """
        async for _, calls in self.tell_with_lines(since, until, members):
            yield calls

    async def tell_with_lines(
        self, since: datetime, until: datetime, members: MembersTold | None = None
    ) -> AsyncIterator[tuple[LoggedCall, list[Call]]]:
        """The same, each with the lines that told it.

        Raises:
            SourceError: one of the logs cannot be read.
        """
        gathering = gathering_for(self.kinds, self.teller.is_phone)
        number = 0
        async for line in merged(self.sources, since, until):
            if members is not None and isinstance(line, QueueLine):
                self._tell_members(members, line, about_member=gathering.is_about_member(line))
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

    def _tell_members(self, members: MembersTold, line: QueueLine, *, about_member: bool) -> None:
        if about_member:
            members.changes += self.teller.member(line)
        elif line.event == "QUEUESTART":
            members.restarts.append(line.at)
