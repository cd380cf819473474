"""A colleague asked by the keys of a phone, and calls that are picked up by code: signal by signal."""

from __future__ import annotations

import pytest

from tests.cti.playbook import CONSULTING, TALKING, Playbook, at, play

#: 101 has pressed the key that asks a colleague: his customer hears music, 102's phone rings.
ASKED_BY_KEY = f"""{TALKING}
    6  holds 2
    6  local 3 4 of 1
    6  bridge c 3
    6  unbridge b 2
    6  bridge c 2
    6  phone 5 102 of 1
    6  dial 5 by 4
    6  rings 5
"""
ANSWERS_THE_KEY = "8 up 5\n 8 dial-over 5 answered\n 8 bridge d 5 4\n"


def test_who_asks_by_key_keeps_his_customer_on_hold() -> None:
    told = play(f"{ASKED_BY_KEY}{ANSWERS_THE_KEY}")
    assert told.calls[-3:] == ["held 1 101", "consulted 1 102", "offer-over 1 102 answered"]


def test_a_colleague_asked_by_key_has_the_customer_once_he_is_handed_over() -> None:
    told = play(f"""{ASKED_BY_KEY}{ANSWERS_THE_KEY}
        9   quits 2
        9   bridge b 3
        9   attended 2 2 1 3
        9   unbridge c 2
        9   ends 2
        15  quits 1
        15  ends 1 3 4 5
    """)
    assert told.oddities == []
    call = told.ended()
    assert call.agents_rung == call.answered_by == ("101", "102")
    assert [(talk.agent, talk.started_at, talk.ended_at, talk.hold_s) for talk in call.talks] == [
        ("101", at(4), at(9), 3.0),
        ("102", at(9), at(15), 0.0),
    ]
    (transfer,) = call.transfers
    assert (transfer.to, transfer.consulted_at, transfer.consult_answered_at) == ("102", at(6), at(8))


@pytest.mark.parametrize("answers", [ANSWERS_THE_KEY, ""], ids=["answered", "ringing"])
def test_whom_the_transfer_by_key_does_not_name_was_asked_all_the_same(answers: str) -> None:
    """The pair is in the customer's bridge before Asterisk tells of the transfer, and then it names no target."""
    later = "" if answers else "10 up 5\n 10 bridge d 5 4"
    told = play(f"""{ASKED_BY_KEY}{answers}
        9   quits 2
        9   unbridge c 2 3
        9   bridge b 3
        9   attended 2 2 1 -
        9   ends 2
        {later}
        15  quits 1
        15  ends 1 3 4 5
    """)
    assert told.oddities == []
    call = told.ended()
    assert [(one.kind, one.by, one.to, one.consulted_at) for one in call.transfers] == [
        ("attended", "101", "102", at(6))
    ]
    assert call.answered_by == ("101", "102")


def test_a_colleague_asked_by_key_who_refuses_never_rang_for_the_customer() -> None:
    told = play(f"""{ASKED_BY_KEY}
        7   quits 5
        7   dial-over 5 busy
        7   ends 5 4 3
        7   unbridge c 2
        7   bridge b 2
        7   resumes 2
        12  quits 1
        12  ends 1 2
    """)
    call = told.ended()
    assert (call.agents_rung, call.answered_by, call.transfers) == (("101",), ("101",), ())
    assert [(talk.started_at, talk.ended_at, talk.holds, talk.hold_s) for talk in call.talks] == [
        (at(4), at(12), 1, 1.0)
    ]


def test_a_customer_who_does_not_wait_for_the_answer_ends_the_call() -> None:
    book = Playbook()
    told = book.play(
        f"{ASKED_BY_KEY}{ANSWERS_THE_KEY} 11 quits 1\n 11 unbridge b 1\n 11 ends 1\n 11 swap c 5 for 3\n 11 ends 3 4"
    )
    assert told.calls[-2:] == ["released 1 101", "ended 1 answered customer"]
    assert told.ended().hold_s == 5.0
    assert book.play("20 quits 2\n 20 ends 2 5").calls == []


def test_all_three_talking_is_no_transfer() -> None:
    told = play(f"{ASKED_BY_KEY}{ANSWERS_THE_KEY} 9 bridge b 3\n 9 unbridge c 2\n 9 bridge b 2\n 9 resumes 2")
    assert told.calls[-2:] == ["answered 1 102", "resumed 1 101"]
    assert told.last().agents_rung == ("101", "102")


def test_a_colleague_who_still_rings_has_the_customer_once_he_is_handed_over() -> None:
    script = CONSULTING.partition("    8    up 4 3")[0]
    told = play(f"{script} 7 attended 2 3 1 -\n 7 ends 2 3\n 9 up 4\n 9 bridge d 4 1\n 12 quits 1\n 12 ends 1 4")
    assert told.ended().agents_rung == told.ended().answered_by == ("101", "102")
    assert "consulted 1 102" in told.calls


def test_a_queues_try_for_the_one_who_asks_counts_once_it_is_answered() -> None:
    script = f"""{TALKING}
        6  holds 2
        6  phone 3 101 to 200
        6  joins 3 support
        6  phone 4 104 of 3
        6  dial 4 by 3
        6  rings 4
        7  attended 2 3 1 -
        7  ends 2 3
    """
    missed = play(f"{script} 9 misses 1 support 104\n 9 ends 4\n 12 quits 1\n 12 leaves 1 support\n 12 ends 1").ended()
    assert missed.agents_rung == ("101",)
    answered = play(f"{script} 9 up 4\n 9 bridge d 4 1\n 12 quits 1\n 12 ends 1 4").ended()
    assert answered.agents_rung == ("101", "104")


def test_a_pick_up_told_after_the_pair_has_gone_is_one_all_the_same() -> None:
    """On a busy machine Asterisk tells of the pair's end first."""
    told = play("""
        0  caller 1 +39333 to 200
        0  joins 1 support
        0  local 2 3 of 1
        0  tries 1 support 103 2
        0  dial 2 by 1
        0  phone 4 103 of 1
        0  dial 4 by 3
        0  rings 4
        2  phone 5 102 to *9103
        2  up 5
        2  dial-over 4 cancelled
        2  ends 2 3
        2  picks-up 2 5
        2  leaves 1 support
        2  takes 1 support 103
        2  bridge b 5 1
        2  ends 4
        9  quits 5
        9  ends 5 1
    """)
    assert told.oddities == []
    call = told.ended()
    assert [(stay.outcome, stay.agent) for stay in call.stays] == [("answered", "102")]
    assert call.answered_by == ("102",)


def test_a_pick_up_told_after_the_wait_has_ended_is_one_all_the_same() -> None:
    told = play("""
        0  caller 1 +39333 to 200
        0  joins 1 support
        0  local 2 3 of 1
        0  tries 1 support 103 2
        0  dial 2 by 1
        0  phone 4 103 of 1
        0  dial 4 by 3
        0  rings 4
        2  phone 5 102 to *9103
        2  up 5
        2  leaves 1 support
        2  takes 1 support 103
        2  picks-up 2 5
        2  dial-over 4 cancelled
        2  ends 2 3 4
        2  bridge b 5 1
        9  quits 5
        9  ends 5 1
    """)
    assert told.oddities == []
    call = told.ended()
    assert [(stay.outcome, stay.agent) for stay in call.stays] == [("answered", "102")]
    assert [(ring.agent, ring.result) for ring in call.rings] == [("103", "elsewhere")]
