"""Stays: one wait in one queue, entered once and left once, with the right reason; and agents' places."""

from __future__ import annotations

import pytest

from cti.model import StayOutcome
from cti.signals import QueueLeft
from tests.cti.playbook import ORIGIN, RINGING, TALKING, TALKING_TOLD, WAITING, Playbook, Told, at, play

WAYS_TO_LEAVE = {
    "abandoned": ("9 quits 1\n 9 gives-up 1 sales\n 9 leaves 1 sales", StayOutcome.ABANDONED),
    "abandoned, told by the leaving alone": ("9 quits 1\n 9 leaves 1 sales", StayOutcome.ABANDONED),
    "abandoned, told by the end alone": ("9 quits 1\n 9 ends 1", StayOutcome.ABANDONED),
    "killed": ("9 killed 1\n 9 leaves 1 sales", StayOutcome.ABANDONED),
    "timeout": ("9 gives-up 1 sales\n 9 leaves 1 sales", StayOutcome.TIMEOUT),
    "timeout, says so": ("9 gives-up 1 sales\n 9 leaves 1 sales\n 9 refused 1 timeout", StayOutcome.TIMEOUT),
    "empty": ("9 gives-up 1 sales\n 9 leaves 1 sales\n 9 refused 1 empty", StayOutcome.EXIT_EMPTY),
    "goes on in the dialplan": ("9 gives-up 1 sales\n 9 leaves 1 sales\n 9 refused 1 continue", StayOutcome.TIMEOUT),
    "key": ("8 presses 1 3\n 9 leaves 1 sales", StayOutcome.EXIT_KEY),
    "taken away": ("9 dial-over 2 cancelled\n 9 leaves 1 sales", StayOutcome.TRANSFERRED_OUT),
    "answered": ("9 up 2\n 9 leaves 1 sales\n 9 takes 1 sales 101", StayOutcome.ANSWERED),
    "answered, in the other order": ("9 up 2\n 9 takes 1 sales 101\n 9 leaves 1 sales", StayOutcome.ANSWERED),
    "answered, told by the taking alone": ("9 up 2\n 9 takes 1 sales 101\n 15 ends 1", StayOutcome.ANSWERED),
    "answered, told by the leaving alone": ("9 up 2\n 9 leaves 1 sales\n 15 ends 1", StayOutcome.ANSWERED),
}


@pytest.mark.parametrize("name", WAYS_TO_LEAVE)
def test_how_a_wait_ends_and_that_it_ends_once(name: str) -> None:
    script, outcome = WAYS_TO_LEAVE[name]
    told = play(f"{RINGING} {script}\n 20 ends 2\n 20 ends 1")
    agent = " 101" if outcome is StayOutcome.ANSWERED else ""
    assert [line for line in told.calls if line.startswith("left")] == [
        f"left 1 sales {StayOutcome.TIMEOUT if name == 'empty' else outcome}{agent}"
    ]
    (stay,) = told.ended().stays
    assert (stay.outcome, stay.wait_s, stay.position) == (outcome, 8.5, 1)


def test_a_key_pressed_before_the_queue_is_no_way_out_of_it() -> None:
    told = play("0 caller 1 - to 300\n 0 up 1\n 2 presses 1 2\n 3 joins 1 support\n 9 leaves 1 support\n 9 ends 1")
    assert [(stay.outcome, stay.key) for stay in told.ended().stays] == [(StayOutcome.TRANSFERRED_OUT, None)]


def test_the_key_that_was_pressed_is_kept() -> None:
    told = play(f"{WAITING} 5 presses 1 9\n 6 presses 1 #\n 6 leaves 1 sales\n 9 ends 1")
    assert told.ended().stays[0].key == "#"


def test_the_wait_ends_with_the_answer_and_not_with_the_word_of_it() -> None:
    told = play(f"{RINGING} 4 up 2\n 4.5 takes 1 sales 101\n 9 ends 2 1")
    assert told.ended().stays[0].left_at == at(4)


def test_a_way_that_the_queue_keeps_was_picked_up_before_the_word_of_it_comes() -> None:
    told = play(f"""{WAITING}
        1  local 2 3 of 1
        1  tries 1 sales 103 2
        1  dial 2 by 1
        1  phone 4 103 of 1
        1  dial 4 by 3
        1  rings 4
        3  phone 5 102 of 5
        3  up 5
        3  killed 3
        3  dial-over 4 cancelled
        3  ends 4
        3  leaves 1 sales
        3  picks-up 2 5
        3  ends 2 3
        3  takes 1 sales 102
        3  bridge b 5 1
        9  ends 5 1
    """)
    assert [line for line in told.calls if line.startswith("left")] == ["left 1 sales answered"]
    assert (told.oddities, told.ended().stays[0].outcome) == ([], StayOutcome.ANSWERED)


def test_of_two_who_answer_at_once_the_queue_says_which_counts() -> None:
    told = play(f"""{RINGING}
        1  phone 3 102 of 1
        1  dial 3 by 1
        1  rings 3
        4  up 2
        4  up 3
        4  leaves 1 sales
        4  takes 1 sales 102
        4  bridge b 3 1
        9  quits 1
        9  ends 3 2 1
    """)
    assert told.ended().stays[0].agent == "102"
    assert told.ended().answered_by == ("102",)


def test_an_answer_told_after_the_leaving_was_told_otherwise_is_odd() -> None:
    told = play(f"{WAITING} 4 leaves 1 sales\n 4 takes 1 sales 101\n 9 ends 1")
    assert told.oddities == ["stay-answered-late"]
    assert told.ended().stays[0].outcome is StayOutcome.ANSWERED


def test_the_queues_own_talk_time_is_kept_beside_ours() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 done 1 sales 101 5\n 9 ends 1 2")
    (talk,) = told.ended().talks
    assert (talk.queue_talk_s, talk.talk_s) == (5, 5)


def test_a_word_of_a_talk_that_was_not_seen_changes_nothing() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 done 1 support 101 5\n 9 done 1 sales 102 5\n 9 ends 1 2")
    assert told.ended().talks[0].queue_talk_s is None
    assert told.oddities == []


def test_the_misses_of_the_last_ring_come_after_the_queue_gave_up() -> None:
    told = play(f"{RINGING} 20 gives-up 1 sales\n 20 misses 1 sales 101\n 20 leaves 1 sales\n 20 ends 2 1")
    assert told.oddities == []
    assert "offer-over 1 101 missed" in told.calls


def test_a_wait_that_was_never_seen_is_odd() -> None:
    told = play("0 caller 1 - to 200\n 1 tries 1 sales 101\n 2 takes 1 sales 101\n 3 leaves 1 sales")
    assert told.oddities == ["unknown-stay"] * 3


def test_the_first_queue_is_the_calls_and_one_after_a_talk_is_not() -> None:
    told = play("""
        0   caller 1 - to 101
        0   phone 2 101 of 1
        0   dial 2 by 1
        0   rings 2
        2   up 2 1
        2   bridge b 2 1
        5   blind 2 1 200
        5   ends 2
        5   reaches 1 support
        5   joins 1 support
        9   quits 1
        9   leaves 1 support
        9   ends 1
    """)
    call = told.ended()
    assert (call.queue, call.queued_at, [stay.queue for stay in call.stays]) == (None, None, ["support"])


def test_a_queue_that_refuses_is_named_though_nobody_waited() -> None:
    told = play("0 caller 1 - to 200\n 0 reaches 1 sales\n 1 ends 1")
    assert (told.ended().queue, told.ended().queued_at, told.ended().stays) == ("sales", None, ())


def test_a_colleague_who_sends_the_consultation_on_to_a_queue_gives_his_place_there_to_the_customer() -> None:
    told = play(f"""{TALKING}
        6   holds 2
        6   phone 3 101 to 102
        6   phone 4 102 of 3
        6   dial 4 by 3
        6   rings 4
        7   up 4 3
        7   bridge c 4 3
        8   blind 4 3 200
        8   ends 4
        8   joins 3 support
        9   phone 5 103 of 3
        9   tries 3 support 103
        9   dial 5 by 3
        9   rings 5
        10  resumes 2
        10  attended 2 3 1 -
        10  ends 2 3
        12  up 5
        12  leaves 1 support
        12  takes 1 support 103
        12  bridge d 5 1
        20  quits 1
        20  ends 1 5
    """)
    call = told.ended()
    assert [(stay.queue, stay.outcome, stay.agent) for stay in call.stays] == [
        ("sales", StayOutcome.ANSWERED, "101"),
        ("support", StayOutcome.ANSWERED, "103"),
    ]
    assert (call.answered_by, call.queue) == (("101", "103"), "sales")
    assert told.oddities == []


def test_the_queue_call_of_an_agent_is_an_internal_call_that_waits() -> None:
    told = play("0 phone 1 101 to 200\n 0 up 1\n 0 joins 1 support\n 9 quits 1\n 9 leaves 1 support\n 9 ends 1")
    assert told.calls == ["started 1", "queued 1 support", "left 1 support abandoned", "ended 1 abandoned agent"]


def test_the_same_queue_twice_is_two_waits() -> None:
    told = play(
        f"{WAITING} 5 presses 1 1\n 5 leaves 1 sales\n 8 joins 1 sales\n 9 quits 1\n 9 leaves 1 sales\n 9 ends 1"
    )
    assert [stay.outcome for stay in told.ended().stays] == [StayOutcome.EXIT_KEY, StayOutcome.ABANDONED]
    assert told.ended().wait_s == 5.5


def test_what_an_agent_is_told_of_one_queue_leaves_the_others_alone() -> None:
    told = play("0 login sales 101\n 0 login support 101\n 1 pause sales 101 lunch\n 1 pause sales 101 coffee")
    assert told.agents[-2:] == ["101 pause sales lunch", "101 pause sales coffee"]
    assert told.oddities == []


def test_a_word_of_membership_is_told_once() -> None:
    assert play("0 member sales 101\n 1 member sales 101\n 2 login support 102\n 3 member support 102").agents == [
        "101 state idle",
        "102 login support",
    ]


def test_a_plain_queue_call_has_no_oddity() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 ends 1 2")
    assert (told.calls[:6], told.oddities) == (TALKING_TOLD, [])


def test_a_wait_on_behalf_of_a_customer_ends_when_he_has_gone() -> None:
    """101 asks a queue while the customer holds; the customer hangs up before anybody answers there."""
    told = play(f"""{TALKING}
        6  holds 2
        6  phone 3 101 to 200
        6  phone 4 102 of 3
        6  dial 4 by 3
        7  up 4 3
        8  blind 4 3 200
        8  ends 4
        8  joins 3 support
        9  quits 1
        9  ends 1 2
    """)
    assert told.calls[-2:] == ["left 1 support transferred_out", "ended 1 answered customer"]
    assert [(stay.queue, stay.wait_s) for stay in told.ended().stays] == [("sales", 3.5), ("support", 1)]


@pytest.mark.parametrize("outcome", list(StayOutcome))
def test_the_pbxs_own_word_on_how_a_wait_ended_counts(outcome: StayOutcome) -> None:
    book = Playbook()
    book.play(f"{WAITING} 8 presses 1 3")
    told = Told(book.tracker.apply(QueueLeft(at(9), ORIGIN, "1", None, "sales", outcome)))
    (stay,) = told.last().stays
    assert (stay.outcome, stay.left_at) == (outcome, at(9))
    assert stay.key == ("3" if outcome is StayOutcome.EXIT_KEY else None)


def test_a_caller_who_was_refused_never_waited() -> None:
    book = Playbook()
    book.play(WAITING)
    told = Told(book.tracker.apply(QueueLeft(at(1), ORIGIN, "1", None, "sales", StayOutcome.REFUSED)))
    assert (told.last().queue, told.last().queued_at) == ("sales", None)
    assert book.play("2 ends 1").ended().outcome == "refused"
