"""A real FreeSWITCH's queues."""

from __future__ import annotations

from cti.model import RingResult
from tests.freeswitch_live.exchange import Attempt
from tests.freeswitch_live.in_turn import two_in_turn
from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.scene import MARIO
from tests.pbx.lab.speech import talk_for


def test_a_queue_call_is_told_as_it_happened(attempt: Attempt) -> None:
    attempt.exchange.log_in("101")
    caller = attempt.phone(MARIO).call("+390221000100", "Mario")
    anna = attempt.phone("101").take()
    caller.wait_answered()
    talk_for(1)
    caller.hang_up()
    journey = Journey(caller, "answered", "customer", queue="sales", rung=["101"])
    journey.talks, journey.stays = [anna.spoke()], [("sales", "answered")]
    attempt.agrees(journey, name="queue", what="a caller waits in sales, 101 answers, the caller hangs up")


def test_an_attended_transfer(attempt: Attempt) -> None:
    attempt.exchange.log_in("103")
    caller = attempt.phone(MARIO).call("+390221000200", "Mario")
    zofia = attempt.phone("103").take()
    talk_for(1)
    zofia.hold()
    asked = attempt.phone("103").call("102")
    bruno = attempt.phone("102").take()
    asked.wait_answered()
    talk_for(1)
    handed_at = attempt.now()
    zofia.transfer_to(asked)
    zofia.wait_ended()
    talk_for(1)
    caller.hang_up()
    journey = Journey(caller, "answered", "customer", queue="support", rung=["103", "102"], hold_s=zofia.hold_s)
    journey.talks, journey.stays = [zofia.spoke(), bruno.spoke(since=handed_at)], [("support", "answered")]
    journey.transfers = [Handed("attended", "103", "102", handed_at)]
    attempt.agrees(journey, name="attended", what="103 asks 102 and hands over; the caller hangs up")


def test_ring_all_rings_all_and_one_answers(attempt: Attempt) -> None:
    attempt.exchange.log_in("103", "104")
    caller = attempt.phone(MARIO).call("+390221000200", "Mario")
    attempt.phone("103").wait_line()
    dana = attempt.phone("104").take()
    talk_for(1)
    dana.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", queue="support", rung=["103", "104"])
    journey.talks, journey.stays = [dana.spoke()], [("support", "answered")]
    (call,) = attempt.agrees(journey, name="queue-ring-all", what="support rings 103 and 104, 104 answers")
    assert {ring.agent: ring.result for ring in call.rings} == {
        "103": RingResult.ELSEWHERE,
        "104": RingResult.ANSWERED,
    }


def test_who_waits_is_killed(attempt: Attempt) -> None:
    attempt.exchange.log_in("103")
    caller = attempt.phone(MARIO).call("+390221000200", "Mario").wait_answered()
    attempt.phone("103").wait_line()
    attempt.console.done(f"uuid_kill {attempt.exchange.leg_of(MARIO)}")
    caller.wait_ended()
    journey = Journey(caller, "abandoned", "pbx", queue="support", rung=["103"], stays=[("support", "abandoned")])
    attempt.agrees(journey, name="queue-killed", what="uuid_kill ends a caller who waits in support")


def test_who_waits_is_sent_to_a_phone(attempt: Attempt) -> None:
    attempt.exchange.log_in("103")
    caller = attempt.phone(MARIO).call("+390221000200", "Mario").wait_answered()
    zofia = attempt.phone("103").wait_line()
    attempt.console.done(f"uuid_transfer {attempt.exchange.leg_of(MARIO)} 101 XML default")
    anna = attempt.phone("101").take()
    zofia.wait_ended()
    talk_for(1)
    caller.hang_up()
    anna.wait_ended()
    journey = Journey(caller, "answered", "customer", queue="support", rung=["103", "101"])
    journey.talks, journey.stays = [anna.spoke()], [("support", "transferred_out")]
    attempt.agrees(journey, name="queue-redirected", what="uuid_transfer takes a waiting caller out of support to 101")


def test_a_queue_that_gives_up_and_the_next(attempt: Attempt) -> None:
    """Nobody of sales is there; the dialplan goes on with support."""
    attempt.exchange.log_in("103")
    caller = attempt.phone(MARIO).call("+390221000110", "Mario").wait_answered()
    zofia = attempt.phone("103").take()
    talk_for(1)
    caller.hang_up()
    zofia.wait_ended()
    journey = Journey(caller, "answered", "customer", queue="support", rung=["103"])
    journey.talks, journey.stays = [zofia.spoke()], [("sales", "refused"), ("support", "answered")]
    journey.queued_at = zofia.invited_at
    attempt.agrees(journey, name="queue-chained", what="sales has nobody, support is next, 103 answers")


def test_an_agent_on_the_line_takes_one_caller_after_the_other(attempt: Attempt) -> None:
    """mod_callcenter's agents of type uuid-standby."""
    dana = attempt.phone("105").call("7460").wait_answered()
    attempt.console.done(f"callcenter_config agent set uuid 105 {attempt.exchange.leg_of('105')}")
    attempt.exchange.log_in("105")
    talks = {"begun": "Event-Name: CHANNEL_BRIDGE", "over": "CC-Action: bridge-agent-end"}
    journeys = two_in_turn(attempt, dana, "support", "+390221000200", **talks)
    calls = attempt.agrees(*journeys, name="queue-on-the-line", what="105 is an agent of type uuid-standby")
    assert [call.talks[0].queue for call in calls] == ["support", "support"]
