"""Gaps are filled from what the PBX wrote itself, once it is back: calls unseen are told, calls half seen completed.

It works beside the recorder, in a task of its own, and asks nobody to wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from cti.errors import OffhookError
from cti.feed import Follower
from cti.model import Call, CallEnded, CallEvent, PbxBack
from kpi.batch import Batch
from kpi.completing import completed
from kpi.gaps import Gap
from kpi.importers.pbx_logs import PbxLogs
from kpi.importers.source import SourceError
from kpi.schema import CallSource
from kpi.store import Store, StoreAwayError
from kpi.totals import Totals

LEAD = timedelta(hours=2)  #: before and after a gap: so long may a call be that ran into it
LOOK_BACK = timedelta(days=7)  #: gaps older than this are left as they are at the start
OF_TODAY = timedelta(hours=12)  #: a gap since then is read up to now: calls that ran out of it may be long
CALLS_AT_ONCE = 200
AGAIN_S = 30.0
GIVE_UP = timedelta(minutes=10)  #: until then the recorder may bring the end of a gap to the store
LOOK_S = 0.1
_SLACK = timedelta(seconds=2)

_log = structlog.get_logger(__name__)


class GapFiller:
    """Fills the gaps of PBXs whose ``logs`` are known, by name: at the start, and when ``follower`` tells of a return.

    ``filled`` counts calls that it told, ``completed`` those that it completed.
    """

    def __init__(
        self,
        follower: Follower,
        store: Store,
        totals: Totals,
        logs: Mapping[str, PbxLogs],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.filled = self.completed = 0
        self._follower, self._store, self._totals, self._logs, self._now = follower, store, totals, dict(logs), now
        self._due: dict[str, datetime] = dict.fromkeys(logs, now())
        self._returned: dict[str, datetime] = {}
        self._ran_out: dict[str, dict[str, Gap]] = {}
        self._turn = asyncio.Event()
        self._turn.set()

    async def run(self) -> None:
        """Return when the follower is closed."""
        async with asyncio.TaskGroup() as group:
            filling = group.create_task(self._fill_due())
            async for event in self._follower:
                self._hear(event)
            filling.cancel()

    def close(self) -> None:
        """Have ``run`` return; a gap that is being filled is filled at the next start."""
        self._follower.close()

    def _hear(self, event: CallEvent) -> None:
        pbx = event.origin.pbx
        logs = self._logs.get(pbx)
        if logs is None:
            return
        wait = timedelta(seconds=logs.wait_s)
        if isinstance(event, PbxBack):
            self._returned[pbx] = event.at
            self._plan(pbx, event.at + wait)
        elif isinstance(event, CallEnded) and (gap := self._ran_into(event.call)) is not None:
            self._ran_out.setdefault(pbx, {})[event.call.call_id] = gap
            self._plan(pbx, event.at + wait)

    def _ran_into(self, call: Call) -> Gap | None:
        """The gap in which this call was not seen for a while; it has ended now."""
        gaps = (gap for gap in self._totals.gaps.values() if gap.pbx == call.pbx and not gap.is_history)
        ended_at = call.ended_at or call.offered_at
        return next(
            (gap for gap in gaps if gap.ended_at is not None and call.offered_at < gap.ended_at <= ended_at), None
        )

    def _plan(self, pbx: str, at: datetime) -> None:
        self._due[pbx] = max(at, self._due.get(pbx, at))
        self._turn.set()

    async def _fill_due(self) -> None:
        while True:
            await self._turn.wait()
            pbx, at = min(self._due.items(), key=lambda due: due[1], default=("", self._now()))
            if not pbx:
                self._turn.clear()
                continue
            pause_s = (at - self._now()).total_seconds()
            if pause_s > 0 or not self._is_told(pbx):
                await asyncio.sleep(min(max(pause_s, LOOK_S), 1.0))
                continue
            del self._due[pbx]
            try:
                await self.fill_gaps(pbx)
            except StoreAwayError:
                self._plan(pbx, self._now() + timedelta(seconds=AGAIN_S))
            except OffhookError as error:
                _log.error("a gap could not be filled", pbx=pbx, ref=error.ref, why=error.why)

    def _is_told(self, pbx: str) -> bool:
        """Whether the recorder has come as far as the PBX's return, and the end of the gap is in the store."""
        at = self._returned.get(pbx)
        known = at is None or any(gap.pbx == pbx and gap.ended_at == at for gap in self._totals.gaps.values())
        if known or (at is not None and self._now() - at > GIVE_UP):
            self._returned.pop(pbx, None)
            return True
        return False

    async def fill_gaps(self, pbx: str) -> list[Gap]:
        """Fill what is not filled of the last week, and what calls have run into since; the gaps as they are then.

        Raises:
            StoreAwayError: the database is away.
        """
        again = await self._over(pbx)
        gaps = await self._store.fetch_gaps(self._now() - LOOK_BACK, None, pbx)
        wanted = [
            gap
            for gap in gaps
            if gap.ended_at is not None and not gap.is_history
            if not gap.is_filled or gap.key in again
        ]
        return [await self.fill(gap) for gap in wanted]

    async def _over(self, pbx: str) -> set[tuple[str, datetime]]:
        """The gaps that calls ran out of which are stored by now; for the others another look is planned."""
        calls = self._ran_out.pop(pbx, {})
        stored = await self._store.fetch_told(pbx, calls)
        late = {call_id: gap for call_id, gap in calls.items() if not _is_seen(stored.get(call_id))}
        if late:
            self._ran_out.setdefault(pbx, {}).update(late)
            self._plan(pbx, self._now() + timedelta(seconds=AGAIN_S))
        return {gap.key for call_id, gap in calls.items() if call_id not in late}

    async def fill(self, gap: Gap) -> Gap:
        """Tell the calls of one gap; the gap with what is said of that.

        Raises:
            StoreAwayError: the database is away.
        """
        logs, ended_at = self._logs[gap.pbx], gap.ended_at or self._now()
        filled, still_missing = 0, logs.missing
        try:
            until = self._now() + _SLACK if self._now() - ended_at < OF_TODAY else ended_at + LEAD
            calls: list[Call] = []
            async for some in logs.tell(gap.began_at - LEAD, until):
                calls += [call for call in some if _overlap(call, gap)]
                if len(calls) >= CALLS_AT_ONCE:
                    filled += await self._store_calls(calls, gap)
                    calls = []
            filled += await self._store_calls(calls, gap)
            filled_at = self._now() if logs.kinds else None
        except SourceError as error:
            still_missing, filled_at = f"{error.what}: {error.why}", None
        done = msgspec.structs.replace(
            gap,
            filled_from=", ".join(logs.kinds) or None,
            filled_at=filled_at,
            calls_filled=filled,
            still_missing=still_missing,
        )
        await self._store.store_filled(done)
        self._totals.gaps[done.key] = done
        _log.info("gap filled", pbx=gap.pbx, calls=filled, still_missing=still_missing)
        return done

    async def _store_calls(self, told: Iterable[Call], gap: Gap) -> int:
        """Keep what is news in them; how many of them nobody else has told."""
        calls = {call.call_id: call for call in told}
        known = await self._store.fetch_told(gap.pbx, calls)
        new = [
            call
            for call_id, call in calls.items()
            if call_id not in known or known[call_id][1] is CallSource.IMPORTED
        ]
        more = [
            better
            for call_id, (seen, source) in known.items()
            if _is_seen((seen, source)) and _was_there(seen, gap)
            if (better := completed(seen, calls[call_id], gap)) != seen
        ]
        parts = await self._parts(gap.pbx, calls)
        for batch, source in ((new, CallSource.FILLED), (more, CallSource.COMPLETED)):
            if batch:
                whole = Batch(calls=tuple(batch), source=source, parts=parts)
                self._totals.add(await self._store.store(whole))
        self.filled += len(new)
        self.completed += len(more)
        return len(new) + sum(source is CallSource.FILLED for _, source in known.values())

    async def _parts(self, pbx: str, calls: Mapping[str, Call]) -> tuple[str, ...]:
        """Calls that are in the store under the id of a leg, because the call's first one was gone after the gap."""
        legs = {leg.leg_id for call in calls.values() for leg in call.legs} - calls.keys()
        return tuple(await self._store.fetch_told(pbx, legs))


def _is_seen(told: tuple[Call, CallSource] | None) -> bool:
    return told is not None and told[1] in (CallSource.LIVE, CallSource.COMPLETED)


def _was_there(call: Call, gap: Gap) -> bool:
    ended_later = call.ended_at is None or call.ended_at >= gap.began_at
    return ended_later and (gap.ended_at is None or call.offered_at < gap.ended_at)


def _overlap(call: Call, gap: Gap) -> bool:
    """Whether the call was there during the gap, as far as two clocks and whole seconds can tell."""
    began_before_its_end = gap.ended_at is None or call.offered_at < gap.ended_at + _SLACK
    return began_before_its_end and (call.ended_at is None or call.ended_at > gap.began_at - _SLACK)
