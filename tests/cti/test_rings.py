"""One ring an agent: begun once, ended once, with the result that is his."""

from __future__ import annotations

import pytest

from cti.model import RingResult
from tests.cti.playbook import RINGING, TALKING, WAITING, Playbook, at, play

WAYS_TO_STOP = {
    "rang out": ("4 dial-over 2 no_answer\n 4 dial-over 2 cancelled\n 4 ends 2 cause 0", RingResult.MISSED),
    "missed, says the queue": ("4 misses 1 sales 101\n 4 dial-over 2 cancelled\n 4 ends 2 cause 0", RingResult.MISSED),
    "the caller left": ("4 quits 1\n 4 dial-over 2 cancelled\n 4 ends 2 cause 0", RingResult.CANCELLED),
    "refused by the agent": ("4 quits 2\n 4 dial-over 2 busy\n 4 ends 2 cause 21", RingResult.BUSY),
    "refused, told by the cause alone": ("4 ends 2 cause 21", RingResult.BUSY),
    "busy after all": ("4 dial-over 2 busy\n 4 ends 2 cause 17", RingResult.BUSY),
    "the phone went away": ("4 dial-over 2 failed\n 4 ends 2 cause 20", RingResult.FAILED),
    "the leg just ended": ("4 ends 2 cause 0", RingResult.CANCELLED),
    "answered": ("4 up 2\n 4 dial-over 2 answered", RingResult.ANSWERED),
}


@pytest.mark.parametrize("name", WAYS_TO_STOP)
def test_how_a_ring_ends(name: str) -> None:
    script, result = WAYS_TO_STOP[name]
    told = play(f"{RINGING} {script}")
    assert [line for line in told.calls if line.startswith("offer-over")] == [f"offer-over 1 101 {result}"]
    (ring,) = told.last().rings
    assert (ring.started_at, ring.ended_at, ring.queue) == (at(1), at(4), "sales")


def test_an_agent_rung_again_has_a_second_ring() -> None:
    told = play(f"""{RINGING}
        4  dial-over 2 no_answer
        4  ends 2
        5  phone 3 101 of 1
        5  dial 3 by 1
        5  rings 3
    """)
    assert [line for line in told.calls if "101" in line] == [
        "offered 1 101",
        "offer-over 1 101 missed",
        "offered 1 101",
    ]


def test_two_devices_rung_out_are_one_miss() -> None:
    told = play(f"""{RINGING}
        1  phone 3 101 of 1
        1  dial 3 by 1
        1  rings 3
        9  dial-over 2 no_answer
        9  ends 2
        9  dial-over 3 no_answer
        9  ends 3
    """)
    assert [line for line in told.calls if line.startswith("offer")] == ["offered 1 101", "offer-over 1 101 missed"]


def test_an_answer_before_this_ring_began_does_not_make_it_answered_elsewhere() -> None:
    told = play(f"""{TALKING}
        5  blind 2 1 102
        5  ends 2
        5  phone 3 102 of 1
        5  dial 3 by 1
        5  rings 3
        9  dial-over 3 cancelled
    """)
    assert told.calls[-1] == "offer-over 1 102 cancelled"


def test_a_phone_rung_outside_any_queue_has_no_queue() -> None:
    told = play("0 caller 1 - to 101\n 0 phone 2 101 of 1\n 0 dial 2 by 1\n 1 rings 2")
    assert told.last().rings[0].queue is None


def test_a_ring_belongs_to_the_queue_where_the_caller_waits_now() -> None:
    told = play(f"{WAITING} 5 leaves 1 sales\n 6 joins 1 support\n 7 phone 2 103 of 1\n 7 dial 2 by 1\n 7 rings 2")
    assert told.last().rings[0].queue == "support"


def test_early_media_that_comes_and_goes_rings_once() -> None:
    assert play(f"{RINGING} 2 rings 2\n 3 rings 2").calls.count("offered 1 101") == 1


def test_a_trunk_that_rings_is_no_agent() -> None:
    told = play("0 phone 1 101 to 9\n 0 trunk 2 of 1\n 0 dial 2 by 1 0612345678\n 1 rings 2")
    assert told.calls == ["started 1"]


def test_a_phone_lifted_to_dial_is_not_offered_anything() -> None:
    assert play("0 phone 1 101 to 102\n 0 up 1").calls == []


def test_the_pop_tells_who_calls() -> None:
    book = Playbook()
    event = next(event for event in book.play(RINGING).events if type(event).__name__ == "CallOffered")
    assert getattr(event, "call").caller.number == "+393331234567"  # noqa: B009
