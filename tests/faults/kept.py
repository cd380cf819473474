"""What the store holds after the storm, held against what really happened."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Call, CallOutcome
from kpi.reading import CallFilter
from kpi.store import Store
from offhook.simulator.plant import Plant
from tests.offhook.simulator.told import differences

EVERY = 100_000
STORY = ("direction", "outcome", "ended_by", "answered_by", "transfers", "stays", "talks", "queue", "click_to_dial")


async def fetch_calls(engine: AsyncEngine) -> dict[str, Call]:
    """All calls by id, once each."""
    calls = await Store(engine).fetch_calls(CallFilter(), limit=EVERY)
    assert len({call.call_id for call in calls}) == len(calls)
    return {call.call_id: call for call in calls}


def story_differences(plant: Plant, calls: dict[str, Call]) -> list[str]:
    """Calls that only one side knows, and of each call what is told otherwise; times are another matter."""
    truths = {call.uniqueid: call for call in plant.truth.calls}
    found = [f"{call.id} at {call.offered_at:.1f} s ({key}): lost" for key, call in truths.items() if key not in calls]
    found += [f"ghost {key}: {calls[key].direction} {calls[key].dialled}" for key in calls if key not in truths]

    def second(at: datetime | None) -> float | None:
        return None if at is None else round((at - plant.started_at).total_seconds(), 3)

    for key, call in truths.items():
        if key in calls:
            told = (one for one in differences(call, calls[key], second) if one.split(" ")[0] in STORY)
            found += [f"{call.id} at {call.offered_at:.1f} s ({key}): {one}" for one in told]
    return found


async def differences_of(engine: AsyncEngine, plant: Plant) -> list[str]:
    """The same of the store, and whether the tallies for all time say how the calls came out; nothing when all does."""
    found = story_differences(plant, await fetch_calls(engine))
    counted: Counter[CallOutcome] = Counter()
    for key, tally in (await Store(engine).fetch_totals()).items():
        if not key.agent:
            counted.update(tally.calls)
    really = Counter(CallOutcome(str(call.outcome)) for call in plant.truth.calls)
    return found if +counted == really else [*found, f"tallies: {+counted}, not {really}"]
