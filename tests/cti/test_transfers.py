"""Handing over: by whom, to whom, and that it is told once."""

from __future__ import annotations

from cti.model import TransferKind
from tests.cti.playbook import CONSULTING, RINGING, TALKING, Playbook, at, play

PARKED = f"""{TALKING}
    6  blind 2 1 700
    6  unbridge b 2 1
    6  bridge p 1
    6  parks 1 701
    8  ends 2
"""


def handed(told_call: object) -> list[tuple[object, ...]]:
    transfers = getattr(told_call, "transfers")  # noqa: B009
    return [(one.kind, one.by, one.to, one.slot) for one in transfers]


PICKED_UP = """
    2  phone 5 102 to *8
    2  up 5
    2  picks-up 2 5
    2  leaves 1 sales
    2  takes 1 sales 101
    2  ends 2 cause 26
    2  bridge b 5 1
"""


def test_who_picks_a_call_up_takes_it_and_who_rang_missed_nothing() -> None:
    told = play(f"{RINGING}{PICKED_UP} 9 quits 5\n 9 done 1 sales 101 7\n 9 ends 5 1")
    assert told.calls == [
        "started 1",
        "queued 1 sales",
        "offered 1 101",
        "offer-over 1 101 elsewhere",
        "left 1 sales answered 102",
        "answered 1 102",
        "released 1 102",
        "ended 1 answered agent",
    ]
    assert told.oddities == []
    (talk,) = told.ended().talks
    assert (talk.agent, talk.queue, talk.queue_talk_s) == ("102", "sales", 7)


def test_a_call_picked_up_stops_ringing_at_all_who_rang() -> None:
    also = "1 phone 3 103 of 1\n 1 tries 1 sales 103\n 1 dial 3 by 1\n 1 rings 3\n"
    told = play(f"{RINGING}{also}{PICKED_UP} 2 dial-over 3 cancelled\n 2 ends 3 cause 26")
    assert {line for line in told.calls if line.startswith("offer-over")} == {
        "offer-over 1 101 elsewhere",
        "offer-over 1 103 elsewhere",
    }


def test_a_call_between_colleagues_that_is_picked_up_is_one_call() -> None:
    told = play("""
        0  phone 1 103 to 101
        0  phone 2 101 of 1
        0  dial 2 by 1 101
        0  rings 2
        2  phone 5 102 to *8
        2  up 5
        2  picks-up 2 5
        2  up 1
        2  ends 2 cause 26
        2  bridge b 5 1
        9  quits 1
        9  ends 5 1
    """)
    assert told.calls[-2:] == ["released 1 102", "ended 1 answered agent"]
    assert told.ended().answered_by == ("102",)
    assert told.ended().agents_rung == ("101",)


def test_a_pickup_of_legs_never_seen_is_odd() -> None:
    book = Playbook()
    book.play(RINGING)
    assert book.play("2 picks-up 9 2\n 2 picks-up 2 9").oddities == ["unknown-leg", "unknown-leg", "unknown-leg"]


def test_a_blind_transfer_is_told_when_it_is_sent() -> None:
    book = Playbook()
    book.play(TALKING)
    told = book.play("6 blind 2 1 102")
    assert told.calls == ["transferred 1 blind 101 102"]
    assert told.last().transfers[0].at == at(6)


def test_a_transfer_of_legs_never_seen_is_odd() -> None:
    book = Playbook()
    book.play(TALKING)
    assert (
        book.play("6 blind 9 1 102\n 6 blind 2 9 102\n 6 attended 9 2 1 -\n 6 attended 2 9 1 -").oddities
        == ["unknown-leg"] * 4
    )


def test_a_join_told_just_before_its_transfer_makes_it_one_to_the_queue() -> None:
    told = play(
        f"{TALKING} 6 joins 1 support\n 6.05 blind 2 1 200\n 6.05 ends 2\n 9 quits 1\n 9 leaves 1 support\n 9 ends 1"
    )
    assert handed(told.ended()) == [(TransferKind.QUEUE, "101", "support", None)]


def test_a_transfer_to_a_phone_whose_customer_waits_somewhere_long_since_is_blind() -> None:
    told = play(f"{TALKING} 5 joins 1 support\n 6 blind 2 1 102\n 6 ends 2\n 9 quits 1\n 9 leaves 1 support\n 9 ends 1")
    assert handed(told.ended()) == [(TransferKind.BLIND, "101", "102", None)]


def test_the_colleague_sent_on_by_the_one_he_asked_is_no_transfer_of_the_customer() -> None:
    told = play(f"{CONSULTING} 9 blind 4 3 105\n 9 ends 4 3\n 10 resumes 2\n 15 quits 1\n 15 ends 1 2")
    assert told.ended().transfers == ()


def test_a_transfer_told_before_the_bridge_moves_is_the_same_as_after() -> None:
    before = "10 attended 2 3 1 4\n 10 unbridge b 2\n 10 unbridge c 4\n 10 swap b 4 for 2\n"
    after = "10 unbridge b 2\n 10 unbridge c 4\n 10 swap b 4 for 2\n 10 attended 2 3 1 4\n"
    ends = "10 ends 2 3\n 15 quits 1\n 15 ends 1 4"
    one, other = (play(f"{CONSULTING} {order} {ends}").ended() for order in (before, after))
    assert one == other
    assert one.agents_rung == ("101", "102")


def test_the_one_who_hands_over_in_the_middle_of_his_own_question_rings_no_more_as_consulted() -> None:
    """Handed over while the colleague's phone still rings."""
    told = play(f"""{TALKING}
        6   holds 2
        6   phone 3 101 to 102
        6   phone 4 102 of 3
        6   dial 4 by 3
        6   rings 4
        7   attended 2 3 1 4
        7   ends 2 3
        9   up 4
        9   bridge c 4 1
        15  quits 1
        15  ends 1 4
    """)
    assert [(ring.agent, ring.consult) for ring in told.ended().rings] == [("101", False), ("102", False)]
    assert told.ended().transfers[0].consult_answered_at is None


def test_an_attended_transfer_of_one_who_has_handed_over_before() -> None:
    told = play(f"""{CONSULTING}
        10  attended 2 3 1 4
        10  unbridge c 4
        10  swap b 4 for 2
        10  ends 2 3
        12  holds 4
        12  phone 5 102 to 105
        12  phone 6 105 of 5
        12  dial 6 by 5
        12  rings 6
        13  up 6 5
        13  bridge d 6 5
        14  resumes 4
        14  attended 4 5 1 6
        14  unbridge d 6
        14  swap b 6 for 4
        14  ends 4 5
        20  quits 1
        20  ends 1 6
    """)
    assert handed(told.ended()) == [
        (TransferKind.ATTENDED, "101", "102", None),
        (TransferKind.ATTENDED, "102", "105", None),
    ]
    assert told.ended().answered_by == told.ended().agents_rung == ("101", "102", "105")


def test_a_parked_call_waits_for_whoever_takes_it_up() -> None:
    told = play(f"""{PARKED}
        12  phone 3 102 to 701
        12  up 3
        12  regroup 3 1
        12  unparks 1 3
        12  unbridge p 1
        12  bridge d 3 1
        20  quits 3
        20  ends 3 1
    """)
    call = told.ended()
    assert handed(call) == [(TransferKind.PARK, "101", "102", "701")]
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("101", 2), ("102", 8)]


def test_a_parked_call_that_nobody_takes_up_has_no_taker() -> None:
    told = play(
        f"{PARKED} 60 unparks 1 -\n 60 phone 3 101 of 1\n 60 dial 3 by 1\n 60 rings 3\n 62 quits 1\n 62 ends 3 1"
    )
    assert handed(told.ended()) == [(TransferKind.PARK, "101", None, "701")]
    assert told.calls[-1] == "ended 1 answered customer"


def test_parked_twice_each_with_its_own_taker() -> None:
    told = play(f"""{PARKED}
        12  phone 3 102 to 701
        12  up 3
        12  regroup 3 1
        12  unparks 1 3
        12  bridge d 3 1
        15  blind 3 1 700
        15  unbridge d 3 1
        15  parks 1 702
        15  ends 3
        18  phone 4 103 to 702
        18  up 4
        18  regroup 4 1
        18  unparks 1 4
        18  bridge e 4 1
        20  quits 4
        20  ends 4 1
    """)
    assert handed(told.ended()) == [
        (TransferKind.PARK, "101", "102", "701"),
        (TransferKind.PARK, "102", "103", "702"),
    ]


def test_parked_without_a_transfer_it_was_the_last_who_talked() -> None:
    told = play(f"{TALKING} 6 parks 1 703\n 9 quits 1\n 9 ends 1 2")
    assert handed(told.ended()) == [(TransferKind.PARK, "101", None, "703")]
    assert "transferred 1 park 101" in told.calls


def test_taking_up_what_was_never_seen_parked_is_harmless() -> None:
    told = play(f"{TALKING} 6 unparks 1 2\n 6 unparks 9 2\n 6 parks 9 701\n 9 quits 1\n 9 ends 1 2")
    assert told.ended().transfers == ()
    assert told.oddities == ["unknown-leg"] * 2


def test_a_transfer_by_the_pbxs_own_key_names_the_colleague_behind_its_local_channel() -> None:
    """The agent stays on one leg: he presses a key, the PBX calls the colleague, he rings off."""
    told = play(f"""{TALKING}
        6   unbridge b 2
        6   local 3 4 of 1
        6   phone 5 102 of 1
        6   dial 5 by 4
        6   rings 5
        8   up 5 4 3
        8   bridge x 5 4
        8   bridge c 2 3
        10  unbridge c 2 3
        10  bridge b 3
        10  attended 2 2 1 3
        10  ends 2
        15  quits 5
        15  ends 5 4 3 1
    """)
    assert handed(told.ended()) == [(TransferKind.ATTENDED, "101", "102", None)]
    assert [(talk.agent, talk.talk_s) for talk in told.ended().talks] == [("101", 2), ("102", 5)]
    assert told.calls[-1] == "ended 1 answered agent"


def test_a_colleague_whose_phone_rings_before_it_is_dialled_is_asked_all_the_same() -> None:
    """A real Asterisk 22, busy: Newstate "Ringing" came before DialBegin."""
    told = play(f"""{TALKING}
        6   holds 2
        7   phone 3 101 to 102
        7   phone 4 102 of 3
        7   rings 4
        7   dial 4 by 3
        8   quits 4
        8   ends 4 3
        15  quits 1
        15  ends 1 2
    """)
    assert [line for line in told.calls if line.startswith("started")] == ["started 1"]
    assert [(ring.agent, ring.consult) for ring in told.ended().rings] == [("101", False), ("102", True)]


def test_of_two_customers_on_hold_the_last_is_the_one_asked_about() -> None:
    told = play(f"""{TALKING}
        5   holds 2
        6   caller 5 +39444 to 101
        6   phone 6 101 of 5
        6   dial 6 by 5
        6   rings 6
        7   up 6 5
        7   bridge d 6 5
        8   holds 6
        9   phone 7 101 to 102
        9   phone 8 102 of 7
        9   dial 8 by 7
        9   rings 8
    """)
    assert told.calls[-1] == "consulted 5 102"


def test_the_transferers_second_leg_is_found_where_the_pbx_does_not_name_it() -> None:
    for named in ("3", "-"):
        told = play(f"{CONSULTING} 9 attended 2 {named} 1 4\n 9 ends 2 3\n 9 bridge d 1 4\n 15 quits 1\n 15 ends 1 4")
        call = told.ended()
        assert handed(call) == [(TransferKind.ATTENDED, "101", "102", None)]
        assert (call.answered_by, call.agents_rung) == (("101", "102"), ("101", "102"))
        assert (call.transfers[0].consulted_at, call.transfers[0].consult_answered_at) == (at(6), at(8))


def test_a_transfer_to_who_was_never_consulted_is_odd() -> None:
    assert play(f"{TALKING} 9 attended 2 - 1 7").oddities == ["unknown-leg"]


def test_a_park_that_is_told_before_the_transfer_that_led_there_is_told_once() -> None:
    told = play(f"{TALKING} 6 parks 1 701\n 6.02 blind 2 1 701\n 6.1 ends 2\n 15 quits 1\n 15 ends 1")
    assert handed(told.ended()) == [(TransferKind.PARK, "101", None, "701")]


def test_a_colleague_called_before_the_customer_is_put_on_hold_is_asked_all_the_same() -> None:
    told = play(f"""{TALKING}
        6    phone 3 101 to 102
        6    phone 4 102 of 3
        6    dial 4 by 3 102
        6.1  holds 2
        6.2  rings 4
        8    quits 3
        8    ends 3 4
        9    resumes 2
        15   quits 1
        15   ends 1 2
    """)
    assert "merged 3 into 1" in told.calls
    call = told.ended()
    assert ([(ring.agent, ring.consult) for ring in call.rings], call.agents_rung) == (
        [("101", False), ("102", True)],
        ("101",),
    )
