"""What an agent does with a caller: holds, ends, and what a ``uuid_kill`` does."""

from __future__ import annotations

import pytest

from offhook.simulator.stories import HangUp, Hold, Story
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.told import Watched
from tests.offhook.simulator.twins import DIRECT, NUMBER, SALES, queue, talk


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("by", ["customer", "agent", "pbx"])
@pytest.mark.parametrize("did", [SALES, DIRECT])
def test_who_ends_it_is_told_in_any_order_of_the_two_legs(did: str, by: str, seed: int) -> None:
    watched = Watched(fs_twins.plant(seed=seed))
    watched.plant.tell(queue(did, talk(4), HangUp(by=by), answers={"101": 1.0}))
    watched.run(60.0)
    assert watched.differences() == []
    assert [call.ended_by for call in watched.calls.values()] == [by]


def test_an_agent_holds_in_a_call_of_his_own() -> None:
    watched = Watched(fs_twins.plant())
    acts = (talk(2), Hold(seconds=5.0), talk(2), HangUp(by="agent"))
    watched.plant.tell(Story(kind="outbound", agent="101", to=NUMBER, far_answers_after_s=1.0, acts=acts))
    watched.run(60.0)
    (call,) = watched.calls.values()
    assert call.hold_s == pytest.approx(5.0, abs=0.05)
    assert watched.differences() == []


@pytest.mark.parametrize("second", [0.3, 2.0, 5.0])
def test_a_killed_leg_ends_the_call_at_any_time(second: float) -> None:
    watched = Watched(fs_twins.plant())
    watched.plant.tell(queue(SALES, talk(30), HangUp(), answers={"101": 3.0}))
    watched.run(second)
    (leg,) = [leg.uuid for leg in watched.plant.core.legs.values() if not leg.far]
    assert watched.plant.kill(leg)
    assert not watched.plant.kill("nobody's")
    watched.run(60.0)
    (call,) = watched.calls.values()
    assert call.ended_by == "pbx"
    assert watched.plant.core.legs == {}
