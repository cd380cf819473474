"""The recordings' calls, told from the files that FreeSWITCH's mod_json_cdr wrote beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from cti.model import Call, CallEnded
from cti.pbx.freeswitch_logs import FreeswitchLogs
from kpi.importers.lines import LoggedCall
from offhook.replay import replay
from tests.kpi.importers.freeswitch_logged import FOLDERS, told

REFUSED_BEFORE_THE_QUEUE = "S28"  # the live dialect hears the dialplan ask after the queue's agents; no record tells

#: In mix-1: the caller's leg and an agent's that could not be called ended in the instant in which the latter began.
GONE_AT_ONCE = ("575b90bb-37a5-4779-ac40-d7bfb96e8d64", "legs")


@pytest.mark.parametrize("name", sorted(set(FOLDERS) - {REFUSED_BEFORE_THE_QUEUE}))
def test_the_story_equals_the_live_one(name: str) -> None:
    live = {event.call.call_id: event.call for event in replay(FOLDERS[name]) if isinstance(event, CallEnded)}
    logs = {call.call_id: call for call in told(FOLDERS[name], "json_cdr")}
    assert logs.keys() == live.keys()
    wrong = [
        (call_id, what, one, other)
        for call_id, call in live.items()
        for what, one, other in zip(story(call), story(call).values(), story(logs[call_id]).values(), strict=True)
        if not alike(one, other) and (call_id, what) != GONE_AT_ONCE
    ]
    assert wrong == []


def story(call: Call) -> dict[str, Any]:
    """All of a call that its records tell; instants since it was offered."""

    def since(at: datetime | None) -> float | None:
        return None if at is None else (at - call.offered_at).total_seconds()

    return {
        "caller": (call.caller, call.dialled, call.direction, call.click_to_dial),
        "ends": (call.outcome, call.ended_by, since(call.ended_at), since(call.answered_at), since(call.queued_at)),
        "stays": [(stay.queue, stay.outcome, stay.agent, stay.key) for stay in call.stays],
        "waits": [(since(stay.joined_at), stay.wait_s) for stay in call.stays],
        "rings": sorted((ring.agent, ring.queue or "", ring.result, ring.consult) for ring in call.rings),
        "talks": [(talk.agent, talk.queue, since(talk.started_at), since(talk.ended_at)) for talk in call.talks],
        "hold": call.hold_s,
        "transfers": [(one.kind, one.by, one.to, one.slot, since(one.at)) for one in call.transfers],
        "legs": sorted((leg.leg_id, leg.channel, leg.number or "", leg.cause or 0) for leg in call.legs),
        "hung up": sorted(leg.leg_id for leg in call.legs if leg.hung_up),
    }


def alike(one: Any, other: Any) -> bool:
    """Equal, instants and durations within a fifth of a second; holds end within half a one (the phone is slower)."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 0.2
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def test_nothing_comes_of_nothing() -> None:
    teller = FreeswitchLogs("hq")
    assert teller.tell(LoggedCall()) == []
    assert teller.is_phone("sofia/internal/101") is False
    assert teller.member(None) == []  # type: ignore[arg-type]
