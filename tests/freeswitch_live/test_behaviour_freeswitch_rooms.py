"""More than two in one conversation: rooms of mod_conference, three_way, and who only listens."""

from __future__ import annotations

from cti.model import CallEnded
from tests.freeswitch_live.exchange import Attempt
from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.scene import MARIO
from tests.pbx.lab.speech import talk_for


def into_room(attempt: Attempt, room: str) -> None:
    """Both ends of the one call are sent into a room, as an operator's panel does it."""
    attempt.console.done(f"uuid_transfer {attempt.exchange.leg_of(MARIO)} -both {room} XML default")


def in_the_room(attempt: Attempt, people: int) -> None:
    attempt.stream.wait_for("Action: add-member", times=people)


def test_the_agent_leaves_and_the_customer_talks_on_with_the_colleague(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    into_room(attempt, "3800")
    in_the_room(attempt, 2)
    bruno = attempt.phone("102").call("3800").wait_answered()
    in_the_room(attempt, 3)
    joined_at = attempt.now()
    talk_for(1)
    anna.hang_up()
    talk_for(1)
    caller.hang_up()
    talk_for(1)
    bruno.hang_up()

    journey = Journey(caller, "answered", "customer", rung=["101"])
    journey.talks = [anna.spoke(), bruno.spoke(since=joined_at, until=caller.ended_at)]
    attempt.agrees(
        journey, name="conference", what="101 and his caller are sent to a room, 102 joins, 101 leaves first"
    )


def test_the_call_ends_with_the_customer_though_the_others_talk_on(attempt: Attempt) -> None:
    attempt.exchange.log_in("103")
    caller = attempt.phone(MARIO).call("+390221000200", "Mario")
    zofia = attempt.phone("103").take()
    attempt.stream.wait_for("Event-Name: CHANNEL_BRIDGE")
    talk_for(0.5)
    zofia.transfer("3801")
    zofia.wait_ended()
    again = attempt.phone("103").call("3801").wait_answered()
    in_the_room(attempt, 2)
    back_at = attempt.now()
    attempt.console.done("bgapi originate user/102@pbx.lab 3801")
    bruno = attempt.phone("102").take()
    in_the_room(attempt, 3)
    came_at = attempt.now()
    talk_for(1)
    caller.hang_up()
    talk_for(1)
    again.hang_up()
    talk_for(0.5)
    bruno.hang_up()

    journey = Journey(caller, "answered", "customer", queue="support", rung=["103", "102"])
    journey.stays = [("support", "answered")]
    journey.talks = [
        zofia.spoke(until=zofia.referred_at),
        again.spoke(since=back_at, until=caller.ended_at),
        bruno.spoke(since=came_at, until=caller.ended_at),
    ]
    journey.transfers = [Handed("blind", "103", "3801", zofia.referred_at)]
    what = "103 transfers his caller to a room and follows, 102 is called into it; the caller leaves first"
    attempt.agrees(journey, name="conference-called", what=what)
    (told,) = [event for event in attempt.events if isinstance(event, CallEnded)]
    assert told.call.ended_at is not None


def test_a_third_who_joins_the_conversation(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    bruno = attempt.phone("102").call(f"*3{attempt.exchange.leg_of(MARIO)}").wait_answered()
    talk_for(1)
    bruno.hang_up()
    talk_for(1)
    anna.hang_up()
    caller.wait_ended()
    journey = Journey(caller, "answered", "agent", rung=["101"], talks=[anna.spoke()])
    attempt.agrees(journey, name="three-way", what="102 joins with three_way, which is a listening that talks")


def test_who_listens_has_no_call(attempt: Attempt) -> None:
    caller, anna = attempt.talking()
    bruno = attempt.phone("102").call(f"*9{attempt.exchange.leg_of(MARIO)}").wait_answered()
    talk_for(1)
    bruno.hang_up()
    talk_for(0.5)
    caller.hang_up()
    anna.wait_ended()
    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke()])
    attempt.agrees(journey, name="eavesdrop", what="102 listens with eavesdrop")
