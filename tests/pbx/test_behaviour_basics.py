"""The laboratory's phones against what is known already: a hold, and a transfer with a consultation."""

from __future__ import annotations

from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for


def test_a_queue_call_with_a_hold(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    anna = scene.phone("101").take()
    talk_for(SPEECH_S)
    anna.hold()
    talk_for(SPEECH_S)
    anna.resume()
    talk_for(SPEECH_S)
    anna.hang_up()

    journey = Journey(caller, "answered", "agent", queue="sales", rung=["101"], talks=[anna.spoke()])
    journey.hold_s, journey.stays = anna.hold_s, [("sales", "answered")]
    scene.agrees(journey)


def test_a_transfer_after_asking_a_colleague(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000101", "Mario")
    anna = scene.phone("101").take()
    caller.wait_answered()
    anna.hold()
    asking = scene.phone("101").call("102")
    bruno = scene.phone("102").take()
    asking.wait_answered()
    talk_for(SPEECH_S)
    anna.transfer_to(asking)
    assert anna.wait_referred() == 200
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    handed_at = anna.referred_at
    journey = Journey(caller, "answered", "customer", rung=["101", "102"])
    journey.talks = [anna.spoke(until=handed_at), bruno.spoke(since=handed_at)]
    journey.transfers = [Handed("attended", "101", "102", handed_at)]
    journey.hold_s = (handed_at - anna.holds[0][0]).total_seconds() if handed_at else 0
    scene.agrees(journey)
