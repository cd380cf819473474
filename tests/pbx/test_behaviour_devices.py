"""One agent at several devices, and agents whose phone is the public's: one person, one ring, no customer."""

from __future__ import annotations

from cti.model import AgentChanged, CallOffered, RingResult
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for

GINO, ZOE = "+393331112222", "+393331113333"
TWO_ENDPOINTS = {"phones": {"107": ["107-desk", "107-mobile"]}}


def offers(scene: Scene) -> list[str]:
    return [event.agent for event in scene.events if isinstance(event, CallOffered)]


def test_two_contacts_of_one_endpoint_ring_once(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000108", "Mario")
    desk, home = scene.phone("108").wait_line(), scene.phone("108-home").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    home.hang_up()
    desk.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["108"], talks=[home.spoke(agent="108")])
    (call,) = scene.agrees(journey, name="two-contacts", what="108 has two contacts; one of them answers")
    assert offers(scene) == ["108"]
    assert [(ring.agent, ring.result) for ring in call.rings] == [("108", RingResult.ANSWERED)]


def test_two_endpoints_of_one_agent_ring_once(scene: Scene) -> None:
    scene.settings = TWO_ENDPOINTS
    caller = scene.phone(MARIO).call("+390221000107", "Mario")
    desk, mobile = scene.phone("107-desk").wait_line(), scene.phone("107-mobile").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    mobile.hang_up()
    desk.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["107"], talks=[mobile.spoke(agent="107")])
    what = "107-desk and 107-mobile are 107's by the settings; one of them answers"
    (call,) = scene.agrees(journey, name="two-endpoints", what=what)
    assert offers(scene) == ["107"]
    assert [(ring.agent, ring.result) for ring in call.rings] == [("107", RingResult.ANSWERED)]


def test_an_agent_calls_out_from_his_second_endpoint(scene: Scene) -> None:
    scene.settings = TWO_ENDPOINTS
    gaia = scene.phone("107-mobile").call("9393331234501")
    scene.phone("+393331234501").take()
    gaia.wait_answered()
    talk_for(SPEECH_S)
    gaia.hang_up()

    journey = Journey(gaia, "answered", "agent", direction="outbound", caller="107", dialled="393331234501")
    journey.talks = [gaia.spoke(agent="107")]
    scene.agrees(journey)


def test_agents_on_mobile_numbers_are_agents_and_no_customers(scene: Scene) -> None:
    for number, more in ((GINO, {}), (ZOE, {"StateInterface": "PJSIP/105"})):
        interface = f"Local/{number.lstrip('+')}@mobile-agents/n"
        scene.console.ask("QueueAdd", Queue="mobiles", Interface=interface, MemberName=number, **more)
    caller = scene.phone(MARIO).call("+390221000190", "Mario")
    zoe, gino = scene.phone(ZOE).wait_line(), scene.phone(GINO).take()
    talk_for(SPEECH_S)
    gino.hang_up()
    zoe.wait_ended()

    agent = GINO.lstrip("+")
    journey = Journey(caller, "answered", "agent", queue="mobiles", rung=["105", agent])
    journey.talks, journey.stays = [gino.spoke(agent=agent)], [("mobiles", "answered")]
    what = "the members of mobiles are numbers outside behind Local channels; one has a state interface"
    (call,) = scene.agrees(journey, name="mobile-agents", what=what)
    assert {(ring.agent, ring.result, ring.queue) for ring in call.rings} == {
        (agent, RingResult.ANSWERED, "mobiles"),
        ("105", RingResult.ELSEWHERE, "mobiles"),
    }
    assert call.stays[0].agent == agent
    assert {event.agent.agent for event in scene.events if isinstance(event, AgentChanged)} == {agent, "105"}


def test_a_mobile_that_plays_before_it_answers_rings(scene: Scene) -> None:
    interface = f"Local/{GINO.lstrip('+')}@mobile-agents/n"
    scene.console.ask("QueueAdd", Queue="mobiles", Interface=interface, MemberName="Gino")
    scene.phone(GINO).gives_early_media = True
    caller = scene.phone(MARIO).call("+390221000190", "Mario")
    gino = scene.phone(GINO).wait_line()
    talk_for(SPEECH_S)
    gino.answer()
    talk_for(SPEECH_S)
    caller.hang_up()
    gino.wait_ended()

    agent = GINO.lstrip("+")
    journey = Journey(caller, "answered", "customer", queue="mobiles", rung=[agent], stays=[("mobiles", "answered")])
    journey.talks = [gino.spoke(agent=agent)]
    (call,) = scene.agrees(journey, name="mobile-early-media", what="a member's mobile gives early media, then answers")
    assert scene.near(call.rings[0].started_at, gino.rung_at)


def test_the_caller_leaves_while_a_mobile_rings(scene: Scene) -> None:
    interface = f"Local/{GINO.lstrip('+')}@mobile-agents/n"
    scene.console.ask("QueueAdd", Queue="mobiles", Interface=interface, MemberName="Gino")
    caller = scene.phone(MARIO).call("+390221000190", "Mario")
    gino = scene.phone(GINO).wait_line().wait_ringing()
    caller.hang_up()
    gino.wait_ended()

    journey = Journey(caller, "abandoned", "customer", queue="mobiles", rung=[GINO.lstrip("+")])
    journey.stays = [("mobiles", "abandoned")]
    (call,) = scene.agrees(journey)
    assert [ring.result for ring in call.rings] == [RingResult.CANCELLED]
