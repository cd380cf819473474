"""The same scenario gives the same calls on FreeSWITCH as on each Asterisk.

The scenarios were played anew on each PBX, so what really happened may differ: who hung up, whom a queue tried first.
Where the far side saw the same, the same is told; where it saw something else, that is told. What a PBX does otherwise
by its nature is listed in ``NATURE`` and explained in ``docs/pbx-differences.md``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cti.model import AgentChange, AgentChanged, Call, CallEnded, CallEvent, StayOutcome
from offhook.replay import replay
from tests.cti.story import handed_over

RECORDINGS = Path(__file__).parents[1] / "recordings"
DIFFERENCES = Path(__file__).parents[2] / "docs" / "pbx-differences.md"
ASTERISKS = ("asterisk-22", "asterisk-16", "asterisk-22-direct")
SCENARIOS = sorted(path.name for path in (RECORDINGS / "freeswitch").glob("S??"))
NOT_ALIKE = {"S16": "Asterisk's has no call in it, FreeSWITCH's has one"}
TWINS = [
    (scenario, asterisk)
    for scenario in SCENARIOS
    for asterisk in ASTERISKS
    if scenario not in NOT_ALIKE and (RECORDINGS / asterisk / scenario).is_dir()
]
#: What is told otherwise though the far side saw the same: scenario, number of the call in it, field.
NATURE = {
    ("S05", 0, "rings"): "last-ring-goes-on",
    ("S26", 0, "slots"): "parking-slots",
    ("S28", 0, "stays"): "refused-callers-join",
}
#: What holds in all recordings of FreeSWITCH, or is about what is not recorded; each is explained in the docs.
SILENT = (
    "ring-order",
    "no-ring-when-busy",
    "late-unhold",
    "no-pause-reason",
    "no-login-per-queue",
    "tiers-by-command-only",
    "no-names",
    "no-position",
    "refused-by-dialplan",
    "no-wrap-up",
    "no-ids-in-answers",
)
a_twin = pytest.mark.parametrize(("scenario", "asterisk"), TWINS)


@cache
def events_of(pbx: str, scenario: str) -> tuple[CallEvent, ...]:
    return tuple(replay(RECORDINGS / pbx / scenario))


def calls_of(pbx: str, scenario: str) -> list[Call]:
    calls = (event.call for event in events_of(pbx, scenario) if isinstance(event, CallEnded))
    return sorted(calls, key=lambda call: call.offered_at)


def truths_of(pbx: str, scenario: str) -> list[dict[str, Any]]:
    truth = json.loads((RECORDINGS / pbx / scenario / "truth.json").read_text())
    return sorted(truth["calls"], key=lambda call: call["offered_at"])


def told(call: Call) -> dict[str, object]:
    """What the truth says too, in its words."""
    return {
        "direction": str(call.direction),
        "queue": call.queue,
        "outcome": str(call.outcome),
        "agents_rung": set(call.agents_rung),
        "answered_by": list(call.answered_by),
        "transfers": [(str(one.kind), one.by, one.to) for one in call.transfers],
        "ended_by": str(call.ended_by),
        "queued": call.queued_at is not None,
        "answered": call.answered_at is not None,
    }


def seen(truth: dict[str, Any]) -> dict[str, object]:
    """The same of what the far side saw."""
    same = {field: truth[field] for field in ("direction", "queue", "outcome", "ended_by")}
    return same | {
        "agents_rung": set(truth["agents_rung"]),
        "answered_by": list(truth["answered_by"] or ()),
        "transfers": [handed_over(one) for one in truth["transfers"]],
        "queued": truth["queued_at"] is not None,
        "answered": truth["answered_at"] is not None,
    }


def inner(call: Call) -> dict[str, object]:
    """What only the PBX's side knows."""
    return {
        "stays": [(stay.queue, stay.outcome, stay.agent, stay.key) for stay in call.stays],
        "rings": sorted((ring.agent, ring.queue or "", ring.result, ring.consult) for ring in call.rings),
        "talks": [(talk.agent, talk.queue, talk.holds) for talk in call.talks],
        "slots": [transfer.slot for transfer in call.transfers],
        "click_to_dial": call.click_to_dial,
        "consulted": [transfer.consulted_at is not None for transfer in call.transfers],
    }


def apart(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {field for field in one if one[field] != other[field]}


def test_there_is_a_twin_for_each_scenario() -> None:
    assert {scenario for scenario, _ in TWINS} | set(NOT_ALIKE) == set(SCENARIOS)
    assert len(TWINS) == 60


@a_twin
def test_calls_differ_where_the_far_side_saw_a_difference_and_nowhere_else(scenario: str, asterisk: str) -> None:
    pairs = zip(calls_of(asterisk, scenario), calls_of("freeswitch", scenario), strict=True)
    truths = zip(truths_of(asterisk, scenario), truths_of("freeswitch", scenario), strict=True)
    for (one, other), (one_truth, other_truth) in zip(pairs, truths, strict=True):
        assert apart(told(one), told(other)) == apart(seen(one_truth), seen(other_truth))


@a_twin
def test_of_calls_that_went_alike_all_else_is_alike_but_for_the_nature_of_each_pbx(
    scenario: str, asterisk: str
) -> None:
    pairs = zip(calls_of(asterisk, scenario), calls_of("freeswitch", scenario), strict=True)
    for number, (one, other) in enumerate(pairs):
        if apart(told(one), told(other)) <= {"ended_by"}:
            expected = {field for name, place, field in NATURE if (name, place) == (scenario, number)}
            assert apart(inner(one), inner(other)) == expected, f"call {number}"


def test_most_calls_went_alike() -> None:
    pairs = [
        pair
        for scenario, asterisk in TWINS
        for pair in zip(calls_of(asterisk, scenario), calls_of("freeswitch", scenario), strict=True)
    ]
    alike = [pair for pair in pairs if apart(told(pair[0]), told(pair[1])) <= {"ended_by"}]
    assert len(alike) > 0.8 * len(pairs)


def test_each_difference_is_explained_in_the_docs_and_no_other() -> None:
    explained = set(re.findall(r"^\| `([a-z-]+)` \|", DIFFERENCES.read_text(), re.MULTILINE))
    assert explained == {*NATURE.values(), *SILENT}


def changes_of(pbx: str, scenario: str) -> list[AgentChanged]:
    """Log-ins, log-outs and pauses as they were told."""
    changes = (event for event in events_of(pbx, scenario) if isinstance(event, AgentChanged))
    return [event for event in changes if event.change is not AgentChange.STATE]


def test_agents_log_in_and_pause_as_a_whole_and_without_a_reason() -> None:
    freeswitch, asterisk = changes_of("freeswitch", "S16"), changes_of("asterisk-22", "S16")
    assert {event.change for event in freeswitch} == {event.change for event in asterisk}
    of_a_queue = [(event.agent.agent, event.queue, event.change) for event in freeswitch if event.queue is not None]
    assert of_a_queue == [("103", "sales", AgentChange.LOGIN), ("103", "sales", AgentChange.LOGOUT)]
    assert {event.reason for event in freeswitch} == {None}
    assert {event.reason for event in asterisk} > {None}
    assert all(event.queue is not None for event in asterisk)


def test_what_freeswitch_does_not_say_is_not_made_up() -> None:
    calls = [call for scenario in SCENARIOS for call in calls_of("freeswitch", scenario)]
    assert {stay.position for call in calls for stay in call.stays} == {None}
    changed = (event for scenario in SCENARIOS for event in events_of("freeswitch", scenario))
    assert {event.agent.name for event in changed if isinstance(event, AgentChanged)} == {None}


def test_a_busy_member_never_rang_on_either() -> None:
    for pbx in ("asterisk-22", "freeswitch"):
        queued = calls_of(pbx, "S27")[1]
        assert queued.agents_rung == ("102",)
    legs = [len(calls_of(pbx, "S27")[1].legs) for pbx in ("asterisk-22", "freeswitch")]
    assert legs == [2, 3]


def test_whom_a_queue_has_nobody_for_is_refused_on_both_and_waits_on_neither() -> None:
    for pbx in ("asterisk-22", "asterisk-16", "freeswitch"):
        first = calls_of(pbx, "S28")[0]
        assert (first.queue, first.outcome, first.queued_at) == ("sales", "refused", None)
    (stay,) = calls_of("freeswitch", "S28")[0].stays
    assert stay.outcome is StayOutcome.REFUSED
