"""Handing a customer over by the phone's button and by the PBX's keys: asked first or not, in vain, and parked."""

from __future__ import annotations

from cti.model import CallAnswered, CallEnded, CallHeld, CallReleased, CallResumed, RingResult
from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.scene import SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for

ASK, SEND, PARK, ALL_THREE = "*2", "#1", "#72", "*3"  #: features.conf


def held_s(scene: Scene, until_name: str) -> float:
    """How long the music played, as the PBX tells its start and end."""
    held = next(event.at for event in scene.events if isinstance(event, CallHeld))
    over = next(event.at for event in scene.events if type(event).__name__ == until_name and event.at > held)
    return (over - held).total_seconds()


def test_handed_over_while_the_colleague_still_rings(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.hold()
    asking = scene.phone("101").call("102").wait_ringing()
    bruno = scene.phone("102").wait_line()
    talk_for(SPEECH_S)
    anna.transfer_to(asking)
    assert anna.wait_referred() == 200
    talk_for(SPEECH_S)
    bruno.answer()
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101", "102"], hold_s=anna.hold_s)
    journey.talks = [anna.spoke(until=anna.referred_at), bruno.spoke()]
    journey.transfers = [Handed("attended", "101", "102", anna.referred_at)]
    what = "101 sends REFER with Replaces while 102 still rings"
    (call,) = scene.agrees(journey, name="attended-while-ringing", what=what)
    assert [(ring.agent, ring.result, ring.consult) for ring in call.rings] == [
        ("101", RingResult.ANSWERED, False),
        ("102", RingResult.ANSWERED, False),
    ]


def test_handed_over_by_key_after_asking(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(f"{ASK}102")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    anna.hang_up()
    handed_at = anna.ended_at
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101", "102"], hold_s=held_s(scene, "CallTransferred"))
    journey.talks = [anna.spoke(), bruno.spoke(since=handed_at, until=caller.ended_at)]
    journey.transfers = [Handed("attended", "101", "102", handed_at)]
    what = "101 presses *2102, asks 102 and hangs up: the caller waits with music while they talk"
    (call,) = scene.agrees(journey, name="attended-by-key", what=what)
    (transfer,) = call.transfers
    assert scene.near(transfer.consult_answered_at, bruno.answered_at)
    assert call.talks[0].hold_s > SPEECH_S


def test_handed_over_by_key_while_the_colleague_still_rings(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(f"{ASK}102")
    bruno = scene.phone("102").wait_line()
    talk_for(SPEECH_S)
    anna.hang_up()
    scene.stream.wait_for("Event: AttendedTransfer")
    talk_for(SPEECH_S)
    bruno.answer()
    scene.stream.wait_for("DialStatus: ANSWER", times=3)
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101", "102"], hold_s=held_s(scene, "CallTransferred"))
    journey.talks = [anna.spoke(), bruno.spoke()]
    journey.transfers = [Handed("attended", "101", "102", anna.ended_at)]
    what = "101 presses *2102 and hangs up before 102 answers"
    scene.agrees(journey, name="attended-by-key-while-ringing", what=what)


def test_the_colleague_refuses_and_the_agent_is_back(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(f"{ASK}102")
    scene.phone("102").wait_line().refuse()
    scene.stream.wait_for("Event: Unhold")
    talk_for(SPEECH_S)
    anna.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101"], hold_s=held_s(scene, "CallResumed"))
    journey.talks = [anna.spoke()]
    scene.agrees(journey, name="asked-in-vain", what="101 presses *2102, 102 refuses, 101 has his caller back")
    assert not [event for event in scene.events if isinstance(event, CallReleased)][1:]


def test_the_colleague_hangs_up_and_the_agent_is_back(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(f"{ASK}102")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    bruno.hang_up()
    scene.stream.wait_for("Event: Unhold")
    talk_for(SPEECH_S)
    caller.hang_up()
    anna.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"], hold_s=held_s(scene, "CallResumed"))
    journey.talks = [anna.spoke()]
    scene.agrees(journey, name="asked-and-back", what="101 presses *2102, 102 says no and hangs up, 101 is back")
    assert [type(event) for event in scene.events if isinstance(event, CallAnswered | CallHeld | CallResumed)] == [
        CallAnswered,
        CallHeld,
        CallResumed,
    ]


def test_the_caller_hangs_up_while_the_colleague_is_asked(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(f"{ASK}102")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    anna.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"], hold_s=held_s(scene, "CallReleased"))
    journey.talks = [anna.spoke(until=caller.ended_at)]
    scene.agrees(journey, name="asked-too-long", what="101 presses *2102; the caller hangs up while they talk")
    (ended_at,) = [event.at for event in scene.events if isinstance(event, CallEnded)]
    assert ended_at < (scene.at(anna.ended_at) or ended_at)


def test_all_three_talk_after_the_key_for_it(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(f"{ASK}102")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    anna.press(ALL_THREE)
    scene.stream.wait_for("BridgeTechnology: softmix", 10)
    together_at = scene.now()
    talk_for(SPEECH_S)
    anna.hang_up()
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101", "102"], hold_s=held_s(scene, "CallResumed"))
    journey.talks = [anna.spoke(), bruno.spoke(since=together_at)]
    journey.transfers = []
    scene.agrees(journey, name="three-by-key", what="101 presses *2102, asks 102, then *3: all three talk")


def test_handed_over_by_key_blindly(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(f"{SEND}102")
    bruno = scene.phone("102").take()
    anna.wait_ended()
    talk_for(SPEECH_S)
    bruno.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101", "102"], hold_s=held_s(scene, "CallResumed"))
    journey.talks = [anna.spoke(), bruno.spoke()]
    journey.transfers = [Handed("blind", "101", "102", anna.ended_at)]
    scene.agrees(journey, name="blind-by-key", what="101 presses #1102")


def test_parked_by_key_and_taken_up(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(PARK)
    scene.stream.wait_for("Event: ParkedCall")
    parked_at = scene.now()
    bruno = scene.phone("102").call("701").wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()
    anna.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"])
    journey.talks = [anna.spoke(until=parked_at), bruno.spoke()]
    journey.transfers = [Handed("park", "101", "102", parked_at, slot="701")]
    scene.agrees(journey, name="parked-by-key", what="101 presses #72, 102 dials 701")


def test_parked_and_back_to_the_one_who_parked(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.press(PARK)
    scene.stream.wait_for("Event: ParkedCall")
    parked_at = scene.now()
    anna.wait_ended()
    again = scene.phone("101").take()
    talk_for(SPEECH_S)
    again.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101"])
    journey.talks = [anna.spoke(until=parked_at), again.spoke()]
    journey.transfers = [Handed("park", "101", None, parked_at, slot="701")]
    (call,) = scene.agrees(journey, name="parked-and-back", what="101 parks by key, nobody takes up, 101 is rung")
    assert [(ring.agent, ring.result) for ring in call.rings] == [("101", RingResult.ANSWERED)] * 2
