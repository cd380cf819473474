"""Gaps are filled from what the PBX wrote itself, once it is back: calls unseen are told, calls half seen completed.

Then agents' days: who logged in and out and paused meanwhile, and what each did by those calls.

It works beside the recorder, in a task of its own, and asks nobody to wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from cti.errors import OffhookError
from cti.feed import Follower
from cti.model import Call, CallEnded, CallEvent, PbxBack
from kpi.batch import Batch
from kpi.completing import completed
from kpi.gaps import CARRIED_OVER, Gap, HalfSeen, late_end
from kpi.importers.pbx_logs import MembersTold, PbxLogs
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
SOON_S = 2.0
LOOK_S = 0.1
_SLACK = timedelta(seconds=2)

GapKey = tuple[str, datetime]

_log = structlog.get_logger(__name__)


class GapFiller:
    """Fills the gaps of PBXs whose ``logs`` are known, by name: at the start, and when ``follower`` tells of a return.

    ``names`` gives, of a PBX, the extensions by the names and interfaces that its queues have for their members.
    ``filled`` counts calls that it told, ``completed`` those that it completed. Which calls are still to be completed
    is in the store: those that were seen, have ended, met a gap, and have not been held against the logs. So a crash
    in between forgets none.
    """

    def __init__(
        self,
        follower: Follower,
        store: Store,
        totals: Totals,
        logs: Mapping[str, PbxLogs],
        *,
        names: Callable[[str], Mapping[str, str]] = lambda _: {},
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._names = names
        self.filled = self.completed = 0
        self._follower, self._store, self._totals, self._logs, self._now = follower, store, totals, dict(logs), now
        self._due: dict[str, datetime] = dict.fromkeys(logs, now())
        self._returned: dict[str, datetime] = {}
        self._ended: dict[str, set[str]] = {}
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
        elif isinstance(event, CallEnded) and self._met_a_gap(event.call):
            self._ended.setdefault(pbx, set()).add(event.call.call_id)
            self._plan(pbx, event.at + wait)

    def _met_a_gap(self, call: Call) -> bool:
        """Whether this call, which has ended now, was not seen for a while."""
        gaps = (gap for gap in self._totals.gaps.values() if gap.pbx == call.pbx and not gap.is_history)
        return any(gap.ended_at is not None and _was_there(call, gap) for gap in gaps)

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
        """Fill what is not filled of the last week, and complete the calls that met a gap; the gaps as they are then.

        Raises:
            StoreAwayError: the database is away.
        """
        ended = self._ended.pop(pbx, set())
        known = await self._store.fetch_gaps(self._now() - LOOK_BACK, None, pbx)
        gaps = [gap for gap in known if gap.ended_at is not None and not gap.is_history]
        calls = await self._store.fetch_half_seen(gaps)
        wanted = [gap for gap in gaps if not gap.is_filled or any(_has_more(gap, call) for call in calls)]
        done = [one for run in _runs(wanted) for one in await self._fill_run(run, gaps, calls)]
        await self._look_again(pbx, ended, gaps)
        return done

    async def fill(self, gap: Gap) -> Gap:
        """Tell the calls of one gap and what agents did; the gap with what is said of that.

        Raises:
            StoreAwayError: the database is away.
        """
        [done] = await self._fill_run([gap], [gap], [])
        return done

    async def _look_again(self, pbx: str, ended: set[str], gaps: Sequence[Gap]) -> None:
        """Plan another look for calls that the logs did not have yet, and for those that the store did not."""
        late = ended - (await self._store.fetch_told(pbx, ended)).keys()
        if late:
            self._ended.setdefault(pbx, set()).update(late)
            self._plan(pbx, self._now() + timedelta(seconds=SOON_S))
        waits = [self._now() - call.ended_at for call in await self._store.fetch_half_seen(gaps)]
        waits = [wait for wait in waits if wait < GIVE_UP]
        if waits:
            self._plan(pbx, self._now() + max(min(waits), timedelta(seconds=AGAIN_S)))

    async def _fill_run(self, run: Sequence[Gap], gaps: Sequence[Gap], half_seen: Iterable[HalfSeen]) -> list[Gap]:
        """Fill gaps that are near each other, by one reading of the logs; ``gaps`` are all that a call may have met."""
        logs = self._logs[run[0].pbx]
        logs.teller.learn(self._names(run[0].pbx))
        told, members = Counter[GapKey](), MembersTold()
        still_missing, filled_at = logs.missing, self._now() if logs.kinds else None
        try:
            calls: list[Call] = []
            async for some in logs.tell(*self._window(run, half_seen), members):
                calls += [call for call in some if any(_overlap(call, gap) for gap in run)]
                if len(calls) >= CALLS_AT_ONCE:
                    told += await self._store_calls(calls, gaps)
                    calls = []
            told += await self._store_calls(calls, gaps)
            if logs.tells_members:
                await self._fill_days(run, members)
        except SourceError as error:
            still_missing, filled_at = f"{error.what}: {error.why}", None
        return [
            await self._note_filled(
                msgspec.structs.replace(
                    gap,
                    filled_from=", ".join(logs.kinds) or None,
                    filled_at=filled_at,
                    calls_filled=told[gap.key],
                    still_missing=still_missing,
                )
            )
            for gap in run
        ]

    async def _fill_days(self, run: Iterable[Gap], members: MembersTold) -> None:
        """Have agents' days go on through these gaps. One in which the PBX was down for long ends them, as it was."""
        for gap in run:
            ended_at = gap.ended_at or gap.began_at
            restarted = any(gap.began_at <= at <= ended_at for at in members.restarts)
            if not restarted or ended_at - gap.began_at <= CARRIED_OVER:
                async for stored in self._store.fill_days(gap, members.changes):
                    self._totals.add(stored)

    def _window(self, run: Sequence[Gap], half_seen: Iterable[HalfSeen]) -> tuple[datetime, datetime]:
        """What to read: as far back as the calls go that ran into these gaps, and up to their ends."""
        ends = [gap.ended_at or self._now() for gap in run]
        begins = [gap.began_at - LEAD for gap in run]
        begins += [call.offered_at - _SLACK for call in half_seen if any(_was_there(call, gap) for gap in run)]
        until = self._now() + _SLACK if self._now() - max(ends) < OF_TODAY else max(ends) + LEAD
        return min(begins), until

    async def _note_filled(self, gap: Gap) -> Gap:
        await self._store.store_filled(gap)
        self._totals.gaps[gap.key] = gap
        _log.info("gap filled", pbx=gap.pbx, calls=gap.calls_filled, still_missing=gap.still_missing)
        return gap

    async def _store_calls(self, told: Iterable[Call], gaps: Sequence[Gap]) -> Counter[GapKey]:
        """Keep what is news in them; how many of them nobody else has told, by the first gap that each was in."""
        calls = {call.call_id: call for call in told}
        if not calls:
            return Counter()
        pbx = gaps[0].pbx
        known = await self._store.fetch_told(pbx, calls)
        new = [
            call for call_id, call in calls.items() if call_id not in known or known[call_id][1] is CallSource.IMPORTED
        ]
        more: list[Call] = []
        for call_id, (seen, source) in known.items():
            if _is_seen((seen, source)) and (met := [gap for gap in gaps if _was_there(seen, gap)]):
                better = seen
                for gap in met:
                    better = completed(better, calls[call_id], gap)
                self.completed += better != seen
                if better != seen or source is CallSource.LIVE:
                    more.append(better)
        parts = await self._parts(pbx, calls)
        for batch, source in ((new, CallSource.FILLED), (more, CallSource.COMPLETED)):
            if batch:
                whole = Batch(calls=tuple(batch), source=source, parts=parts)
                self._totals.add(await self._store.store(whole))
        self.filled += len(new)
        unseen = [*new, *(calls[one] for one, (_, source) in known.items() if source is CallSource.FILLED)]
        return Counter(key for call in unseen if (key := _first_met(call, gaps)) is not None)

    async def _parts(self, pbx: str, calls: Mapping[str, Call]) -> tuple[str, ...]:
        """Calls that are in the store under the id of a leg, because the call's first one was gone after the gap."""
        legs = {leg.leg_id for call in calls.values() for leg in call.legs} - calls.keys()
        return tuple(await self._store.fetch_told(pbx, legs))


def _has_more(gap: Gap, call: HalfSeen) -> bool:
    """Whether this call may be completed by another look: when the gap was filled its end was not in the logs yet."""
    return _was_there(call, gap) and (gap.filled_at is None or gap.filled_at < call.ended_at + GIVE_UP)


def _runs(gaps: Iterable[Gap]) -> list[list[Gap]]:
    """Gaps whose time to be read is one: each within twice the lead of the one before."""
    runs: list[list[Gap]] = []
    for gap in sorted(gaps, key=lambda gap: gap.began_at):
        before = runs[-1][-1] if runs else None
        if before is not None and before.ended_at is not None and gap.began_at - before.ended_at < 2 * LEAD:
            runs[-1].append(gap)
        else:
            runs.append([gap])
    return runs


def _first_met(call: Call, gaps: Iterable[Gap]) -> GapKey | None:
    return next((gap.key for gap in gaps if _overlap(call, gap)), None)


def _is_seen(told: tuple[Call, CallSource] | None) -> bool:
    return told is not None and told[1] in (CallSource.LIVE, CallSource.COMPLETED)


def _was_there(call: Call | HalfSeen, gap: Gap) -> bool:
    ended_later = call.ended_at is None or call.ended_at >= gap.began_at
    return ended_later and (gap.ended_at is None or call.offered_at < late_end(gap))


def _overlap(call: Call, gap: Gap) -> bool:
    """Whether the call was there during the gap, as far as two clocks and whole seconds can tell."""
    began_before_its_end = gap.ended_at is None or call.offered_at < gap.ended_at + _SLACK
    return began_before_its_end and (call.ended_at is None or call.ended_at > gap.began_at - _SLACK)
