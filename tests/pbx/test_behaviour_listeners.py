"""Who is on a call and does not talk with the customer: supervisors, recorders, pages; calls made by other means."""

from __future__ import annotations

from cti.model import CallAnswered, CallStarted
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.line import Line
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for


def queue_call(scene: Scene, did: str = "+390221000100") -> tuple[Line, Line]:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call(did, "Mario")
    return caller, scene.phone("101").take()


def test_a_supervisor_listens_whispers_and_joins_in(scene: Scene) -> None:
    caller, anna = queue_call(scene)
    for code in ("*55101", "*56101", "*57101"):
        dana = scene.phone("104").call(code).wait_answered()
        talk_for(SPEECH_S)
        dana.hang_up()
    anna.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="sales", rung=["101"], talks=[anna.spoke()])
    journey.stays = [("sales", "answered")]
    scene.agrees(journey, name="supervised", what="104 listens to 101's call, whispers, and joins in, with ChanSpy")
    assert [event.agent for event in scene.events if isinstance(event, CallAnswered)] == ["101"]


def test_a_call_that_is_recorded(scene: Scene) -> None:
    caller, anna = queue_call(scene, "+390221000252")
    talk_for(SPEECH_S)
    caller.hang_up()
    anna.wait_ended()

    journey = Journey(caller, "answered", "customer", queue="sales", rung=["101"], talks=[anna.spoke()])
    journey.stays = [("sales", "answered")]
    scene.agrees(journey)


def test_a_muted_supervisor_in_the_room_does_not_talk(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000101", "Mario")
    anna = scene.phone("101").take()
    caller.wait_answered()
    place = {"Context": "rooms", "Exten": "802", "Priority": 1}
    scene.console.ask("Redirect", Channel=scene.centre.channel_of("PJSIP/trunk-"),
                      ExtraChannel=scene.centre.channel_of("PJSIP/101-"), **place,
                      **{f"Extra{name}": value for name, value in place.items()})  # fmt: skip
    scene.stream.wait_for("Event: ConfbridgeJoin", times=2)
    dana = scene.phone("104").call("*58802").wait_answered()
    scene.stream.wait_for("Event: ConfbridgeJoin", times=3)
    talk_for(SPEECH_S)
    dana.hang_up()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    anna.hang_up()

    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke(until=caller.ended_at)])
    scene.agrees(journey, name="conference-listener", what="104 sits muted in the room of 101 and his caller")


def test_a_page_is_no_customers_call(scene: Scene) -> None:
    scene.phone("102").answers_at_once = scene.phone("103").answers_at_once = True
    anna = scene.phone("101").call("560").wait_answered()
    bruno, zofia = scene.phone("102").wait_line(), scene.phone("103").wait_line()
    talk_for(SPEECH_S)
    anna.hang_up()
    bruno.wait_ended()
    zofia.wait_ended()

    answers = [line.answered_at for line in (bruno, zofia) if line.answered_at]
    journey = Journey(anna, "answered", "agent", direction="internal", rung=["102", "103"], answered_at=min(answers))
    scene.agrees(journey, name="page", what="101 pages 102 and 103, who hear him and are not heard")


def test_a_call_file_calls_the_agent_and_then_the_public(scene: Scene) -> None:
    scene.centre.drop_call_file("Channel: PJSIP/101\nContext: from-internal\nExtension: 9393331234501\nPriority: 1\n")
    anna = scene.phone("101").take()
    mario = scene.phone(MARIO).take()
    talk_for(SPEECH_S)
    mario.hang_up()
    anna.wait_ended()

    journey = Journey(anna, "answered", "customer", direction="outbound", rung=["101"], caller="101")
    journey.dialled, journey.answered_at, journey.talks = (
        MARIO.lstrip("+"),
        mario.answered_at,
        [anna.spoke(since=mario.answered_at)],
    )
    (call,) = scene.agrees(journey, name="call-file", what="a file in spool/outgoing: 101 rings, then the public")
    assert call.click_to_dial


def test_an_agent_takes_a_waiting_caller_by_the_bridge_application(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000272", "Mario").wait_answered()
    talk_for(SPEECH_S)
    anna = scene.phone("101").call("*77").wait_answered()
    scene.stream.wait_for("Event: BridgeEnter", times=2)
    since = scene.now()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    anna.hang_up()

    journey = Journey(caller, "answered", "customer", answered_at=anna.answered_at)
    journey.talks = [anna.spoke(since=since, until=caller.ended_at)]
    scene.agrees(journey, name="bridge-application", what="101 dials a code that connects him with a caller who waits")
    assert len([event for event in scene.events if isinstance(event, CallStarted)]) == 1
