"""Legs: how a call begins with one, and what is left when it ends."""

from __future__ import annotations

from cti.model import AgentState, LegRole, Party
from tests.cti.playbook import TALKING, TALKING_TOLD, Playbook, at, play


def test_a_customers_call_is_told_at_once() -> None:
    told = play("0 caller 1 +39333 to 200")
    assert told.calls == ["started 1"]
    assert told.last().caller == Party("+39333")


def test_a_phone_off_the_hook_is_no_call_until_somebody_is_dialled() -> None:
    book = Playbook()
    assert book.play("0 phone 1 101 to 102").calls == []
    assert book.play("1 phone 2 102 of 1\n 1 dial 2 by 1").calls == ["started 1"]


def test_a_feature_code_is_no_call() -> None:
    assert play("0 phone 1 105 to *22\n 0 up 1\n 2 ends 1").calls == []


def test_a_withheld_number_is_a_caller_all_the_same() -> None:
    told = play("0 caller 1 - to 200\n 5 ends 1")
    assert told.ended().customer == Party(None)


def test_the_number_dialled_first_stays() -> None:
    assert play("0 caller 1 - to +39022100\n 0 reaches 1 sales\n 5 ends 1").ended().dialled == "+39022100"


def test_an_announcement_after_a_snapshot_fills_in_what_was_dialled() -> None:
    book = Playbook()
    book.play("0 caller 1 - to 200")
    told = book.play("1 caller 1 - to 300\n 5 ends 1")
    assert told.oddities == []
    assert told.ended().dialled == "200"


def test_a_trunk_leg_shows_the_number_that_was_dialled_on_it() -> None:
    told = play("0 phone 1 101 to 90612\n 0 trunk 2 of 1\n 0 dial 2 by 1 0612\n 5 ends 2 1")
    assert [(leg.role, leg.number) for leg in told.ended().legs] == [
        (LegRole.AGENT, "101"),
        (LegRole.CUSTOMER, "0612"),
    ]


def test_a_second_trunk_tried_for_the_same_call_is_the_same_call() -> None:
    told = play("""
        0  phone 1 101 to 90612
        0  trunk 2 of 1
        0  dial 2 by 1 0612
        1  dial-over 2 failed
        1  ends 2 cause 34
        1  trunk 3 of 1
        1  dial 3 by 1 0612
        4  up 3 1
        4  dial-over 3 answered
        4  bridge b 3 1
        9  quits 3
        9  ends 3 1
    """)
    assert told.calls == ["started 1", "answered 1 101", "released 1 101", "ended 1 answered customer"]
    assert told.ended().answered_at == at(4)


def test_each_leg_keeps_its_own_times_and_cause() -> None:
    told = play(f"{TALKING} 9 quits 2\n 9 ends 2 cause 16\n 9.2 ends 1 cause 31")
    customer, agent = told.ended().legs
    assert (agent.started_at, agent.rang_at, agent.answered_at, agent.ended_at) == (at(1), at(1), at(4), at(9))
    assert (agent.hung_up, agent.cause, customer.hung_up, customer.cause) == (True, 16, False, 31)


def test_the_first_hang_up_of_a_leg_counts() -> None:
    told = play(f"{TALKING} 9 quits 2\n 9.5 quits 2\n 9.5 killed 2\n 9.6 killed 2\n 10 ends 2 1")
    assert told.calls[-1] == "ended 1 answered agent"


def test_an_end_that_is_told_again_is_neither_odd_nor_a_second_end() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 ends 2 1\n 9 ends 1\n 9 unbridge b 1\n 9 killed 2")
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered customer"]
    assert told.oddities == []


def test_a_call_goes_on_until_its_last_leg_has_ended() -> None:
    book = Playbook()
    assert "ended" not in " ".join(book.play(f"{TALKING} 9 ends 1").calls)
    assert book.play("12 ends 2").calls == ["ended 1 answered pbx"]


def test_whatever_is_open_closes_before_the_call_is_told_as_ended() -> None:
    told = play("""
        0  caller 1 - to 200
        0  joins 1 sales
        0  phone 2 101 of 1
        0  dial 2 by 1
        0  rings 2
        3  ends 1
        3  ends 2
    """)
    assert told.calls[-3:] == ["left 1 sales transferred_out", "offer-over 1 101 cancelled", "ended 1 abandoned pbx"]
    assert told.oddities == ["stay-without-leave"]


def test_a_hold_is_of_the_agent_and_not_of_the_customer() -> None:
    told = play(f"{TALKING} 5 holds 1\n 6 resumes 1\n 9 quits 1\n 9 ends 1 2")
    assert not [line for line in told.calls if line.startswith("held")]
    assert told.ended().hold_s == 0


def test_a_resume_that_no_hold_preceded_is_harmless() -> None:
    told = play(f"{TALKING} 5 resumes 2\n 9 quits 1\n 9 ends 1 2")
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered customer"]


def test_what_outlives_a_customer_is_one_private_rest_and_ends_clean() -> None:
    book = Playbook()
    book.play(f"""{TALKING}
        6  holds 2
        6  phone 3 101 to 102
        6  phone 4 102 of 3
        6  dial 4 by 3
        6  rings 4
        7  quits 1
        7  ends 1 2
        8  up 4 3
        8  bridge c 4 3
    """)
    assert book.tracker.open_calls() == []
    states = {agent.agent: agent.state for agent in book.tracker.agents()}
    assert states == {"101": AgentState.TALKING, "102": AgentState.TALKING}
    told = book.play("20 quits 3\n 20 unbridge c 3 4\n 20 ends 3 4")
    assert (told.calls, told.oddities) == ([], [])
    assert {agent.state for agent in book.tracker.agents()} == {AgentState.OFFLINE}


def test_a_customer_handed_to_the_rest_of_a_consultation_is_a_new_story() -> None:
    """The colleague whose customer had gone takes the next caller: his phone is free for it."""
    told = play(f"""{TALKING}
        6   holds 2
        6   phone 3 101 to 102
        6   phone 4 102 of 3
        6   dial 4 by 3
        6   rings 4
        8   up 4 3
        8   bridge c 4 3
        9   quits 1
        9   ends 1 2
        12  quits 3
        12  ends 3 4
        13  caller 5 +39444 to 102
        13  phone 6 102 of 5
        13  dial 6 by 5
        13  rings 6
        15  up 6 5
        15  bridge d 6 5
        20  quits 5
        20  ends 5 6
    """)
    assert told.ended("5").answered_by == ("102",)
    assert told.ended("1").answered_by == ("101",)


#: 101 stays on the line (2) between his callers: 1 is the first, 3 the next.
ON_THE_LINE = """
    0   phone 2 101 to 7450
    0   up 2
    1   caller 1 +39333 to 200
    1   joins 1 orders
    2   takes 1 orders 101
    2   bridge b 2 1
    5   quits 1
    5   unbridge b 2 1
    5   ends 1
    5   freed 2
"""


def test_an_agent_who_stays_on_the_line_is_in_one_call_after_the_other() -> None:
    book = Playbook()
    first = book.play(ON_THE_LINE)
    assert (first.calls[-1], first.oddities) == ("ended 1 answered customer", [])
    assert first.agents[-1] == "101 state talking", "his phone is off the hook"
    assert [(talk.agent, talk.queue, talk.ended_at) for talk in first.ended().talks] == [("101", "orders", at(5))]
    then = book.play("""
        6   caller 3 +39444 to 200
        6   joins 3 orders
        7   takes 3 orders 101
        7   bridge c 2 3
        9   quits 2
        9   ends 2
        9   ends 3
    """)
    assert (then.calls[-1], then.oddities) == ("ended 3 answered agent", [])
    assert [(talk.started_at, talk.queue) for talk in then.ended("3").talks] == [(at(7), "orders")]


def test_who_is_freed_twice_or_began_the_call_is_left_where_he_is() -> None:
    book = Playbook()
    book.play(ON_THE_LINE)
    assert book.play("6 freed 2\n 7 quits 2\n 7 ends 2").calls == []
    told = play("0 phone 1 101 to 102\n 0 phone 2 102 of 1\n 0 dial 2 by 1\n 1 up 2 1\n 1 bridge b 1 2\n 2 freed 1")
    assert told.calls[-1] == "answered 1 102"
