"""What agents' phones and places do besides: two calls at once, wrap-up, strategies, penalties, changes in mid-call."""

from __future__ import annotations

import pytest

from cti.model import AgentChange, AgentChanged, AgentState, RingResult
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for

LUCA = "+393331234777"  #: another customer
STRATEGIES = {"0": "rrmemory", "1": "random", "2": "leastrecent", "3": "fewestcalls", "4": "rrordered", "5": "wrandom"}


def spans(scene: Scene, agent: str) -> list[AgentState]:
    """What the agent is told to do, one after the other."""
    changes = [event for event in scene.events if isinstance(event, AgentChanged) and event.agent.agent == agent]
    states = [event.agent.state for event in changes if event.change is AgentChange.STATE]
    return [state for i, state in enumerate(states) if i == 0 or states[i - 1] is not state]


def test_a_second_caller_is_answered_while_the_first_is_on_hold(scene: Scene) -> None:
    first = scene.phone(MARIO).call("+390221000101", "Mario")
    anna = scene.phone("101").take()
    first.wait_answered()
    talk_for(SPEECH_S)
    second = scene.phone(LUCA).call("+390221000101", "Luca")
    waiting = scene.phone("101").wait_line()
    anna.hold()
    waiting.answer()
    second.wait_answered()
    talk_for(SPEECH_S)
    waiting.hang_up()
    second.wait_ended()
    anna.resume()
    talk_for(SPEECH_S)
    first.hang_up()
    anna.wait_ended()

    one = Journey(first, "answered", "customer", rung=["101"], hold_s=anna.hold_s, talks=[anna.spoke()])
    other = Journey(second, "answered", "agent", rung=["101"], talks=[waiting.spoke()])
    scene.agrees(one, other, name="two-calls-of-one-agent", what="101 takes a second call, the first one is on hold")


def test_one_caller_with_two_calls_at_once(scene: Scene) -> None:
    scene.centre.log_in("sales", "102")
    first = scene.phone(MARIO).call("+390221000101", "Mario")
    second = scene.phone(MARIO).call("+390221000100", "Mario")
    anna, bruno = scene.phone("101").take(), scene.phone("102").take()
    first.wait_answered()
    talk_for(SPEECH_S)
    first.hang_up()
    anna.wait_ended()
    talk_for(SPEECH_S)
    bruno.hang_up()
    second.wait_ended()

    one = Journey(first, "answered", "customer", rung=["101"], talks=[anna.spoke()])
    other = Journey(second, "answered", "agent", queue="sales", rung=["102"], talks=[bruno.spoke()])
    other.stays = [("sales", "answered")]
    scene.agrees(one, other, name="one-number-twice", what="the same number calls 101 and the queue sales at once")


@pytest.mark.parametrize("known", ["member", "queue"])
def test_a_wrap_up_is_derived(scene: Scene, known: str) -> None:
    """A member's own is told by the PBX, the queue's by the settings alone."""
    did, queue, agent = (
        ("+390221000253", "peaceful", "104") if known == "member" else ("+390221000200", "support", "103")
    )
    if known == "queue":
        scene.settings = {"wrap_up_s": {queue: 2}}
        scene.centre.log_in(queue, agent, local=True)
    caller = scene.phone(MARIO).call(did, "Mario")
    line = scene.phone(agent).take()
    talk_for(SPEECH_S)
    line.hang_up()
    caller.wait_ended()
    again = scene.phone(MARIO).call(did, "Mario")
    taken = scene.phone(agent).take()
    taken_after = (taken.invited_at - line.ended_at).total_seconds() if taken.invited_at and line.ended_at else 0
    talk_for(SPEECH_S)
    taken.hang_up()
    again.wait_ended()

    journeys = [Journey(one, "answered", "agent", queue=queue, rung=[agent]) for one in (caller, again)]
    for journey, spoke in zip(journeys, (line, taken), strict=True):
        journey.talks, journey.stays = [spoke.spoke()], [(queue, "answered")]
    scene.agrees(*journeys, name=f"wrap-up-of-{known}", what=f"{agent} has two seconds of wrap-up after each call")
    told = spans(scene, agent)
    states = [AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP]
    assert [state for state in told if state is not AgentState.IDLE][:6] == states * 2
    assert taken_after >= 1, "the queue itself kept the peace"


def test_every_strategy_is_told_alike(scene: Scene) -> None:
    """The calls go on at once, one in each queue; the first phone tried lets it ring, the other one answers."""
    agents = ["101", "102", "103", "104", "105"]
    members = {key: (agents[i % 5], agents[(i + 1) % 5]) for i, key in enumerate(STRATEGIES)}
    del members["5"]
    for key, two in members.items():
        scene.centre.log_in(f"strategy-{key}", two[0])
    callers = {key: scene.phone(f"+3933312340{key}0").call(f"+39022100026{key}", STRATEGIES[key]) for key in members}
    lines = {key: scene.phone(two[0]).take() for key, two in members.items()}
    talk_for(SPEECH_S)
    journeys = []
    for key, caller in callers.items():
        lines[key].hang_up()
        caller.wait_ended()
        journey = Journey(caller, "answered", "agent", queue=f"strategy-{key}", rung=[members[key][0]])
        journey.talks, journey.stays = [lines[key].spoke()], [(f"strategy-{key}", "answered")]
        journeys.append(journey)
    scene.agrees(*journeys, name="strategies", what="a call in a queue of each strategy")


def test_the_next_in_rank_is_rung_when_the_first_does_not_answer(scene: Scene) -> None:
    for agent, penalty in (("101", 0), ("102", 5)):
        scene.console.ask("QueueAdd", Queue="ranked", Interface=f"PJSIP/{agent}", MemberName=agent, Penalty=penalty)
    scene.phone("101").refuses_with = 486
    caller = scene.phone(MARIO).call("+390221000254", "Mario")
    scene.console.ask("QueuePause", Queue="ranked", Interface="PJSIP/101", Paused="true", Reason="too busy")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    bruno.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="ranked", rung=["102"], talks=[bruno.spoke()])
    journey.stays = [("ranked", "answered")]
    scene.agrees(journey)


def test_paused_while_his_phone_rings_and_removed_while_he_talks(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    anna = scene.phone("101").wait_line().wait_ringing()
    scene.console.ask("QueuePause", Interface="PJSIP/101", Paused="true", Reason="lunch")
    anna.answer()
    talk_for(SPEECH_S)
    scene.console.ask("QueueRemove", Queue="sales", Interface="PJSIP/101")
    talk_for(SPEECH_S)
    caller.hang_up()
    anna.wait_ended()

    journey = Journey(caller, "answered", "customer", queue="sales", rung=["101"], talks=[anna.spoke()])
    journey.stays = [("sales", "answered")]
    scene.agrees(journey, name="removed-in-mid-call", what="101 is paused while he rings, and removed while he talks")
    assert spans(scene, "101")[-1] is AgentState.OFFLINE
    changes = [event.change for event in scene.events if isinstance(event, AgentChanged)]
    assert [change for change in changes if change is not AgentChange.STATE] == ["login", "pause", "logout"]


@pytest.mark.parametrize("how", ["subroutine", "announcement"])
def test_the_agent_hears_something_before_he_has_his_caller(scene: Scene, how: str) -> None:
    did, queue = ("+390221000251", "sales") if how == "subroutine" else ("+390221000210", "talkative")
    scene.centre.log_in(queue, "101")
    caller = scene.phone(MARIO).call(did, "Mario")
    anna = scene.phone("101").take()
    scene.stream.wait_for("Event: BridgeEnter", times=2, within_s=30)
    together_at = scene.now()
    talk_for(SPEECH_S)
    anna.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue=queue, rung=["101"], answered_at=anna.answered_at)
    journey.talks, journey.stays = [anna.spoke(since=together_at)], [(queue, "answered")]
    scene.agrees(journey, name=f"{how}-first", what=f"{queue} plays something to 101 before he has his caller")


def test_the_caller_is_asked_after_the_agent_has_gone(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000250", "Mario")
    anna = scene.phone("101").take()
    talk_for(SPEECH_S)
    anna.hang_up()
    for _ in range(4):
        talk_for(SPEECH_S)
    caller.press("5")
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="sales", rung=["101"], talks=[anna.spoke()])
    journey.stays = [("sales", "answered")]
    scene.agrees(journey, name="asked-afterwards", what="Queue with option c: the caller stays for a question")


def test_a_call_that_a_group_of_numbers_goes_through(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000270", "Mario")
    anna = scene.phone("101").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    anna.hang_up()
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    bruno.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101", "102"], talks=[anna.spoke(), bruno.spoke()])
    (call,) = scene.agrees(journey, name="dial-goes-on", what="Dial with option g: 101 hangs up, 102 is rung")
    assert [ring.result for ring in call.rings] == [RingResult.ANSWERED] * 2


def test_the_agent_is_sent_elsewhere_when_his_caller_has_gone(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000271", "Mario")
    anna = scene.phone("101").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    anna.hang_up()

    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke(until=caller.ended_at)])
    scene.agrees(journey, name="agent-goes-on", what="Dial with option F: 101 hears a text when his caller has gone")
