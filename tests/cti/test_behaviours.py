"""What contact centres do, as stories: the real Asterisk tells the same ones in ``tests/pbx/test_behaviour_*.py``."""

from __future__ import annotations

import pytest

from tests.cti.playbook import RINGING, TALKING, WAITING, Playbook, at, play

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


def test_who_listens_in_a_room_does_not_talk_until_he_speaks() -> None:
    """A supervisor, muted, is in nobody's call; unmuted he is in the customer's."""
    heard = """
        9  phone 7 104 to *58800
        9  up 7
        9  listens r 7
    """
    book = Playbook()
    assert book.play(f"{ROOM}{heard}").calls[-1] == "answered 1 102"
    assert book.play("11 speaks 7").calls == ["answered 1 104"]
    assert book.play("12 speaks 7").calls == []
    rest = book.play("14 quits 1\n 14 ends 1\n 15 quits 7\n 15 ends 7\n 16 ends 2 5")
    assert rest.ended().answered_by == ("101", "102", "104")


def test_who_only_listened_leaves_no_trace_in_the_call() -> None:
    told = play(f"{ROOM} 9 phone 7 104 to *58800\n 9 up 7\n 9 listens r 7\n 14 quits 1\n 14 ends 1\n 15 ends 7 5 2")
    assert (told.ended().answered_by, told.oddities) == (("101", "102"), [])


def test_a_page_is_answered_and_nobody_talks() -> None:
    told = play("""
        0  phone 1 101 to 560
        0  phone 2 102 of 1
        0  dial 2 by - 102
        0  rings 2
        1  up 2
        1  dial-over 2 answered
        1  listens r 2
        1  up 1
        1  room r 1
        5  quits 1
        5  ends 1 2
    """).ended()
    assert (told.outcome, told.answered_at, told.talks, told.agents_rung) == ("answered", at(1), (), ("102",))


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


def test_a_customer_whom_the_pbx_calls_is_an_outbound_call_of_nobodys() -> None:
    told = play("""
        0  called 1 trunk
        0  dial 1 by - 39333
        0  rings 1
        3  up 1
        3  joins 1 sales
        4  phone 2 101 of 1
        4  dial 2 by 1
        4  rings 2
        6  up 2
        6  leaves 1 sales
        6  takes 1 sales 101
        6  bridge b 2 1
        9  quits 2
        9  ends 2 1
    """)
    call = told.ended()
    assert (call.direction, call.dialled, call.caller.number, call.click_to_dial) == ("outbound", "39333", None, False)
    assert (call.outcome, call.ended_by, call.answered_at, call.queue) == ("answered", "agent", at(3), "sales")
    assert (call.agents_rung, call.answered_by) == (("101",), ("101",))


def test_a_click_to_dial_through_a_local_channel_is_the_agents_call() -> None:
    told = play("""
        0  local 1 2 of 1
        0  dial 1 by -
        0  phone 3 101 of 1
        0  dial 3 by 2 101
        0  rings 3
        2  up 3
        2  bridge a 3 2
        2  trunk 4 of 1
        2  dial 4 by 1 39333
        5  up 4
        5  bridge b 4 1
        9  quits 4
        9  ends 4 1 2 3
    """)
    call = told.ended()
    assert (call.direction, call.caller.number, call.dialled) == ("outbound", "101", "39333")
    assert (call.click_to_dial, call.answered_by, call.ended_by) == (True, ("101",), "customer")


def test_a_caller_ended_from_outside_while_a_phone_rings_abandoned_nothing_to_the_queue() -> None:
    killed = "5 dial-over 2 cancelled\n 5 gives-up 1 sales\n 5 leaves 1 sales\n 5 ends 2 1"
    rung = RINGING.replace("tries 1 sales 101", "tries 1 sales 101 2")
    assert play(f"{rung}{killed}").calls[-1] == "ended 1 abandoned pbx"
    gave_up = killed.replace("5 dial-over 2 cancelled", "5 misses 1 sales 101\n5 dial-over 2 no_answer")
    assert play(f"{rung}{gave_up}").calls[-1] == "ended 1 timeout pbx"


def test_a_queue_that_has_just_lost_its_last_member_lets_go_as_empty() -> None:
    gone = f"0 login sales 101\n{WAITING} 5 pause sales 101 lunch\n"
    assert "left 1 sales exit_empty" in play(f"{gone} 6 gives-up 1 sales\n 6 leaves 1 sales").calls
    assert "left 1 sales timeout" in play(f"{gone} 60 gives-up 1 sales\n 60 leaves 1 sales").calls, "it keeps callers"
    back = f"{gone} 6 unpause sales 101\n 7 gives-up 1 sales\n 7 leaves 1 sales"
    assert "left 1 sales timeout" in play(back).calls


def test_a_caller_sent_elsewhere_left_the_queue_alive() -> None:
    told = play(f"{WAITING} 5 sent-on 1 sales\n 5 leaves 1 sales\n 5 phone 2 102 of 1\n 5 dial 2 by 1\n 5 rings 2")
    assert "left 1 sales transferred_out" in told.calls


def test_a_caller_who_hangs_up_while_he_is_being_answered_ended_the_call() -> None:
    told = play(f"{RINGING} 4 up 2\n 4 quits 1\n 4 leaves 1 sales\n 4 takes 1 sales 101\n 4 bridge b 2 1\n 4 ends 1 2")
    assert told.calls[-1] == "ended 1 answered customer"


def test_a_member_that_is_another_queue_answers_for_the_first() -> None:
    told = play("""
        0  caller 1 +39333 to 274
        0  joins 1 nested
        0  local 2 3 of 1
        0  tries 1 nested 210 2
        0  dial 2 by 1
        0  up 3 2
        0  leaves 1 nested
        0  takes 1 nested 210
        0  bridge a 2 1
        0  joins 3 support
        1  phone 4 103 of 1
        1  tries 3 support 103 4
        1  dial 4 by 3
        1  rings 4
        3  up 4
        3  leaves 3 support
        3  takes 3 support 103
        3  bridge b 4 3
        9  quits 1
        9  ends 1 2 3 4
    """)
    assert told.oddities == []
    call = told.ended()
    assert [(stay.queue, stay.outcome, stay.agent) for stay in call.stays] == [
        ("nested", "answered", "210"),
        ("support", "answered", "103"),
    ]
    assert [(talk.agent, talk.queue, talk.started_at) for talk in call.talks] == [("103", "support", at(3))]


@pytest.mark.parametrize("told", ["1 turned-away 1\n 1 quits 1", "1 quits 1\n 1 turned-away 1"])
def test_whom_the_pbx_refuses_did_not_hang_up(told: str) -> None:
    """His phone's word that it takes the refusal comes before or after it."""
    call = play(f"0 caller 1 +39333 to 275\n {told}\n 2 ends 1 cause 17").ended()
    assert (call.outcome, call.ended_by) == ("refused", "pbx")
    rung = "0 caller 1 +39333 to 101\n 0 phone 2 101 of 1\n 0 dial 2 by 1\n 0 rings 2\n 1 dial-over 2 no_answer\n"
    call = play(f"{rung}{told}\n 2 ends 2 1 cause 17").ended()
    assert (call.outcome, call.ended_by) == ("no_answer", "pbx")
