"""What contact centres do, as stories: the real Asterisk tells the same ones in ``tests/pbx/test_behaviour_*.py``."""

from __future__ import annotations

from tests.cti.playbook import TALKING, Playbook, at, play

#: 101 and his customer are moved to a room in second 6, 102 joins in second 8.
ROOM = f"""{TALKING}
    6  unbridge b 1 2
    6  room r 1 2
    8  phone 5 102 to 800
    8  up 5
    8  room r 5
"""


def test_who_leaves_a_room_first_does_not_end_the_call() -> None:
    told = play(f"{ROOM} 10 quits 2\n 10 ends 2\n 14 quits 1\n 14 ends 1\n 15 quits 5\n 15 ends 5")
    assert told.calls[-3:] == ["released 1 101", "released 1 102", "ended 1 answered customer"]
    assert [(talk.agent, talk.started_at, talk.ended_at) for talk in told.ended().talks] == [
        ("101", at(4), at(10)),
        ("102", at(8), at(14)),
    ]


def test_the_agent_whose_leaving_closes_the_room_ends_the_call() -> None:
    told = play(f"{ROOM} 14 quits 2\n 14.02 ends 2 1 5")
    assert told.calls[-1] == "ended 1 answered agent"


def test_a_call_is_over_with_its_customer_though_others_stay_in_the_room() -> None:
    book = Playbook()
    assert book.play(f"{ROOM} 14 quits 1\n 14 ends 1").calls[-1] == "ended 1 answered customer"
    rest = book.play("20 quits 2\n 20 ends 2\n 21 quits 5\n 21 ends 5")
    assert (rest.calls, rest.oddities) == ([], [])


def test_the_next_customer_in_the_room_has_a_call_of_his_own() -> None:
    told = play(f"""{ROOM}
        14  quits 1
        14  ends 1
        16  caller 7 +39444 to +390221000800
        16  up 7
        16  room r 7
        20  quits 7
        20  ends 7 2 5
    """)
    assert told.ended("7").answered_by == ("101", "102")
    assert told.ended("7").answered_at == at(16), "not when those in the room had come"


def test_a_customer_alone_in_a_room_is_still_on_the_phone() -> None:
    book = Playbook()
    book.play(f"{ROOM} 10 ends 2\n 11 ends 5")
    assert [call.call_id for call in book.tracker.open_calls()] == ["1"]


def test_a_phone_that_is_made_to_ring_never_looked_like_talking() -> None:
    told = play("0 caller 1 +39333 to 101\n 0 phone 2 101 of 1\n 0 rings 2\n 0 dial 2 by 1\n 4 up 2 1\n 4 bridge b 2 1")
    assert told.agents == ["101 state ringing", "101 state talking"]


#: A customer waits in mobiles, whose member is a number outside behind a Local channel.
MOBILE = """
    0  caller 1 +39444 to 190
    0  joins 1 mobiles
    0  local 2 3 of 1
    0  tries 1 mobiles 39333 2
    0  dial 2 by 1
    0  trunk 4 of 1
    0  dial 4 by 3 39333
    0  rings 4
    3  up 4
    3  leaves 1 mobiles
    3  takes 1 mobiles 39333
    3  bridge a 4 3
    3  bridge b 2 1
"""


def test_a_member_at_a_number_outside_is_an_agent_and_no_customer() -> None:
    told = play(f"{MOBILE} 9 quits 4\n 9 ends 4 3 2 1")
    assert told.calls == [
        "started 1",
        "queued 1 mobiles",
        "offered 1 39333",
        "offer-over 1 39333 answered",
        "left 1 mobiles answered 39333",
        "answered 1 39333",
        "released 1 39333",
        "ended 1 answered agent",
    ]
    assert told.oddities == []


def test_the_member_is_known_though_his_phone_rings_before_the_queue_names_him() -> None:
    script = MOBILE.replace("    0  tries 1 mobiles 39333 2\n", "").replace(
        "rings 4", "rings 4\n0 tries 1 mobiles 39333 2"
    )
    assert "answered 1 39333" in play(script).calls


def test_a_number_outside_that_is_an_agents_rings_him() -> None:
    told = play("""
        0  caller 1 +39444 to 101
        0  phone 2 101 of 1
        0  dial 2 by 1 101
        0  rings 2
        5  dial-over 2 no_answer
        5  ends 2
        5  trunk 3 of 1
        5  rings 3
        5  dial 3 by 1 39333 101
        8  up 3 1
        8  bridge b 3 1
        9  quits 3
        9  ends 3 1
    """)
    assert told.calls[1:] == [
        "offered 1 101",
        "offer-over 1 101 missed",
        "offered 1 101",
        "offer-over 1 101 answered",
        "answered 1 101",
        "released 1 101",
        "ended 1 answered agent",
    ]


def test_a_number_outside_that_is_nobodys_answers_once_it_is_connected() -> None:
    away = "0 caller 1 +39444 to 101\n 0 trunk 3 of 1\n 0 dial 3 by 1 39333\n 5 up 3\n"
    assert play(f"{away} 9 quits 1\n 9 ends 3 1").ended().outcome == "abandoned", "he was asked to confirm, and did not"
    told = play(f"{away} 5 bridge b 3 1\n 9 quits 1\n 9 ends 3 1").ended()
    assert (told.outcome, told.answered_at, told.answered_by) == ("answered", at(5), ())


def test_a_phone_that_sends_the_call_on_missed_nothing() -> None:
    told = play("""
        0  caller 1 +39444 to 101
        0  phone 2 101 of 1
        0  dial 2 by 1 101
        0  rings 2
        2  quits 2
        2  dial-over 2 forwarded
        2  phone 3 102 of 1
        2  dial 3 by 1 102
        2  rings 3
        9  quits 1
        9  dial-over 3 cancelled
        9  ends 2 3 1
    """)
    assert "offer-over 1 101 elsewhere" in told.calls
    assert told.calls[-1] == "ended 1 abandoned customer"


def test_who_hangs_up_in_the_mailbox_did_not_abandon_a_ringing_phone() -> None:
    rung = "0 caller 1 +39444 to 101\n 0 phone 2 101 of 1\n 0 dial 2 by 1\n 0 rings 2\n"
    told = play(f"{rung} 8 dial-over 2 no_answer\n 8 ends 2\n 8 up 1\n 20 quits 1\n 20 ends 1")
    assert told.calls[-1] == "ended 1 no_answer customer"


def test_early_media_told_late_is_no_news() -> None:
    told = play("0 caller 1 +39444 to 101\n 0 phone 2 101 of 1\n 0 dial 2 by 1\n 3 up 2\n 3 rings 2\n 3 ends 2 1")
    assert told.oddities == []
    assert len(told.ended().rings) == 1
