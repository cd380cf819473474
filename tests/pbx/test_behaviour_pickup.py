"""A colleague answers, from his own phone, a call that rings at another's."""

from __future__ import annotations

from cti.model import RingResult
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for


def test_a_colleague_of_the_group_picks_up_a_queue_call(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    anna = scene.phone("101").wait_line()
    bruno = scene.phone("102").call("*8").wait_answered()
    talk_for(SPEECH_S)
    bruno.hang_up()
    anna.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="sales", rung=["101"])
    journey.talks, journey.stays = [bruno.spoke()], [("sales", "answered")]
    (call,) = scene.agrees(journey, name="pickup-queue", what="sales rings 101, 102 picks it up with *8")
    assert [(ring.agent, ring.result) for ring in call.rings] == [("101", RingResult.ELSEWHERE)]
    assert [(talk.agent, talk.queue) for talk in call.talks] == [("102", "sales")]
    assert call.talks[0].queue_talk_s is not None or not scene.queue_told_in_time()
    assert call.stays[0].agent == "102"


def test_all_members_behind_local_channels_stop_ringing(scene: Scene) -> None:
    scene.centre.log_in("support", "103", "104", local=True)
    caller = scene.phone(MARIO).call("+390221000200", "Mario")
    zofia, dana = scene.phone("103").wait_line(), scene.phone("104").wait_line()
    bruno = scene.phone("102").call("*8").wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    for line in (zofia, dana, bruno):
        line.wait_ended()

    journey = Journey(caller, "answered", "customer", queue="support", rung=["103", "104"])
    journey.talks, journey.stays = [bruno.spoke()], [("support", "answered")]
    (call,) = scene.agrees(journey, name="pickup-local", what="support rings 103 and 104, 102 picks up with *8")
    assert {(ring.agent, ring.result) for ring in call.rings} == {
        ("103", RingResult.ELSEWHERE),
        ("104", RingResult.ELSEWHERE),
    }
    assert call.stays[0].agent == "102"


def test_a_named_phone_is_picked_up_from(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000101", "Mario")
    scene.phone("101").wait_line()
    bruno = scene.phone("102").call("*8101").wait_answered()
    caller.wait_answered()
    talk_for(SPEECH_S)
    bruno.hang_up()

    journey = Journey(caller, "answered", "agent", rung=["101"], talks=[bruno.spoke()])
    scene.agrees(journey, name="pickup-direct", what="a direct number rings 101, 102 picks it up with *8101")


def test_the_other_end_of_a_local_channel_is_picked_up(scene: Scene) -> None:
    """What is picked up is the Local channel that leads to 103, not his phone."""
    scene.centre.log_in("support", "103", local=True)
    caller = scene.phone(MARIO).call("+390221000200", "Mario")
    scene.phone("103").wait_line()
    bruno = scene.phone("102").call("*9103").wait_answered()
    talk_for(SPEECH_S)
    bruno.hang_up()

    journey = Journey(caller, "answered", "agent", queue="support", rung=["103"])
    journey.talks, journey.stays = [bruno.spoke()], [("support", "answered")]
    (call,) = scene.agrees(journey, name="pickup-local-end", what="support rings 103, 102 picks up the Local channel")
    assert [(ring.agent, ring.result) for ring in call.rings] == [("103", RingResult.ELSEWHERE)]


def test_a_colleague_picks_up_a_call_between_two_others(scene: Scene) -> None:
    zofia = scene.phone("103").call("101")
    scene.phone("101").wait_line()
    bruno = scene.phone("102").call("*8101").wait_answered()
    talk_for(SPEECH_S)
    zofia.hang_up()
    bruno.wait_ended()

    journey = Journey(zofia, "answered", "agent", direction="internal", rung=["101"], talks=[bruno.spoke()])
    scene.agrees(journey, name="pickup-internal", what="103 calls 101, 102 picks it up")
