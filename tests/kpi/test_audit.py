"""A day held against the PBX's own logs: nothing is said of what is right, everything of what is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from cti.model import Call, CallOutcome, Direction, EndedBy, Party
from kpi.audit import Audit, audit
from kpi.batch import Batch
from kpi.differences import GAP, KILLED
from kpi.gaps import StreamBack, StreamLost
from kpi.store import Store
from tests.kpi.cut_stream import PBX, logs_of, really
from tests.kpi.importers.logged import COMBINATIONS, FOLDERS

MORNING = "asterisk-22-mix-1"
ALL = ("queue_log", "cdr", "cel")


def window(name: str) -> tuple[datetime, datetime]:
    calls = really(name).values()
    last = max(call.ended_at or call.offered_at for call in calls)
    return min(call.offered_at for call in calls) - timedelta(seconds=5), last + timedelta(seconds=5)


async def audited(store: Store, name: str, *sources: str) -> Audit:
    return await audit(store, logs_of(name, *sources), PBX, *window(name))


@pytest.mark.parametrize("sources", COMBINATIONS, ids="+".join)
async def test_a_day_that_is_right_has_nothing_unexplained(store: Store, sources: tuple[str, ...]) -> None:
    """All recordings, one after the other in one store: their calls are minutes apart."""
    for name in FOLDERS:
        if really(name):
            await store.store_calls(really(name).values())
            found = await audited(store, name, *sources)
            assert [one for one in found.unexplained if one.call_id in really(name)] == [], name
            assert found.compared >= len(really(name))


async def test_known_untruths_are_listed_with_their_reason(store: Store) -> None:
    await store.store_calls(really("asterisk-22-S23").values())
    found = await audited(store, "asterisk-22-S23", "queue_log", "cdr")
    assert {one.reason for one in found.differences} == {KILLED}
    assert found.unexplained == []


def answered(calls: dict[str, Call]) -> Call:
    """One that a seeded fault cannot be mistaken in: a customer, one wait, one talk, no transfer."""
    plain = (call for call in calls.values() if call.direction is Direction.INBOUND and not call.transfers)
    return next(call for call in plain if len(call.talks) == len(call.stays) == 1)


def later(call: Call, part: str, field: str, seconds: float) -> Call:
    """The call with one instant of its only part moved."""
    [one] = getattr(call, part)
    moved = msgspec.structs.replace(one, **{field: getattr(one, field) + timedelta(seconds=seconds)})
    return msgspec.structs.replace(call, **{part: (moved,)})


def with_fields(call: Call, **fields: Any) -> Call:
    return msgspec.structs.replace(call, **fields)


FAULTS = {
    "outcome": lambda call: with_fields(call, outcome=CallOutcome.ABANDONED),
    "answered by": lambda call: with_fields(call, talks=(with_part(call.talks[0], agent="999"),)),
    "waits": lambda call: with_fields(call, stays=(with_part(call.stays[0], queue="elsewhere"),)),
    "seconds waited": lambda call: later(call, "stays", "left_at", 3),
    "seconds talked": lambda call: later(call, "talks", "ended_at", 3),
    "caller": lambda call: with_fields(call, caller=Party("+3900000")),
    "direction": lambda call: with_fields(call, direction=Direction.OUTBOUND),
    "end": lambda call: with_fields(call, ended_at=(call.ended_at or call.offered_at) + timedelta(seconds=9)),
}
ONLY_WITH_CEL = {
    "number dialled": lambda call: with_fields(call, dialled="+3911111"),
    "agents rung": lambda call: with_fields(call, rings=()),
    "who ended it": lambda call: with_fields(call, ended_by=EndedBy.PBX),
}


def with_part(part: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(part, **fields)


@pytest.mark.parametrize("sources", [ALL, ("queue_log", "cdr")], ids="+".join)
@pytest.mark.parametrize("what", [*FAULTS, *ONLY_WITH_CEL])
async def test_each_seeded_fault_is_found(store: Store, what: str, sources: tuple[str, ...]) -> None:
    if what in ONLY_WITH_CEL and "cel" not in sources:
        return
    calls = dict(really(MORNING))
    victim = answered(calls)
    calls[victim.call_id] = (FAULTS | ONLY_WITH_CEL)[what](victim)
    await store.store_calls(calls.values())
    found = await audited(store, MORNING, *sources)
    assert what in {one.what for one in found.unexplained}
    assert {one.call_id for one in found.unexplained} == {victim.call_id}


@pytest.mark.parametrize("sources", [ALL, ("queue_log", "cdr")], ids="+".join)
async def test_a_call_too_few_and_one_too_many_are_found(store: Store, sources: tuple[str, ...]) -> None:
    calls = dict(really(MORNING))
    lost = calls.pop(answered(calls).call_id)
    ghost = with_fields(answered(calls), call_id="1.1")
    await store.store_calls([*calls.values(), ghost])
    found = await audited(store, MORNING, *sources)
    sides = {one.call_id: (one.store == "-", one.logs == "-") for one in found.unexplained}
    assert sides == {lost.call_id: (True, False), "1.1": (False, True)}


async def test_what_fell_into_a_gap_is_explained_by_it(store: Store) -> None:
    calls = dict(really(MORNING))
    lost = calls.pop(answered(calls).call_id)
    await store.store_calls(calls.values())
    turns = (StreamLost(PBX, lost.offered_at, "cut"), StreamBack(PBX, lost.ended_at or lost.offered_at))
    await store.store(Batch(turns=turns))
    found = await audited(store, MORNING, *ALL)
    assert [(one.call_id, one.reason) for one in found.differences if one.store == "-"] == [(lost.call_id, GAP)]
    assert found.unexplained == []
    assert found.covered < 1
    assert len(found.gaps) == 1
