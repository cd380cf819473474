"""Customers handed on and on: to queues, to numbers outside, by several agents, in vain; and who hangs up meanwhile."""

from __future__ import annotations

from cti.model import CallEnded, RingResult
from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.line import Line
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for

GIULIA = "+393339998877"  #: somebody outside who is no customer


def asking(scene: Scene, whom: str = "102") -> tuple[Line, Line, Line]:
    """101 has put his caller on hold and calls a colleague on his second line."""
    caller, anna = scene.talking()
    anna.hold()
    return caller, anna, scene.phone("101").call(whom)


def test_transferred_twice_then_to_a_queue(scene: Scene) -> None:
    scene.centre.log_in("support", "104", local=True)
    caller, anna = scene.talking()
    anna.transfer("102")
    bruno = scene.phone("102").take()
    anna.wait_ended()
    talk_for(SPEECH_S)
    bruno.transfer("103")
    zofia = scene.phone("103").take()
    bruno.wait_ended()
    talk_for(SPEECH_S)
    zofia.transfer("200")
    dana = scene.phone("104").take()
    zofia.wait_ended()
    talk_for(SPEECH_S)
    caller.hang_up()
    dana.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101", "102", "103", "104"])
    journey.talks = [
        anna.spoke(until=anna.referred_at),
        bruno.spoke(until=bruno.referred_at),
        zofia.spoke(until=zofia.referred_at),
        dana.spoke(),
    ]
    journey.transfers = [
        Handed("blind", "101", "102", anna.referred_at),
        Handed("blind", "102", "103", bruno.referred_at),
        Handed("queue", "103", "support", zofia.referred_at),
    ]
    journey.stays = [("support", "answered")]
    scene.agrees(journey, name="handed-on-and-on", what="101 to 102 to 103 to the queue support, where 104 answers")


def test_transferred_to_a_number_outside(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.transfer("9" + GIULIA.lstrip("+"))
    giulia = scene.phone(GIULIA).take()
    anna.wait_ended()
    talk_for(SPEECH_S)
    caller.hang_up()
    giulia.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke(until=anna.referred_at)])
    journey.transfers = [Handed("blind", "101", "9" + GIULIA.lstrip("+"), anna.referred_at)]
    scene.agrees(journey, name="handed-outside", what="101 transfers his caller to a number outside, who answers")


def test_transferred_to_a_number_outside_after_asking(scene: Scene) -> None:
    caller, anna, second = asking(scene, "9" + GIULIA.lstrip("+"))
    giulia = scene.phone(GIULIA).take()
    second.wait_answered()
    talk_for(SPEECH_S)
    anna.transfer_to(second)
    assert anna.wait_referred() == 200
    talk_for(SPEECH_S)
    giulia.hang_up()
    caller.wait_ended()

    handed_at = anna.referred_at
    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke(until=handed_at)])
    journey.transfers = [Handed("attended", "101", "9" + GIULIA.lstrip("+"), handed_at)]
    journey.hold_s = (handed_at - anna.holds[0][0]).total_seconds() if handed_at else 0
    scene.agrees(journey, name="handed-outside-after-asking", what="101 asks a number outside and hands over to it")


def test_transferred_to_a_busy_colleague_and_back(scene: Scene) -> None:
    scene.phone("102").refuses_with = 486
    caller, anna = scene.talking()
    anna.transfer("772")
    again = scene.phone("101").wait_line()
    anna.hang_up()
    talk_for(SPEECH_S)
    again.answer()
    talk_for(SPEECH_S)
    again.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101"])
    journey.talks = [anna.spoke(until=anna.referred_at), again.spoke()]
    journey.transfers = [Handed("blind", "101", "772", anna.referred_at)]
    (call,) = scene.agrees(journey, name="handed-to-busy", what="101 transfers to busy 102, the dialplan calls 101")
    assert [(ring.agent, ring.result) for ring in call.rings] == [("101", RingResult.ANSWERED)] * 2


def test_transferred_to_nobody(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.transfer("106")
    assert anna.wait_referred() >= 400
    anna.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "pbx", rung=["101"], talks=[anna.spoke(until=anna.referred_at)])
    journey.transfers = [Handed("blind", "101", "106", anna.referred_at)]
    scene.agrees(journey, name="handed-to-nobody", what="101 transfers to 106, who is not registered")


def test_the_caller_hangs_up_while_the_colleague_is_asked(scene: Scene) -> None:
    caller, anna, second = asking(scene)
    bruno = scene.phone("102").take()
    second.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    anna.wait_ended()
    talk_for(SPEECH_S)
    second.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"], hold_s=anna.hold_s, talks=[anna.spoke()])
    scene.agrees(journey, name="gone-while-asking", what="101 asks 102 on his second line; the caller hangs up")
    (ended_at,) = [event.at for event in scene.events if isinstance(event, CallEnded)]
    assert ended_at < (scene.at(second.ended_at) or ended_at)


def test_asked_and_taken_back(scene: Scene) -> None:
    caller, anna, second = asking(scene)
    bruno = scene.phone("102").take()
    second.wait_answered()
    talk_for(SPEECH_S)
    second.hang_up()
    bruno.wait_ended()
    anna.resume()
    talk_for(SPEECH_S)
    anna.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101"], hold_s=anna.hold_s, talks=[anna.spoke()])
    scene.agrees(journey, name="asked-and-resumed", what="101 asks 102 on his second line, then talks on himself")


def test_asked_in_vain_and_asked_another(scene: Scene) -> None:
    caller, anna, second = asking(scene)
    scene.phone("102").wait_line().refuse()
    second.wait_ended()
    third = scene.phone("101").call("103")
    zofia = scene.phone("103").take()
    third.wait_answered()
    talk_for(SPEECH_S)
    anna.transfer_to(third)
    assert anna.wait_referred() == 200
    talk_for(SPEECH_S)
    zofia.hang_up()
    caller.wait_ended()

    handed_at = anna.referred_at
    journey = Journey(caller, "answered", "agent", rung=["101", "103"])
    journey.talks = [anna.spoke(until=handed_at), zofia.spoke(since=handed_at)]
    journey.transfers = [Handed("attended", "101", "103", handed_at)]
    journey.hold_s = (handed_at - anna.holds[0][0]).total_seconds() if handed_at else 0
    scene.agrees(journey, name="asked-two", what="101 asks 102, who refuses, then 103, to whom he hands over")


def test_handed_over_twice_after_asking(scene: Scene) -> None:
    caller, anna, second = asking(scene)
    bruno = scene.phone("102").take()
    second.wait_answered()
    talk_for(SPEECH_S)
    anna.transfer_to(second)
    assert anna.wait_referred() == 200
    talk_for(SPEECH_S)
    bruno.hold()
    third = scene.phone("102").call("103")
    zofia = scene.phone("103").take()
    third.wait_answered()
    talk_for(SPEECH_S)
    bruno.transfer_to(third)
    assert bruno.wait_referred() == 200
    talk_for(SPEECH_S)
    caller.hang_up()
    zofia.wait_ended()

    first_at, last_at = anna.referred_at, bruno.referred_at
    assert first_at is not None
    assert last_at is not None
    journey = Journey(caller, "answered", "customer", rung=["101", "102", "103"])
    journey.talks = [
        anna.spoke(until=first_at),
        bruno.spoke(since=first_at, until=last_at),
        zofia.spoke(since=last_at),
    ]
    journey.transfers = [Handed("attended", "101", "102", first_at), Handed("attended", "102", "103", last_at)]
    journey.hold_s = (first_at - anna.holds[0][0]).total_seconds() + (last_at - bruno.holds[0][0]).total_seconds()
    scene.agrees(journey, name="attended-twice", what="101 asks 102 and hands over, 102 asks 103 and hands over")


def test_handed_into_a_queue_that_still_rings(scene: Scene) -> None:
    scene.centre.log_in("support", "103", local=True)
    caller, anna, second = asking(scene, "210")
    zofia = scene.phone("103").wait_line()
    second.wait_answered()
    talk_for(SPEECH_S)
    anna.transfer_to(second)
    assert anna.wait_referred() == 200
    talk_for(SPEECH_S)
    zofia.answer()
    talk_for(SPEECH_S)
    caller.hang_up()
    zofia.wait_ended()

    handed_at = anna.referred_at
    journey = Journey(caller, "answered", "customer", rung=["101", "103"])
    journey.talks = [anna.spoke(until=handed_at), zofia.spoke()]
    journey.transfers = [Handed("attended", "101", "210", handed_at)]
    journey.stays = [("support", "answered")]
    journey.hold_s = (handed_at - anna.holds[0][0]).total_seconds() if handed_at else 0
    scene.agrees(journey, name="handed-into-ringing-queue", what="101 calls support and hands over while 103 rings")


def test_handed_to_whom_the_queue_gave(scene: Scene) -> None:
    scene.centre.log_in("support", "103", local=True)
    caller, anna, second = asking(scene, "200")
    zofia = scene.phone("103").take()
    second.wait_answered()
    talk_for(SPEECH_S)
    anna.transfer_to(second)
    assert anna.wait_referred() == 200
    talk_for(SPEECH_S)
    caller.hang_up()
    zofia.wait_ended()

    handed_at = anna.referred_at
    journey = Journey(caller, "answered", "customer", rung=["101", "103"])
    journey.talks = [anna.spoke(until=handed_at), zofia.spoke(since=handed_at)]
    journey.transfers = [Handed("attended", "101", "200", handed_at)]
    journey.stays = [("support", "answered")]
    journey.hold_s = (handed_at - anna.holds[0][0]).total_seconds() if handed_at else 0
    scene.agrees(journey, name="handed-to-answered-queue", what="101 calls support, 103 answers, 101 hands over")


def test_the_agent_hangs_up_on_a_caller_on_hold(scene: Scene) -> None:
    caller, anna = scene.talking()
    anna.hold()
    talk_for(SPEECH_S)
    anna.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101"], hold_s=anna.hold_s, talks=[anna.spoke()])
    scene.agrees(journey, name="hung-up-on-hold", what="101 hangs up while his caller is on hold")


def test_a_customer_whom_an_agent_called_goes_to_a_queue(scene: Scene) -> None:
    scene.centre.log_in("support", "103", local=True)
    anna = scene.phone("101").call("9" + MARIO.lstrip("+"))
    mario = scene.phone(MARIO).take()
    anna.wait_answered()
    talk_for(SPEECH_S)
    anna.transfer("200")
    zofia = scene.phone("103").take()
    anna.wait_ended()
    talk_for(SPEECH_S)
    mario.hang_up()
    zofia.wait_ended()

    journey = Journey(anna, "answered", "customer", direction="outbound", dialled=MARIO.lstrip("+"), rung=["103"])
    journey.answered_at, journey.ended_at = mario.answered_at, mario.ended_at
    journey.talks = [anna.spoke(until=anna.referred_at), zofia.spoke()]
    journey.transfers = [Handed("queue", "101", "support", anna.referred_at)]
    journey.stays = [("support", "answered")]
    scene.agrees(journey, name="called-out-then-queue", what="101 calls a customer and transfers him to support")


def test_a_colleagues_call_is_handed_on(scene: Scene) -> None:
    anna = scene.phone("101").call("102")
    bruno = scene.phone("102").take()
    anna.wait_answered()
    talk_for(SPEECH_S)
    bruno.transfer("103")
    zofia = scene.phone("103").take()
    bruno.wait_ended()
    talk_for(SPEECH_S)
    anna.hang_up()
    zofia.wait_ended()

    journey = Journey(anna, "answered", "agent", direction="internal", rung=["102", "103"])
    journey.talks = [bruno.spoke(until=bruno.referred_at), zofia.spoke()]
    journey.transfers = [Handed("blind", "102", "103", bruno.referred_at)]
    scene.agrees(journey, name="internal-handed-on", what="101 calls 102, who transfers him to 103")
