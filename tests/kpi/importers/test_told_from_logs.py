"""The recordings' calls, rebuilt from queue_log, CDR and CEL alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cti.model import AgentChange, Call, CallEnded, LegRole
from offhook.replay import replay
from tests.kpi.importers.fidelity import FIELDS, far_apart, table_in_docs
from tests.kpi.importers.logged import (
    COMBINATIONS,
    FOLDERS,
    fidelity_table,
    lines_of,
    score,
    told,
    truth_of,
)
from tests.kpi.importers.retold import differences, story

#: Fields right of 401 calls' 13: no less than this, whatever is changed. docs/gaps.md tells the same.
FLOORS = {
    ("queue_log",): 3_540,
    ("cdr",): 4_400,
    ("cel",): 5_190,
    ("queue_log", "cdr"): 4_760,
    ("queue_log", "cel"): 5_205,
    ("queue_log", "cdr", "cel"): 5_205,
}
HOLDS_UNKNOWN = {  # Asterisk 16's CEL knows no hold; mix-1: held on by a phone that had handed the call over
    "asterisk-16-S11", "asterisk-16-X01", "asterisk-22-mix-1",
}  # fmt: skip


def test_every_recording_brings_its_logs() -> None:
    assert len(FOLDERS) == 65
    assert all(any(lines_of(folder, source) for source in ("cdr", "cel")) for folder in FOLDERS.values())


@pytest.mark.parametrize("sources", COMBINATIONS, ids="+".join)
def test_as_much_of_the_truth_is_told_as_was_measured(sources: tuple[str, ...]) -> None:
    result = score(sources)
    print(f"{'+'.join(sources):20} {result.told}/{result.calls} calls told, {result.exact} exact, "
          f"{result.fields}/{result.calls * len(FIELDS)} fields right, {result.ghosts} ghosts")  # fmt: skip
    print({name: count for name, count in result.right.items() if count < result.told})
    assert result.calls == 401
    assert result.fields >= FLOORS[sources]
    assert result.ghosts <= (0 if "cel" in sources else 5)


@pytest.mark.parametrize("name", FOLDERS)
def test_with_cel_the_story_equals_the_live_one(name: str) -> None:
    folder = FOLDERS[name]
    live = {event.call.call_id: event.call for event in replay(folder) if isinstance(event, CallEnded)}
    logs = {call.call_id: call for call in told(folder, "queue_log", "cdr", "cel")[0]}
    assert logs.keys() == live.keys()
    wrong = [
        (call_id, field, one, other)
        for call_id, call in live.items()
        for field, one, other in differences(whole(call), whole(logs[call_id]))
        if not (field == "rings" and name == "asterisk-22-mix-1")
    ]
    assert wrong == []


def whole(call: Call) -> dict[str, Any]:
    """All of a call but what only the live stream knows: ringing to the millisecond, who asked a channel to end."""
    return story(call) | {
        "positions": [stay.position for stay in call.stays],
        "talks in queues": [talk.queue_talk_s for talk in call.talks],
        "hung up": sorted(leg.leg_id for leg in call.legs if leg.hung_up and leg.role is not LegRole.VIRTUAL),
    }


@pytest.mark.parametrize("name", sorted(set(FOLDERS) - HOLDS_UNKNOWN))
def test_with_cel_holds_are_told_too(name: str) -> None:
    truth = {call["caller"]: call["hold_s"] for call in truth_of(FOLDERS[name])["calls"]}
    for call in told(FOLDERS[name], "queue_log", "cel")[0]:
        assert call.hold_s == pytest.approx(truth.get(call.caller.number, call.hold_s), abs=0.3)


@pytest.mark.parametrize("name", ["asterisk-22-S16", "asterisk-16-S16", "asterisk-22-S28"])
def test_members_come_and_go_as_queue_log_says(name: str) -> None:
    changes = told(FOLDERS[name], "queue_log")[1]
    truth = truth_of(FOLDERS[name])["agent_states"]
    seen = [(event.agent.agent, event.change, event.queue) for event in changes]
    for state in truth:
        queues = [state["queue"]] if state["queue"] else ["sales", "support"]
        assert any((state["agent"], state["state"], queue) in seen for queue in queues), state
    assert {change for _, change, _ in seen} <= set(AgentChange)


def test_a_hostile_caller_is_told_as_he_is_live() -> None:
    folder: Path = FOLDERS["asterisk-22-S18"]
    [live] = [event.call for event in replay(folder) if isinstance(event, CallEnded)]
    for sources in (("cel",), ("cdr",)):
        [call] = told(folder, *sources)[0]
        assert call.caller == live.caller


def test_the_docs_say_what_was_measured() -> None:
    """``fidelity_table`` writes it anew."""
    assert far_apart(table_in_docs("fidelity"), fidelity_table()) == []
