"""The recordings' scenarios, simulated: for each leg the same events in the same order, and the same truth."""

from __future__ import annotations

import msgspec
import pytest

from cti.model import CallOutcome
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.freeswitch.fs_twins import SCENARIOS, begun, lives, recorded, truth, twin
from tests.offhook.simulator.told import Watched

# FreeSWITCH counts a failed offer's delay in whole seconds: how often it tries in six seconds is chance
BY_CHANCE = {"S18b"}
SAME = ("direction", "outcome", "answered_by", "ended_by")


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one not in BY_CHANCE])
def test_each_leg_lives_as_in_the_recording(scenario: str) -> None:
    assert lives(twin(scenario)) == lives(recorded(scenario))


def test_an_offer_that_cannot_be_made_is_told_as_in_the_recording() -> None:
    one, other = lives(recorded("S18b")), lives(twin("S18b"))
    assert other["101"] == one["101"]
    assert other["102 (2)"] == one["102 (2)"]
    assert other["caller"] == one["caller"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_truth_is_what_the_far_side_saw_and_the_tracker_tells_it(scenario: str) -> None:
    watched = Watched(begun(scenario, seed=1))
    watched.run(300.0)
    for call, want in zip(watched.plant.truth.calls, truth(scenario), strict=True):
        told = msgspec.to_builtins(call)
        assert {field: told[field] for field in SAME} == {field: want[field] for field in SAME}
        assert sorted(told["agents_rung"]) == sorted(want["agents_rung"])  # type: ignore[call-overload]
        if call.outcome != CallOutcome.REFUSED:
            assert told["queue"] == want["queue"]
    assert watched.differences() == []
    assert watched.oddities == []


def test_one_seed_gives_one_run_byte_for_byte() -> None:
    one, other, third = (b"".join(frame.raw for frame in fs_twins.simulated("S09", seed=seed)) for seed in (3, 3, 4))
    assert one == other != third
