"""Streams that lack something, say it twice, late or by other channels than one expects; signal by signal."""

from __future__ import annotations

from cti.model import (
    CallOutcome,
    Direction,
    Party,
    StayOutcome,
)
from tests.cti.playbook import TALKING, WAITING, Playbook, at, play

LOCAL_TALK = f"""{WAITING}
    1    local 2 3 of 1
    1    tries 1 sales 101
    1    dial 2 by 1
    1    phone 4 101 of 1
    1    dial 4 by 3
    1    rings 4
    4    up 4 3 2
    4    bridge x 4 3
    4    leaves 1 sales
    4    takes 1 sales 101
    4    bridge y 2 1
"""


def test_a_talk_goes_on_as_one_when_the_local_channel_between_is_optimised_away() -> None:
    told = play(f"""{LOCAL_TALK}
        5     unbridge x 4
        5.01  swap y 4 for 2
        5.01  unbridge y 2
        5.01  unbridge x 3
        5.01  ends 3 2
        15    quits 1
        15    ends 4 1
    """)
    (talk,) = told.ended().talks
    assert (talk.agent, talk.started_at, talk.ended_at, talk.queue) == ("101", at(4), at(15), "sales")


def test_a_hold_over_an_optimised_local_channel_is_one_hold_counted_once() -> None:
    told = play(f"""{LOCAL_TALK}
        5   holds 4
        8   unbridge x 4
        8   swap y 4 for 2
        8   ends 3 2
        10  resumes 4
        15  quits 1
        15  ends 4 1
    """)
    (talk,) = told.ended().talks
    assert (talk.holds, talk.hold_s, talk.talk_s) == (1, 5, 6)


def test_a_talk_of_two_at_once_parted_for_a_moment_goes_on() -> None:
    told = play(f"""{LOCAL_TALK}
        5   phone 5 102 of 1
        5   dial 5 by 1
        5   rings 5
        6   up 5
        6   bridge y 5
        8   unbridge x 4
        8   swap y 4 for 2
        8   ends 3 2
        15  quits 1
        15  ends 4 5 1
    """)
    assert [(talk.agent, talk.talk_s) for talk in told.ended().talks] == [("101", 11), ("102", 9)]


def test_a_call_answered_outside_is_answered_though_by_no_agent() -> None:
    """A direct number that leads on to somebody's mobile."""
    told = play("""
        0  caller 1 +393331234567 to +390221000101
        0  trunk 2 of 1
        0  dial 2 by 1 3471234567
        3  up 2 1
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls == ["started 1", "ended 1 answered customer"]
    assert (told.ended().answered_at, told.ended().talks) == (at(3), ())


def test_a_queue_whose_member_is_outside_has_answered() -> None:
    told = play(f"""{WAITING}
        1  trunk 2 of 1
        1  tries 1 sales 3471234567
        1  dial 2 by 1
        3  up 2
        3  leaves 1 sales
        3  takes 1 sales 3471234567
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls[-1] == "ended 1 answered customer"
    assert told.ended().stays[0].outcome is StayOutcome.ANSWERED


def test_what_is_said_of_unknown_legs_is_counted_and_harmless() -> None:
    """We connected in mid-call and asked for no snapshot: each word about a leg is odd, none is a call."""
    told = play("""
        0  rings 2
        0  up 2
        0  dial-over 2 answered
        0  joins 1 sales
        1  misses 1 sales 101
        1  takes 1 sales 101
        1  gives-up 1 sales
        1  refused 1 timeout
        1  reaches 1 sales
        1  tries 1 sales 101
        1  done 1 sales 101 5
        1  leaves 1 sales
        1  bridge b 1 2
        2  swap b 3 for 2
        2  holds 2
        2  resumes 2
        2  presses 1 5
        2  pair 8 9
        3  blind 2 1 102
        3  attended 2 3 1 4
        3  parks 1 701
        3  unparks 1 5
        4  killed 1
        4  quits 1
        4  unbridge b 1
        4  ends 1 2
    """)
    assert told.calls == []
    assert set(told.oddities) == {"unknown-leg"}
    assert len(told.oddities) == 28


def test_the_rest_of_a_call_whose_first_leg_was_not_seen() -> None:
    told = play("""
        0  phone 2 101 of 1
        0  dial 2 by 1
        0  rings 2
        3  up 2
        9  ends 2 1
    """)
    assert "call-without-root" in told.oddities
    assert told.calls == [
        "started 1",
        "offered 1 101",
        "offer-over 1 101 answered",
        "ended 1 no_answer pbx",
    ]


def test_a_stream_that_says_a_thing_twice_tells_it_once() -> None:
    lines = f"{TALKING}\n 9 quits 1\n 9 unbridge b 1 2\n 9 ends 2 1".splitlines()
    once, twice = play("\n".join(lines)), play("\n".join(f"{line}\n{line}" for line in lines if "joins" not in line))
    assert twice.calls == [line for line in once.calls if "sales" not in line]


def test_a_caller_who_joins_again_has_left_before() -> None:
    told = play(f"{WAITING}\n 5 joins 1 support\n 9 quits 1\n 9 leaves 1 support\n 9 ends 1")
    assert told.calls[1:4] == ["queued 1 sales", "left 1 sales transferred_out", "queued 1 support"]
    assert told.oddities == ["stay-without-leave"]


def test_open_calls_are_those_that_were_told_and_go_on() -> None:
    book = Playbook()
    book.play("0 phone 7 105 to *21")
    assert book.tracker.open_calls() == []
    book.play(TALKING)
    (call,) = book.tracker.open_calls()
    assert (call.call_id, call.outcome, [talk.agent for talk in call.talks]) == ("1", None, ["101"])
    book.play("9 quits 1\n 9 ends 1 2")
    assert book.tracker.open_calls() == []


def test_the_first_leg_of_a_call_may_be_seen_after_the_phones_it_rings() -> None:
    """We connected in mid-call: the next phone rings before the snapshot tells of the caller."""
    told = play("""
        0  phone 2 101 of 1
        0  dial 2 by 1
        0  rings 2
        1  caller 1 +393331234567 to +390221000101
        3  up 2 1
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls == [
        "started 1",
        "offered 1 101",
        "offer-over 1 101 answered",
        "answered 1 101",
        "released 1 101",
        "ended 1 answered customer",
    ]
    assert [leg.leg_id for leg in told.ended().legs] == ["1", "2"]


def test_an_outbound_call_whose_agent_is_seen_late() -> None:
    told = play("""
        0  trunk 2 of 1
        0  dial 2 by 1 0612345678
        1  phone 1 101 to 90612345678
        3  up 2 1
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    call = told.ended()
    assert (call.direction, call.dialled, call.caller) == (Direction.OUTBOUND, "0612345678", Party("101"))
    assert (call.outcome, call.answered_at) == (CallOutcome.ANSWERED, at(3))


def test_an_agent_rung_anew_within_a_moment_begins_another_talk() -> None:
    told = play(f"""{TALKING}
        6.0  blind 2 1 101
        6.0  unbridge b 2 1
        6.0  ends 2
        6.1  phone 3 101 of 1
        6.1  dial 3 by 1 101
        6.1  rings 3
        6.5  up 3
        6.5  bridge c 3 1
        9    quits 1
        9    ends 1 3
    """)
    assert [(talk.agent, talk.started_at, talk.ended_at) for talk in told.ended().talks] == [
        ("101", at(4), at(6)),
        ("101", at(6.5), at(9)),
    ]
