"""More than two in one conversation: the customer, his agent and a colleague in a ConfBridge."""

from __future__ import annotations

from cti.model import CallEnded
from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.line import Line
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for


def into_room(scene: Scene, room: str) -> None:
    """Both ends of the one call are sent into a room, as an operator's panel does it."""
    caller, agent = scene.centre.channel_of("PJSIP/trunk-"), scene.centre.channel_of("PJSIP/101-")
    place = {"Context": "rooms", "Exten": room, "Priority": 1}
    scene.console.ask("Redirect", Channel=caller, ExtraChannel=agent, **place,
                      **{f"Extra{name}": value for name, value in place.items()})  # fmt: skip


def in_the_room(scene: Scene, line: Line, others: int) -> None:
    scene.stream.wait_for("Event: ConfbridgeJoin", times=others)
    assert line.ended_at is None


def test_the_agent_leaves_and_the_customer_talks_on_with_the_colleague(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000101", "Mario")
    anna = scene.phone("101").take()
    caller.wait_answered()
    into_room(scene, "800")
    in_the_room(scene, anna, 2)
    bruno = scene.phone("102").call("800").wait_answered()
    in_the_room(scene, bruno, 3)
    joined_at = scene.now()
    talk_for(SPEECH_S)
    anna.hang_up()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    bruno.hang_up()

    journey = Journey(caller, "answered", "customer", rung=["101"])
    journey.talks = [anna.spoke(), bruno.spoke(since=joined_at, until=caller.ended_at)]
    scene.agrees(journey, name="conference", what="101 and his caller are sent to a room, 102 joins, 101 leaves first")


def test_the_call_ends_with_the_customer_though_the_others_talk_on(scene: Scene) -> None:
    scene.centre.log_in("support", "103", local=True)
    caller = scene.phone(MARIO).call("+390221000200", "Mario")
    zofia = scene.phone("103").take()
    talk_for(SPEECH_S)
    zofia.transfer("801")
    zofia.wait_ended()
    again = scene.phone("103").call("801").wait_answered()
    in_the_room(scene, again, 2)
    back_at = scene.now()
    scene.console.ask("Originate", Channel="PJSIP/102", Context="rooms", Exten="801", Priority=1, Async="true")
    bruno = scene.phone("102").take()
    in_the_room(scene, bruno, 3)
    came_at = scene.now()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    again.hang_up()
    talk_for(SPEECH_S)
    bruno.hang_up()

    journey = Journey(caller, "answered", "customer", queue="support", rung=["103", "102"])
    journey.stays = [("support", "answered")]
    journey.talks = [
        zofia.spoke(until=zofia.referred_at),
        again.spoke(since=back_at, until=caller.ended_at),
        bruno.spoke(since=came_at, until=caller.ended_at),
    ]
    journey.transfers = [Handed("blind", "103", "801", zofia.referred_at)]
    what = "103 transfers his caller to a room and follows, 102 is called into it; the caller leaves first"
    (call,) = scene.agrees(journey, name="conference-called", what=what)
    (told_at,) = [event.at for event in scene.events if isinstance(event, CallEnded)]
    assert call.ended_at is not None
    assert again.ended_at is not None
    assert call.ended_at <= told_at < (scene.at(again.ended_at) or told_at)
