"""A call that goes on to others: picked up, ring groups, follow-me, mailboxes, keys of the PBX, parking."""

from __future__ import annotations

from datetime import datetime

import pytest

from cti.model import RingResult
from tests.freeswitch_live.exchange import Attempt
from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.line import Line
from tests.pbx.lab.scene import MARIO
from tests.pbx.lab.speech import talk_for

MOBILE = "+393335550101"


def test_a_named_phone_is_picked_up_from(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000101", "Mario")
    anna = attempt.phone("101").wait_line()
    bruno = attempt.phone("102").call("**101").wait_answered()
    anna.wait_ended()
    talk_for(1)
    bruno.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", rung=["101"], talks=[bruno.spoke()])
    (call,) = attempt.agrees(journey, name="pickup", what="a direct number rings 101, 102 picks it up (intercept)")
    assert [(ring.agent, ring.result) for ring in call.rings] == [("101", RingResult.ELSEWHERE)]


def test_a_queue_call_is_picked_up(attempt: Attempt) -> None:
    attempt.exchange.log_in("101")
    caller = attempt.phone(MARIO).call("+390221000100", "Mario")
    anna = attempt.phone("101").wait_line()
    bruno = attempt.phone("102").call(f"*7{attempt.exchange.leg_of(MARIO)}").wait_answered()
    anna.wait_ended()
    talk_for(1)
    bruno.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", queue="sales", rung=["101"])
    journey.talks, journey.stays = [bruno.spoke()], [("sales", "answered")]
    (call,) = attempt.agrees(journey, name="pickup-queue", what="sales rings 101, 102 picks it up (intercept)")
    assert [(ring.agent, ring.result) for ring in call.rings] == [("101", RingResult.ELSEWHERE)]
    assert call.stays[0].agent == "102"


def test_a_group_is_picked_up_from(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000640", "Mario")
    anna = attempt.phone("101").wait_line()
    bruno = attempt.phone("102").call("*8").wait_answered()
    anna.wait_ended()
    talk_for(1)
    caller.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[bruno.spoke()])
    (call,) = attempt.agrees(journey, name="pickup-group", what="101 rings, 102 takes it with the pickup application")
    assert [(ring.agent, ring.result) for ring in call.rings] == [("101", RingResult.ELSEWHERE)]


def test_a_colleague_picks_up_a_call_between_two_others(attempt: Attempt) -> None:
    zofia = attempt.phone("103").call("101")
    attempt.phone("101").wait_line()
    bruno = attempt.phone("102").call("**101").wait_answered()
    talk_for(1)
    zofia.hang_up()
    bruno.wait_ended()
    journey = Journey(zofia, "answered", "agent", direction="internal", rung=["101"], talks=[bruno.spoke()])
    attempt.agrees(journey, name="pickup-internal", what="103 calls 101, 102 picks it up")


@pytest.mark.parametrize(("did", "name"), [("610", "ring-group"), ("612", "ring-group-enterprise")])
def test_one_of_a_ring_group_answers_and_nobody_missed_it(attempt: Attempt, did: str, name: str) -> None:
    caller = attempt.phone(MARIO).call(f"+390221000{did}", "Mario")
    attempt.phone("101").wait_line()
    bruno = attempt.phone("102").take()
    caller.wait_answered()
    talk_for(1)
    bruno.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", rung=["101", "102"], talks=[bruno.spoke()])
    (call,) = attempt.agrees(journey, name=name, what="a direct number rings 101 and 102; 102 answers")
    assert {ring.agent: ring.result for ring in call.rings} == {
        "101": RingResult.ELSEWHERE,
        "102": RingResult.ANSWERED,
    }


def test_one_phone_after_the_other(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000611", "Mario")
    attempt.phone("101").wait_line().wait_ended()
    bruno = attempt.phone("102").take()
    caller.wait_answered()
    talk_for(1)
    caller.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101", "102"], talks=[bruno.spoke()])
    (call,) = attempt.agrees(journey, name="ring-group-in-turn", what="101 does not answer in 2 s, 102 does")
    assert [(ring.agent, ring.result) for ring in call.rings] == [
        ("101", RingResult.MISSED),
        ("102", RingResult.ANSWERED),
    ]


def test_the_desk_rings_then_the_mobile_answers(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000620", "Mario")
    attempt.phone("101").wait_line().wait_ended()
    mobile = attempt.phone(MOBILE).take()
    caller.wait_answered()
    talk_for(1)
    caller.hang_up()
    mobile.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101"], answered_at=mobile.answered_at)
    attempt.agrees(journey, name="follow-me", what="101 does not answer, a mobile does")


def test_the_caller_leaves_a_message_after_a_phone_rang_in_vain(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000630", "Mario")
    attempt.phone("101").wait_line().wait_ended()
    caller.wait_answered()
    talk_for(2)
    caller.hang_up()
    journey = Journey(caller, "no_answer", "customer", rung=["101"])
    attempt.agrees(journey, name="mailbox", what="101 does not answer, the mailbox does")


def test_a_phone_behind_a_loopback_channel(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000650", "Mario")
    anna = attempt.phone("101").take()
    caller.wait_answered()
    talk_for(1)
    caller.hang_up()
    anna.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke()])
    attempt.agrees(journey, name="loopback", what="the dialplan rings 101 through a loopback channel")


def test_an_agent_asks_and_hands_over_by_the_pbxs_own_key(attempt: Attempt) -> None:
    caller, anna = asks_by_key(attempt)
    bruno = attempt.phone("102").take()
    talk_for(1)
    anna.hang_up()
    talk_for(1)
    caller.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101", "102"])
    journey.hold_s = held_s(bruno, anna.ended_at)
    journey.talks = [anna.spoke(), bruno.spoke(since=anna.ended_at)]
    journey.transfers = [Handed("attended", "101", "102", anna.ended_at)]
    attempt.agrees(journey, name="attended-by-key", what="101 presses *1 (att_xfer), asks 102 and hangs up")


def test_an_agent_hands_over_blindly_by_the_pbxs_own_key(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    talk_for(0.5)
    anna.press("*2")
    bruno = attempt.phone("102").take()
    anna.wait_ended()
    talk_for(1)
    caller.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101", "102"])
    journey.talks = [anna.spoke(), bruno.spoke()]
    journey.transfers = [Handed("blind", "101", "102", anna.ended_at)]
    attempt.agrees(journey, name="blind-by-key", what="101 presses *2 (transfer), 102 answers")


def test_a_parked_caller_is_picked_up(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    talk_for(0.5)
    anna.transfer("5901")
    anna.wait_ended()
    attempt.stream.wait_for("Action: hold")
    bruno = attempt.phone("102").call("5901").wait_answered()
    talk_for(1)
    bruno.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", rung=["101"])
    journey.talks = [anna.spoke(until=anna.referred_at), bruno.spoke()]
    journey.transfers = [Handed("park", "101", "102", anna.referred_at, slot="5901")]
    attempt.agrees(journey, name="parked", what="101 parks his caller in 5901, 102 picks him up")


def test_a_phone_whose_call_goes_to_a_queue(attempt: Attempt) -> None:
    attempt.exchange.log_in("103")
    caller, anna = attempt.talking()
    talk_for(0.5)
    anna.transfer("7200")
    zofia = attempt.phone("103").take()
    talk_for(1)
    caller.hang_up()
    zofia.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101", "103"])
    journey.talks = [anna.spoke(until=anna.referred_at), zofia.spoke()]
    journey.transfers = [Handed("queue", "101", "support", anna.referred_at)]
    journey.stays = [("support", "answered")]
    attempt.agrees(journey, name="direct-to-queue", what="101 transfers his caller to support, 103 answers")


def test_a_call_that_is_placed_for_an_agent(attempt: Attempt) -> None:
    attempt.console.done("bgapi originate user/101@pbx.lab 9+393331234501")
    anna = attempt.phone("101").take()
    mario = attempt.phone(MARIO).take()
    talk_for(1)
    attempt.console.done(f"uuid_kill {attempt.exchange.leg_of('101')}")
    anna.wait_ended()
    mario.wait_ended()
    journey = Journey(anna, "answered", "pbx", direction="outbound", caller="101", dialled=MARIO)
    journey.answered_at, journey.talks = mario.answered_at, [anna.spoke(since=mario.answered_at)]
    journey.rung = ["101"]
    attempt.agrees(journey, name="click-to-dial", what="originate rings 101, then the customer; uuid_kill ends it")


def held_s(asked: Line, until: datetime | None) -> float:
    """How long a customer was held while a colleague was asked: from his phone's first ring on."""
    assert asked.invited_at is not None
    assert until is not None
    return (until - asked.invited_at).total_seconds()


def asks_by_key(attempt: Attempt) -> tuple[Line, Line]:
    """A customer who talks with 101, who has just pressed *1 to ask 102; the customer's line and 101's."""
    caller, anna = attempt.talking()
    talk_for(0.5)
    anna.press("*1")
    return caller, anna


def test_the_colleague_who_is_asked_by_key_hangs_up_first(attempt: Attempt) -> None:
    caller, anna = asks_by_key(attempt)
    bruno = attempt.phone("102").take()
    talk_for(1)
    bruno.hang_up()
    attempt.stream.wait_for("Event-Name: CHANNEL_UNBRIDGE")
    talk_for(1)
    caller.hang_up()
    anna.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke()])
    journey.hold_s = held_s(bruno, bruno.ended_at)
    attempt.agrees(journey, name="asked-and-back", what="101 presses *1 (att_xfer), 102 answers, then hangs up")


def test_the_colleague_who_is_asked_by_key_refuses(attempt: Attempt) -> None:
    caller, anna = asks_by_key(attempt)
    bruno = attempt.phone("102").wait_line()
    talk_for(0.5)
    bruno.refuse()
    attempt.stream.wait_for("Hangup-Cause: USER_BUSY")
    talk_for(1)
    anna.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", rung=["101"], talks=[anna.spoke()])
    journey.hold_s = held_s(bruno, bruno.ended_at)
    attempt.agrees(journey, name="asked-in-vain", what="101 presses *1 (att_xfer), 102 is busy")


def test_the_customer_does_not_wait_for_what_the_colleague_says(attempt: Attempt) -> None:
    caller, anna = asks_by_key(attempt)
    bruno = attempt.phone("102").take()
    talk_for(1)
    caller.hang_up()
    talk_for(1)
    anna.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101"])
    journey.talks = [anna.spoke(until=caller.ended_at)]
    journey.hold_s = held_s(bruno, caller.ended_at)
    attempt.agrees(journey, name="asked-too-long", what="101 presses *1 (att_xfer), 102 answers, the customer hangs up")


def test_an_attended_transfer_while_the_colleague_rings(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    anna.hold()
    asked = attempt.phone("101").call("102")
    bruno = attempt.phone("102").wait_line()
    asked.wait_ringing()
    handed_at = attempt.now()
    anna.transfer_to(asked)
    anna.wait_ended()
    talk_for(0.5)
    bruno.answer()
    talk_for(1)
    caller.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101", "102"])
    journey.talks, journey.hold_s = [anna.spoke(until=handed_at), bruno.spoke()], anna.hold_s
    journey.transfers = [Handed("attended", "101", "102", handed_at)]
    attempt.agrees(journey, name="attended-while-ringing", what="101 hands his customer to 102, who still rings")


def test_a_parked_caller_whom_nobody_picks_up(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    talk_for(0.5)
    anna.transfer("5902")
    anna.wait_ended()
    attempt.stream.wait_for("Action: hold")
    talk_for(1)
    caller.hang_up()
    journey = Journey(caller, "answered", "customer", rung=["101"])
    journey.talks = [anna.spoke(until=anna.referred_at)]
    journey.transfers = [Handed("park", "101", None, anna.referred_at, slot="5902")]
    attempt.agrees(journey, name="parked-in-vain", what="101 parks his caller in 5902, who hangs up there")


def test_a_phone_that_forwards(attempt: Attempt) -> None:
    attempt.phone("101").forwards_to = "102"
    caller = attempt.phone(MARIO).call("+390221000101", "Mario")
    bruno = attempt.phone("102").take()
    caller.wait_answered()
    talk_for(1)
    caller.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["102"], talks=[bruno.spoke()])
    attempt.agrees(journey, name="forwarded", what="101's phone answers 302 to 102")


def test_both_ends_are_sent_elsewhere_by_command(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    talk_for(0.5)
    attempt.console.done(f"uuid_transfer {attempt.exchange.leg_of(MARIO)} 102 XML default")
    bruno = attempt.phone("102").take()
    anna.wait_ended()
    talk_for(1)
    caller.hang_up()
    bruno.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101", "102"])
    journey.talks = [anna.spoke(), bruno.spoke()]
    attempt.agrees(journey, name="redirected", what="uuid_transfer takes 101's caller to 102")
