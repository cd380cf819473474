"""Calls that go on to somebody else: ring groups, follow-me, forwarding by phone and by dialplan, mailboxes, menus."""

from __future__ import annotations

import pytest

from cti.model import Call, RingResult
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for

ASKED_S = 1.5  #: as long as it takes to ask "do you take this call?"
MOBILE = "+393471110101"  #: of 101, as followme.conf and the dialplan have it


def rings(call: Call) -> list[tuple[str, RingResult]]:
    return [(ring.agent, ring.result) for ring in call.rings]


def test_one_of_a_ring_group_answers_and_nobody_missed_it(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000110", "Mario")
    anna, bruno = scene.phone("101").wait_line(), scene.phone("102").wait_line()
    zofia = scene.phone("103").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    zofia.hang_up()
    for line in (anna, bruno, caller):
        line.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101", "102", "103"], talks=[zofia.spoke()])
    (call,) = scene.agrees(journey, name="ring-group", what="a direct number rings 101, 102 and 103; 103 answers")
    assert sorted(rings(call)) == [
        ("101", RingResult.ELSEWHERE),
        ("102", RingResult.ELSEWHERE),
        ("103", RingResult.ANSWERED),
    ]


@pytest.mark.parametrize("known", [False, True], ids=["number of nobody", "number of the agent"])
def test_the_desk_rings_then_the_mobile_answers(scene: Scene, known: bool) -> None:
    if known:
        scene.settings = {"phones": {"101": [MOBILE]}}
    caller = scene.phone(MARIO).call("+390221000120", "Mario")
    desk = scene.phone("101").wait_line()
    mobile = scene.phone(MOBILE).take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    desk.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"], answered_at=mobile.answered_at)
    if known:
        journey.talks = [mobile.spoke(agent="101")]
    name = "follow-me-known" if known else "follow-me"
    (call,) = scene.agrees(journey, name=name, what="101 does not answer, his mobile does")
    assert rings(call)[0] == ("101", RingResult.MISSED)
    assert rings(call)[1:] == ([("101", RingResult.ANSWERED)] if known else [])


def test_the_follow_me_application_asks_the_agent_on_his_mobile_whether_he_takes_it(scene: Scene) -> None:
    scene.settings = {"phones": {"101": [MOBILE]}}
    caller = scene.phone(MARIO).call("+390221000121", "Mario")
    scene.phone("101").wait_line().wait_ended()
    mobile = scene.phone(MOBILE).take()
    talk_for(ASKED_S)
    mobile.press("1")
    taken_at = scene.now()
    scene.stream.wait_for("Event: BridgeEnter", times=4)
    talk_for(SPEECH_S)
    mobile.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101"], answered_at=mobile.answered_at)
    journey.talks = [mobile.spoke(since=taken_at, agent="101")]
    scene.agrees(journey, name="follow-me-application", what="FollowMe() rings 101, then his mobile, who presses 1")


def test_the_phone_forwards_without_ringing(scene: Scene) -> None:
    scene.phone("101").forwards_to = "102"
    caller = scene.phone(MARIO).call("+390221000101", "Mario")
    bruno = scene.phone("102").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["102"], talks=[bruno.spoke()])
    scene.agrees(journey, name="forwarded", what="101's phone answers 302 to 102")


def test_the_phone_forwards_a_ringing_call_to_a_mobile(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000101", "Mario")
    scene.phone("101").wait_line().redirect("9" + MOBILE.lstrip("+"))
    mobile = scene.phone(MOBILE).take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    mobile.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"], answered_at=mobile.answered_at)
    (call,) = scene.agrees(journey, name="forwarded-outside", what="101's phone rings, then sends the call to a mobile")
    assert rings(call) == [("101", RingResult.ELSEWHERE)]


def test_the_phone_of_a_queue_member_forwards(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    scene.phone("101").wait_line().redirect("102")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    bruno.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="sales", rung=["101", "102"], talks=[bruno.spoke()])
    journey.stays = [("sales", "answered")]
    (call,) = scene.agrees(journey, name="forwarded-from-queue", what="sales rings 101, whose phone sends it to 102")
    assert rings(call) == [("101", RingResult.ELSEWHERE), ("102", RingResult.ANSWERED)]
    assert call.stays[0].agent == "102"
    assert call.talks[0].queue_talk_s is not None or not scene.queue_told_in_time()


@pytest.mark.parametrize("did", ["+390221000130", "+390221000131"], ids=["kept", "optimised away"])
def test_the_dialplan_forwards_through_local_channels(scene: Scene, did: str) -> None:
    caller = scene.phone(MARIO).call(did, "Mario")
    bruno = scene.phone("102").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["102"], talks=[bruno.spoke()])
    name = "forwarded-by-dialplan" if did.endswith("0") else "forwarded-by-dialplan-optimised"
    scene.agrees(journey, name=name, what="101 is forwarded to 102 by the dialplan, through two Local channels")


def test_the_dialplan_forwards_to_a_mobile_that_is_nobodys(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000132", "Mario")
    mobile = scene.phone("+393471110109").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    mobile.wait_ended()

    scene.agrees(Journey(caller, "answered", "customer", answered_at=mobile.answered_at))


def test_the_caller_leaves_a_message_after_the_queue_gave_up(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000170", "Mario")
    scene.phone("101").wait_line().wait_ended()
    scene.stream.wait_for("Event: QueueCallerLeave")
    talk_for(SPEECH_S)
    caller.hang_up()

    journey = Journey(caller, "timeout", "customer", queue="sales", rung=["101"], stays=[("sales", "timeout")])
    (call,) = scene.agrees(journey, name="mailbox-after-queue", what="sales gives up after 2 s, the mailbox answers")
    assert rings(call) == [("101", RingResult.MISSED)]


def test_the_caller_leaves_a_message_after_a_phone_rang_in_vain(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000171", "Mario")
    scene.phone("101").wait_line().wait_ended()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()

    journey = Journey(caller, "no_answer", "customer", rung=["101"])
    scene.agrees(journey, name="mailbox", what="101 does not answer, the mailbox does")


def test_the_menu_answers_and_then_rings_an_extension(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000160", "Mario").wait_answered()
    caller.press("1")
    anna = scene.phone("101").take()
    talk_for(SPEECH_S)
    anna.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101"], talks=[anna.spoke()])
    scene.agrees(journey, name="menu-to-extension", what="the menu answers, key 1 rings 101")


def test_the_menu_rings_through_a_local_channel_that_goes_away(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000160", "Mario").wait_answered()
    caller.press("2")
    zofia = scene.phone("103").take()
    talk_for(SPEECH_S)
    zofia.hang_up()
    caller.wait_ended()

    scene.agrees(Journey(caller, "answered", "agent", rung=["103"], talks=[zofia.spoke()]))


def test_a_phone_that_plays_before_it_answers_rings_all_the_same(scene: Scene) -> None:
    scene.phone("101").gives_early_media = True
    caller = scene.phone(MARIO).call("+390221000150", "Mario")
    anna = scene.phone("101").wait_line(15)
    talk_for(SPEECH_S)
    anna.answer()
    caller.wait_answered()
    talk_for(SPEECH_S)
    anna.hang_up()

    journey = Journey(caller, "answered", "agent", rung=["101"], talks=[anna.spoke()])
    what = "the PBX plays before anybody answers, and 101's phone gives early media instead of ringing"
    (call,) = scene.agrees(journey, name="early-media", what=what)
    (ring,) = call.rings
    assert scene.near(ring.started_at, anna.rung_at)


def test_a_phone_that_is_not_there_is_no_menu(scene: Scene) -> None:
    caller = scene.phone(MARIO).call("+390221000106", "Mario").wait_ended()
    assert caller.status == 480
    scene.agrees(Journey(caller, "no_answer", "pbx"), name="unregistered", what="106's phone is not registered")
