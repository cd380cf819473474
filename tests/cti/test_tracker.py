"""Whole journeys that the recordings do not show, signal by signal."""

from __future__ import annotations

import pytest

from cti.model import (
    CallOutcome,
    Direction,
    Party,
    RingResult,
    StayOutcome,
)
from cti.signals import Signal
from cti.tracker import MOVES
from tests.cti.playbook import INTERNAL, OUTBOUND, RINGING, TALKING, TALKING_TOLD, WAITING, at, play


def every(kind: type[Signal]) -> list[type[Signal]]:
    """The kinds of signals that are no more than a kind of kinds."""
    below = [leaf for child in kind.__subclasses__() for leaf in every(child)]
    return below or [kind]


def test_every_signal_has_its_move() -> None:
    assert {kind for kind in every(Signal) if kind.__name__ != "SnapshotTaken"} == set(MOVES)


def test_a_queue_call_from_the_first_ring_to_the_last_hang_up() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 unbridge b 1 2\n 9 ends 2 1")
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered customer"]
    call = told.ended()
    assert (call.direction, call.customer, call.queue) == (Direction.INBOUND, Party("+393331234567"), "sales")
    assert (call.queued_at, call.answered_at, call.ended_at) == (at(0.5), at(4), at(9))
    assert (call.wait_s, call.talks[0].talk_s, call.talks[0].queue) == (3.5, 5, "sales")


def test_two_devices_of_one_extension_are_one_ring_and_one_offer() -> None:
    told = play(f"""{RINGING}
        1  phone 3 101 of 1
        1  dial 3 by 1
        1  rings 3
        4  up 3
        4  dial-over 2 cancelled
        4  ends 2 cause 26
        4  leaves 1 sales
        4  takes 1 sales 101
        4  bridge b 3 1
        9  quits 3
        9  ends 3 1
    """)
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered agent"]
    assert len(told.ended().rings) == len(told.ended().talks) == 1


def test_a_second_device_that_refuses_leaves_the_first_ringing() -> None:
    told = play(f"""{RINGING}
        1  phone 3 101 of 1
        1  dial 3 by 1
        1  rings 3
        2  quits 3
        2  dial-over 3 busy
        2  ends 3 cause 21
    """)
    assert "offer-over 1 101 busy" not in told.calls
    assert told.last().rings[0].result is RingResult.RINGING


def test_the_loser_of_a_ring_all_missed_nothing() -> None:
    told = play(f"""{RINGING}
        1  phone 3 102 of 1
        1  dial 3 by 1
        1  rings 3
        4  up 2
        4  dial-over 3 cancelled
        4  dial-over 3 cancelled
        4  ends 3 cause 26
    """)
    assert told.calls[-1] == "offer-over 1 102 elsewhere"
    assert told.oddities == []


def test_a_phone_that_answers_by_itself_is_offered_the_call_all_the_same() -> None:
    told = play(f"""{WAITING}
        1  phone 2 101 of 1
        1  tries 1 sales 101
        1  dial 2 by 1
        1  up 2
        1  leaves 1 sales
        1  takes 1 sales 101
        1  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered customer"]
    assert told.ended().talks[0].queue == "sales"
    assert told.oddities == []


def test_the_caller_leaves_at_the_instant_an_agent_answers() -> None:
    told = play(f"""{RINGING}
        4  up 2
        4  dial-over 2 answered
        4  quits 1
        4  gives-up 1 sales
        4  leaves 1 sales
        4  ends 2 1
    """)
    assert told.calls[-2:] == ["left 1 sales abandoned", "ended 1 abandoned customer"]
    assert (told.ended().answered_by, told.ended().answered_at) == ((), None)
    assert told.oddities == []


def test_a_caller_who_times_out_in_one_queue_and_is_answered_from_the_next() -> None:
    told = play(f"""{RINGING}
        4   dial-over 2 no_answer
        4   misses 1 sales 101
        4   ends 2 cause 0
        20  gives-up 1 sales
        20  leaves 1 sales
        20  refused 1 timeout
        21  reaches 1 support
        21  joins 1 support
        22  phone 3 103 of 1
        22  tries 1 support 103
        22  dial 3 by 1
        22  rings 3
        25  up 3
        25  leaves 1 support
        25  takes 1 support 103
        25  bridge b 3 1
        30  quits 1
        30  ends 3 1
    """)
    call = told.ended()
    assert [(stay.queue, stay.outcome, stay.agent) for stay in call.stays] == [
        ("sales", StayOutcome.TIMEOUT, None),
        ("support", StayOutcome.ANSWERED, "103"),
    ]
    assert (call.queue, call.outcome, call.wait_s) == ("sales", CallOutcome.ANSWERED, 23.5)
    assert [(ring.agent, ring.queue, ring.result) for ring in call.rings] == [
        ("101", "sales", RingResult.MISSED),
        ("103", "support", RingResult.ANSWERED),
    ]
    assert [(talk.agent, talk.queue) for talk in call.talks] == [("103", "support")]


def test_a_second_queue_that_refuses_does_not_rewrite_the_first_wait() -> None:
    told = play(f"""{WAITING}
        20  gives-up 1 sales
        20  leaves 1 sales
        20  refused 1 timeout
        21  reaches 1 support
        21  refused 1 empty
        22  ends 1
    """)
    assert [stay.outcome for stay in told.ended().stays] == [StayOutcome.TIMEOUT]
    assert told.calls[-1] == "ended 1 timeout pbx"


def test_a_caller_who_goes_on_after_the_talk_and_leaves_by_himself_ended_the_call() -> None:
    told = play(f"""{TALKING}
        9   quits 2
        9   unbridge b 2 1
        9   ends 2
        10  joins 1 support
        14  quits 1
        14  gives-up 1 support
        14  leaves 1 support
        14  ends 1
    """)
    assert told.calls[-1] == "ended 1 answered customer"
    assert [stay.outcome for stay in told.ended().stays] == [StayOutcome.ANSWERED, StayOutcome.ABANDONED]


def test_an_internal_call() -> None:
    told = play(f"{INTERNAL} 9 quits 2\n 9 ends 2 1")
    assert told.calls == [
        "started 1",
        "offered 1 102",
        "offer-over 1 102 answered",
        "answered 1 102",
        "released 1 102",
        "ended 1 answered agent",
    ]
    call = told.ended()
    assert (call.direction, call.caller, call.dialled, call.customer) == (Direction.INTERNAL, Party("101"), "102", None)


def test_an_outbound_call() -> None:
    told = play(f"{OUTBOUND} 9 quits 2\n 9 ends 2 1")
    assert told.calls == ["started 1", "answered 1 101", "released 1 101", "ended 1 answered customer"]
    call = told.ended()
    assert (call.direction, call.customer, call.answered_at) == (Direction.OUTBOUND, Party("0612345678"), at(3))


@pytest.mark.parametrize("answered", [True, False])
def test_a_click_to_dial_rings_its_own_agent_first(answered: bool) -> None:
    script = """
        0  phone 1 101 to 90612345678
        0  dial 1 by -
        0  rings 1
    """
    if answered:
        script += """
        2  up 1
        2  trunk 2 of 1
        2  dial 2 by 1 0612345678
        5  up 2
        5  bridge b 2 1
        """
    told = play(f"{script} 9 quits 1\n 9 ends 1 {'2' if answered else ''}")
    call = told.ended()
    assert call.click_to_dial
    assert call.agents_rung == ("101",)
    assert call.outcome is (CallOutcome.ANSWERED if answered else CallOutcome.NO_ANSWER)
    assert call.direction is (Direction.OUTBOUND if answered else Direction.INTERNAL)
