"""The recordings' calls, told from the files that FreeSWITCH's mod_json_cdr wrote beside them."""

from __future__ import annotations

from typing import Any

import pytest

from cti.model import Call, CallEnded
from cti.pbx.freeswitch_logs import FreeswitchLogs
from kpi.importers.lines import LoggedCall
from offhook.replay import replay
from tests.kpi.importers.freeswitch_logged import FOLDERS, told
from tests.kpi.importers.retold import differences, story

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
        for what, one, other in differences(whole(call), whole(logs[call_id]))
        if (call_id, what) != GONE_AT_ONCE
    ]
    assert wrong == []


def whole(call: Call) -> dict[str, Any]:
    """All of a call that FreeSWITCH's records tell."""
    return story(call) | {"hold": call.hold_s, "hung up": sorted(leg.leg_id for leg in call.legs if leg.hung_up)}


def test_nothing_comes_of_nothing() -> None:
    teller = FreeswitchLogs("hq")
    assert teller.tell(LoggedCall()) == []
    assert teller.is_phone("sofia/internal/101") is False
    assert teller.member(None) == []  # type: ignore[arg-type]
