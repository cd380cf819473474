"""An agent who stays on the line, to whom a queue gives one caller after the other."""

from __future__ import annotations

from tests.freeswitch_live.exchange import Attempt
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.line import Line
from tests.pbx.lab.scene import MARIO
from tests.pbx.lab.speech import talk_for

LUCIA = "+393331234502"


def two_in_turn(attempt: Attempt, agent: Line, queue: str, dialled: str, *, begun: str, over: str) -> list[Journey]:
    """Mario talks with the agent and hangs up, then Lucia does, until the agent hangs up.

    ``begun`` and ``over`` are what the stream says of each talk.
    """
    mario = attempt.phone(MARIO).call(dialled, "Mario").wait_answered()
    attempt.stream.wait_for(begun)
    first_at = attempt.exchange.connected_at(MARIO)
    talk_for(1)
    mario.hang_up()
    attempt.stream.wait_for(over)
    lucia = attempt.phone(LUCIA).call(dialled, "Lucia").wait_answered()
    attempt.stream.wait_for(begun, times=2)
    second_at = attempt.exchange.connected_at(LUCIA)
    talk_for(1)
    agent.hang_up()
    lucia.wait_ended()
    stays = [(queue, "answered")]
    first = [agent.spoke(since=first_at, until=mario.ended_at)]
    return [
        Journey(mario, "answered", "customer", queue=queue, stays=stays, talks=first),
        Journey(lucia, "answered", "agent", queue=queue, stays=stays, talks=[agent.spoke(since=second_at)]),
    ]
