"""Coming late, being cut off, coming back: the same tests against a simulated Asterisk and a simulated FreeSWITCH."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cti.link import LoginRefused
from cti.model import CallAnswered, CallEnded, CallOffered, CallQueued, PbxLost
from offhook.simulator.stories import HangUp, Hold, Story
from tests.cti.simulated_pbx import KINDS, Follower, SimulatedPbx, followed
from tests.offhook.simulator.twins import LATE, NUMBER, SALES, SUPPORT, queue, talk

ANSWERED = queue(SALES, talk(20), HangUp(by="agent"), answers={"101": 2.0})


@pytest.fixture(params=KINDS)
def pbx(request: pytest.FixtureRequest) -> SimulatedPbx:
    return SimulatedPbx(request.param)


@pytest.fixture
async def follower(pbx: SimulatedPbx) -> AsyncIterator[Follower]:
    async with followed(pbx) as follower:
        await follower.back()
        yield follower


async def test_agents_who_were_logged_in_before_we_came_are_known(follower: Follower) -> None:
    assert {agent: follower.queues_of(agent) for agent in ("101", "102", "103", "104", "105")} == {
        "101": {"sales"},
        "102": {"sales"},
        "103": {"support"},
        "104": {"support"},
        "105": {"support"},
    }


async def test_a_call_is_told_as_it_happens(pbx: SimulatedPbx, follower: Follower) -> None:
    pbx.plant.tell(ANSWERED)
    await follower.after(5.0, lambda: follower.of(CallAnswered))
    assert [len(follower.of(kind)) for kind in (CallQueued, CallOffered, CallAnswered)] == [1, 1, 1]
    await follower.after(60.0, lambda: follower.ended)
    (call,) = follower.ended
    assert (call.queue, call.outcome, call.answered_by, call.ended_by) == ("sales", "answered", ("101",), "agent")
    assert follower.oddities == []


async def test_who_comes_in_mid_call_knows_it(pbx: SimulatedPbx) -> None:
    pbx.plant.tell(queue(SALES, talk(60), HangUp(by="agent"), answers={"101": 2.0}))
    pbx.plant.tell(queue(SUPPORT, answers=LATE, patience_s=20.0))
    outbound = Story(kind="outbound", agent="102", to=NUMBER, far_answers_after_s=1.0, acts=(talk(40), HangUp()))
    pbx.plant.tell(outbound)
    pbx.mute(8.0)
    async with followed(pbx) as follower:
        await follower.back()
        known = {call.queue: call for call in follower.open}
        assert known.keys() == {"sales", "support", None}
        assert known["sales"].answered_by == ("101",)
        assert known["support"].waiting is not None
        assert set(known["support"].agents_rung) == {"103", "104", "105"}
        assert known[None].answered_by == ("102",)
        await follower.after(100.0, lambda: len(follower.ended) == 3)
        told = {call.queue: (str(call.outcome), str(call.ended_by)) for call in follower.ended}
        assert told == {
            "sales": ("answered", "agent"),
            "support": ("abandoned", "customer"),
            None: ("answered", "customer"),
        }
        assert follower.open == []


async def test_after_a_cut_only_the_difference_is_told(pbx: SimulatedPbx, follower: Follower) -> None:
    """One call outlives the gap, one ends in it, one begins in it."""
    pbx.plant.tell(queue(SALES, talk(60), HangUp(by="agent"), answers={"101": 2.0}))
    pbx.plant.tell(queue(SUPPORT, talk(8), HangUp(by="agent"), answers={**LATE, "103": 2.0}))
    await follower.after(6.0, lambda: len(follower.of(CallAnswered)) == 2)
    await follower.quiet()
    await follower.cut()
    pbx.mute(10.0)
    pbx.plant.tell(queue(SUPPORT, answers=LATE, patience_s=30.0))
    pbx.mute(3.0)
    await follower.back(2)
    assert [call.queue for call in follower.ended] == ["support"]
    assert sorted(str(call.queue) for call in follower.open) == ["sales", "support"]
    assert len(follower.of(CallAnswered)) == 2
    await follower.after(100.0, lambda: len(follower.ended) == 3)
    assert sorted((str(call.queue), str(call.outcome)) for call in follower.ended) == [
        ("sales", "answered"),
        ("support", "abandoned"),
        ("support", "answered"),
    ]
    assert len({call.call_id for call in follower.ended}) == 3
    assert follower.open == []


async def test_cuts_without_a_gap_change_nothing(pbx: SimulatedPbx, follower: Follower) -> None:
    """Cut in the ringing, in the talk, on hold: the call is told once, as if nothing had been."""
    pbx.plant.tell(queue(SALES, talk(6), Hold(seconds=6.0), talk(6), HangUp(by="customer"), answers={"101": 4.0}))
    for times in range(2, 6):
        pbx.server.skip(4.0)
        await follower.cut()
        await follower.back(times)
    await follower.after(60.0, lambda: follower.ended)
    (call,) = follower.ended
    assert (call.outcome, call.answered_by, call.agents_rung, call.ended_by) == (
        *("answered", ("101",), ("101",), "customer"),
    )
    assert [str(stay.outcome) for stay in call.stays] == ["answered"]
    assert len(follower.of(PbxLost)) == 4


async def test_what_agents_did_meanwhile_is_known_afterwards(pbx: SimulatedPbx, follower: Follower) -> None:
    await follower.cut()
    pbx.plant.log_out("105", "support")
    pbx.plant.pause("104", True)
    pbx.mute(1.0)
    await follower.back(2)
    agents = {agent.agent: agent for agent in follower.board.tracker.agents()}
    assert agents["104"].state == "paused"
    assert agents["105"].state == "offline"
    assert agents["103"].state == "idle"


async def test_a_wrong_password_ends_it(pbx: SimulatedPbx) -> None:
    async with pbx.server:
        with pytest.raises(LoginRefused):
            await Follower(pbx, secret="wrong").link.run()


async def test_ended_calls_are_told_once_each_however_often_it_is_cut(pbx: SimulatedPbx, follower: Follower) -> None:
    for number in range(6):
        pbx.plant.timeline.after(
            3.0 * number, lambda: pbx.plant.tell(queue(SALES, talk(4), answers={"101": 1.0, "102": 1.5}))
        )
    for times in range(2, 8):
        pbx.server.skip(5.0)
        await follower.cut()
        await follower.back(times)
    await follower.after(200.0, lambda: pbx.plant.open_calls == 0 and not follower.open)
    told = [event.call.call_id for event in follower.events if isinstance(event, CallEnded)]
    assert sorted(told) == sorted(call.uniqueid for call in pbx.plant.truth.calls)
