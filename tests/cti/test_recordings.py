"""Every recorded call is told exactly as the far side saw it, and alike on every PBX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cti.model import Call, Direction
from offhook.replay import START
from tests.cti.story import differences, inner_differences, nearest, story
from tests.cti.told_contract import Recordings, ToldContract

RECORDINGS = Path(__file__).parents[1] / "recordings"
FOLDERS = {
    f"{path.parent.parent.name}-{path.parent.name}": path.parent
    for path in sorted(RECORDINGS.glob("asterisk-*/*/truth.json"))
}
LABORATORY = "asterisk-22-lab-"  #: made by tests/pbx/test_behaviour_*.py, with OFFHOOK_LAB_RECORD=1
PBXS = ("asterisk-22", "asterisk-16", "asterisk-22-direct")
TWINS = [
    (one, other, path.name)
    for path in sorted((RECORDINGS / "asterisk-22").iterdir())
    for one, other in (PBXS[:2], PBXS[::2])
    if (RECORDINGS / one / path.name).is_dir() and (RECORDINGS / other / path.name).is_dir()
]
ASTERISK = Recordings(FOLDERS)


def test_the_recordings_are_here() -> None:
    assert len([name for name in FOLDERS if not name.startswith(LABORATORY)]) == 65
    assert any(name.startswith(LABORATORY) for name in FOLDERS)
    assert len(TWINS) == 35


@pytest.mark.parametrize("name", FOLDERS)
class TestAsterisk(ToldContract):
    recordings = ASTERISK

    def test_each_call_is_told_as_it_happened(self, name: str) -> None:
        told = ASTERISK.rows(name, "call")
        truth = ASTERISK.truth(name)["calls"]
        wrong = []
        for want in sorted(truth, key=lambda call: call["offered_at"]):
            got = nearest(want, told)
            if got is None:
                wrong.append(f"{want['id']}: not told")
                continue
            told.remove(got)
            wrong += [f"{want['id']} {difference}" for difference in differences(want, got)]
        wrong += [f"{ghost['id']}: told, but never happened" for ghost in told if not forgivable(ghost, truth)]
        assert wrong == []

    def test_each_conversation_lasts_as_long_as_it_did(self, name: str) -> None:
        told = ASTERISK.rows(name, "call")
        calls = {call.call_id: call for call in ASTERISK.calls(name)}
        for want in ASTERISK.truth(name)["calls"]:
            got = nearest(want, told)
            assert got is not None
            told.remove(got)
            assert inner_differences(want, calls[got["id"]], START) == []


@pytest.mark.parametrize(("one", "other", "scenario"), TWINS, ids=lambda value: str(value))
def test_the_same_scenario_gives_the_same_calls_on_each_pbx(one: str, other: str, scenario: str) -> None:
    assert [story(call) for call in in_order(f"{one}-{scenario}")] == [
        story(call) for call in in_order(f"{other}-{scenario}")
    ]


def in_order(name: str) -> list[Call]:
    """The calls by caller and dialled number: eight at once come in any order."""
    return sorted(
        ASTERISK.calls(name), key=lambda call: (call.caller.number or "", call.dialled or "", call.offered_at)
    )


def forgivable(ghost: dict[str, Any], truth: list[dict[str, Any]]) -> bool:
    """A feature code, or the consultation of a transfer that failed: telling them is right, so is not telling them."""
    failed = {(one["by"], one["to"]) for call in truth for one in call.get("transfers_failed", ())}
    return str(ghost["dialled"]).startswith("*") or (ghost["caller"], ghost["dialled"]) in failed


def test_a_call_with_a_direction_of_its_own_in_each_recording_set() -> None:
    """The recordings cover what they are trusted for: all directions, all transfers."""
    calls = [call for name in FOLDERS for call in ASTERISK.calls(name)]
    assert {call.direction for call in calls} == set(Direction)
    assert {transfer.kind for call in calls for transfer in call.transfers} == {"blind", "attended", "queue", "park"}
