"""A day of the store held against what the PBX wrote itself: each difference with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from cti.model import Call
from kpi.coverage import coverage
from kpi.differences import Difference, differences, missing_from_logs, missing_from_store
from kpi.gaps import Gap
from kpi.importers.kinds import tells_all
from kpi.importers.lines import LoggedCall
from kpi.importers.pbx_logs import PbxLogs
from kpi.importers.source import BadLine
from kpi.reading import CallFilter
from kpi.store import Store

LEAD = timedelta(hours=2)  #: read before and after the day: a call belongs to the day it began in, however long it is
PAGE = 1_000


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``covered`` is the share of the time that was seen or filled in."""

    compared: int
    differences: tuple[Difference, ...]
    bad_lines: tuple[BadLine, ...]
    covered: float
    gaps: tuple[Gap, ...]

    @property
    def unexplained(self) -> list[Difference]:
        """The differences that nobody knows a reason for."""
        return [one for one in self.differences if one.reason is None]


async def audit(store: Store, logs: PbxLogs, pbx: str, since: datetime, until: datetime) -> Audit:
    """Compare the calls that began from ``since`` up to, not at, ``until`` and are over.

    Raises:
        SourceError: a log cannot be read.
        StoreAwayError: the database is away.
    """
    told: dict[str, tuple[Call, LoggedCall]] = {}
    async for logged, calls in logs.tell_with_lines(since - LEAD, until + LEAD):
        told |= {call.call_id: (call, logged) for call in calls if since <= call.offered_at < until}
    stored = await _fetch_stored(store, pbx, since, until)
    gaps = tuple(await store.fetch_gaps(since, until, pbx))
    found = list(_compare(stored, told, logs.kinds, gaps))
    return Audit(
        compared=len(stored.keys() | told.keys()),
        differences=tuple(sorted(found, key=lambda one: (one.at, one.call_id))),
        bad_lines=tuple(bad for source in logs.sources for bad in source.bad.kept),
        covered=coverage(since, until, gaps),
        gaps=gaps,
    )


async def _fetch_stored(store: Store, pbx: str, since: datetime, until: datetime) -> dict[str, Call]:
    wanted, calls = CallFilter(pbx=pbx, since=since, until=until), []
    page = await store.fetch_calls(wanted, limit=PAGE)
    while page:
        calls += page
        page = await store.fetch_calls(wanted, limit=PAGE, after=page[-1])
    return {call.call_id: call for call in calls}


def _compare(
    stored: dict[str, Call], told: dict[str, tuple[Call, LoggedCall]], kinds: tuple[str, ...], gaps: Iterable[Gap]
) -> Iterable[Difference]:
    known_gaps = [gap for gap in gaps if not gap.is_history]
    parts = {leg.leg_id: call.call_id for call in stored.values() for leg in call.legs}
    for call_id, (call, logged) in told.items():
        if call_id in stored:
            yield from differences(stored[call_id], call, logged, kinds)
        elif tells_all(kinds) or call_id not in parts:
            yield missing_from_store(call, kinds, known_gaps)
    for call_id, call in stored.items():
        if call_id not in told and (difference := missing_from_logs(call, kinds)) is not None:
            yield difference
