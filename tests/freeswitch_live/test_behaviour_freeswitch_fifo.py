"""Queues of mod_fifo: a waiting line, members whose phones it rings, and agents who stay on the line."""

from __future__ import annotations

from cti.model import RingResult
from tests.freeswitch_live.exchange import Attempt
from tests.freeswitch_live.in_turn import two_in_turn
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.scene import MARIO
from tests.pbx.lab.speech import talk_for

RETRY_S = 1


def member(attempt: Attempt, fifo: str, agent: str, rings_s: int = 10) -> None:
    attempt.console.done(f"fifo_member add {fifo} user/{agent}@pbx.lab 1 {rings_s} {RETRY_S}")


def test_a_member_is_rung_and_answers(attempt: Attempt) -> None:
    member(attempt, "orders", "101")
    caller = attempt.phone(MARIO).call("+390221000400", "Mario").wait_answered()
    anna = attempt.phone("101").take()
    talk_for(1)
    anna.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", queue="orders", rung=["101"])
    journey.talks, journey.stays = [anna.spoke()], [("orders", "answered")]
    (call,) = attempt.agrees(journey, name="fifo", what="a caller waits in the fifo, its member 101 answers")
    assert (call.stays[0].agent, call.talks[0].queue) == ("101", "orders")


def test_all_members_ring_and_one_answers(attempt: Attempt) -> None:
    member(attempt, "orders", "101")
    member(attempt, "orders", "102")
    caller = attempt.phone(MARIO).call("+390221000400", "Mario").wait_answered()
    attempt.phone("101").wait_line()
    bruno = attempt.phone("102").take()
    talk_for(1)
    caller.hang_up()
    journey = Journey(caller, "answered", "customer", queue="orders", rung=["101", "102"])
    journey.talks, journey.stays = [bruno.spoke()], [("orders", "answered")]
    (call,) = attempt.agrees(journey, name="fifo-ring-all", what="the fifo rings 101 and 102, 102 answers")
    assert {ring.agent: ring.result for ring in call.rings} == {
        "101": RingResult.ELSEWHERE,
        "102": RingResult.ANSWERED,
    }


def test_a_member_who_does_not_answer_missed_it(attempt: Attempt) -> None:
    member(attempt, "orders", "101", rings_s=2)
    caller = attempt.phone(MARIO).call("+390221000400", "Mario").wait_answered()
    attempt.phone("101").wait_line().wait_ended()
    anna = attempt.phone("101").take()
    talk_for(0.5)
    caller.hang_up()
    journey = Journey(caller, "answered", "customer", queue="orders", rung=["101"])
    journey.talks, journey.stays = [anna.spoke()], [("orders", "answered")]
    (call,) = attempt.agrees(journey, name="fifo-missed", what="101 lets it ring once, answers the second time")
    assert [ring.result for ring in call.rings] == [RingResult.MISSED, RingResult.ANSWERED]


def test_a_caller_gives_up_while_a_phone_rings(attempt: Attempt) -> None:
    member(attempt, "orders", "101")
    caller = attempt.phone(MARIO).call("+390221000400", "Mario").wait_answered()
    anna = attempt.phone("101").wait_line()
    talk_for(1)
    caller.hang_up()
    anna.wait_ended()
    journey = Journey(caller, "abandoned", "customer", queue="orders", rung=["101"], stays=[("orders", "abandoned")])
    attempt.agrees(journey, name="fifo-abandoned", what="the caller hangs up while 101 rings")


def test_a_caller_whom_nobody_takes_is_let_go(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000401", "Mario").wait_answered()
    caller.wait_ended()
    journey = Journey(caller, "timeout", "pbx", queue="orders", stays=[("orders", "timeout")])
    attempt.agrees(journey, name="fifo-timeout", what="nobody is there, fifo_orbit_exten lets the caller go after 2 s")


def test_a_caller_leaves_by_key(attempt: Attempt) -> None:
    caller = attempt.phone(MARIO).call("+390221000402", "Mario").wait_answered()
    attempt.stream.wait_for("FIFO-Action: push")
    caller.press("1")
    caller.wait_ended()
    journey = Journey(caller, "exit_key", "pbx", queue="orders", stays=[("orders", "exit_key")])
    attempt.agrees(journey, name="fifo-key", what="the caller presses 1, fifo_caller_exit_key")


def test_an_agent_on_the_line_takes_one_caller_after_the_other(attempt: Attempt) -> None:
    anna = attempt.phone("101").call("7450").wait_answered()
    talks = {"begun": "FIFO-Action: bridge-caller-start", "over": "FIFO-Action: bridge-consumer-stop"}
    journeys = two_in_turn(attempt, anna, "orders", "+390221000400", **talks)
    calls = attempt.agrees(*journeys, name="fifo-on-the-line", what="101 waits for callers with fifo out wait")
    assert [call.talks[0].queue for call in calls] == ["orders", "orders"]


def test_a_fifo_that_calls_its_members_for_whoever_waits(attempt: Attempt) -> None:
    """The strategy "enterprise": the phone rings for nobody in particular, and its agent stays on the line."""
    member(attempt, "returns", "101")
    caller = attempt.phone(MARIO).call("+390221000410", "Mario").wait_answered()
    anna = attempt.phone("101").take()
    talk_for(1)
    caller.hang_up()
    attempt.stream.wait_for("FIFO-Action: bridge-consumer-stop")
    talk_for(1)
    anna.hang_up()
    journey = Journey(caller, "answered", "customer", queue="returns", rung=["101"])
    journey.talks, journey.stays = [anna.spoke(until=caller.ended_at)], [("returns", "answered")]
    attempt.agrees(journey, name="fifo-enterprise", what="outbound_strategy enterprise: 101 rings for any caller")
