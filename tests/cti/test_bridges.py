"""Who hears whom: talks begin and end with the connection, whatever lies between."""

from __future__ import annotations

from cti.bridges import SAME_TALK_WITHIN
from tests.cti.playbook import RINGING, TALKING, WAITING, Playbook, at, play

UP = f"{RINGING} 4 up 2\n"


def test_alone_in_a_bridge_nobody_talks() -> None:
    assert not [line for line in play(f"{UP} 4 bridge b 2").calls if line.startswith("answered")]


def test_a_talk_begins_with_the_second_to_enter() -> None:
    for order in ("2 1", "1 2"):
        assert play(f"{UP} 4 bridge b {order}").calls[-1] == "answered 1 101"


def test_an_agents_own_two_phones_are_one_talk() -> None:
    told = play(f"""{TALKING}
        5  phone 3 101 of 1
        5  dial 3 by 1
        5  up 3
        5  bridge b 3
        7  unbridge b 2
        7  ends 2
        9  quits 1
        9  ends 1 3
    """)
    assert [(talk.agent, talk.talk_s) for talk in told.ended().talks] == [("101", 5)]


def test_two_agents_alone_in_a_customers_call_are_no_talk() -> None:
    told = play(f"""{TALKING}
        6  unbridge b 1
        6  phone 3 102 of 1
        6  dial 3 by 2
        6  up 3
        6  bridge b 3
    """)
    assert "answered 1 102" not in told.calls


def test_a_phone_that_was_never_lifted_does_not_talk() -> None:
    assert "answered 1 101" not in play(f"{RINGING} 4 bridge b 1 2").calls


def test_a_talk_crosses_any_number_of_local_channels() -> None:
    told = play(f"""{WAITING}
        1  local 2 3 of 1
        1  local 4 5 of 1
        1  phone 6 101 of 1
        1  dial 6 by 5
        1  rings 6
        4  up 6 5 4 3 2
        4  bridge x 6 5
        4  bridge y 4 3
        4  bridge z 2 1
        9  unbridge y 3
    """)
    assert told.calls[-2:] == ["answered 1 101", "released 1 101"]


def test_a_pair_told_after_its_bridges_connects_them() -> None:
    told = play(f"""{WAITING}
        1  local 2 3 of 1
        1  local 4 5 of 1
        1  phone 6 101 of 1
        1  dial 6 by 5
        4  up 6
        4  bridge x 6 2
        4  bridge y 4 1
        4  pair 4 2
    """)
    assert told.calls[-1] == "answered 1 101"


def test_a_swap_takes_the_place_of_the_other() -> None:
    book = Playbook()
    book.play(f"{TALKING} 6 phone 3 102 of 1\n 6 dial 3 by 1\n 6 up 3")
    assert book.play("7 swap b 3 for 2").calls == ["released 1 101", "answered 1 102"]


def test_a_swap_for_one_who_is_elsewhere_moves_nobody_else() -> None:
    book = Playbook()
    book.play(f"{TALKING} 6 phone 3 102 of 1\n 6 dial 3 by 1\n 6 up 3\n 6 bridge c 3")
    assert book.play("7 swap b 3 for 9").calls == ["answered 1 102"]


def test_leaving_a_bridge_one_is_not_in_changes_nothing() -> None:
    book = Playbook()
    book.play(TALKING)
    assert book.play("5 unbridge x 2\n 5 unbridge b 9").calls == []


def test_a_leg_that_has_ended_enters_nothing() -> None:
    told = play(f"{TALKING} 6 ends 2\n 6 bridge b 2")
    assert told.calls[-1] == "released 1 101"
    assert told.oddities == ["leg-arrow"]


def test_entering_another_bridge_leaves_the_one_before() -> None:
    book = Playbook()
    book.play(TALKING)
    assert book.play("6 bridge c 2").calls == ["released 1 101"]


def test_parted_for_a_moment_it_is_the_same_talk_and_later_another() -> None:
    moment = SAME_TALK_WITHIN.total_seconds()
    for pause, talks in ((moment, 1), (moment + 0.1, 2)):
        told = play(f"{TALKING} 6 unbridge b 2\n {6 + pause} bridge b 2\n 9 quits 1\n 9 ends 1 2")
        assert len(told.ended().talks) == talks


def test_hold_is_counted_in_the_talk_and_told() -> None:
    told = play(f"{TALKING} 5 holds 2\n 5 holds 2\n 7 resumes 2\n 7 resumes 2\n 9 quits 1\n 9 ends 1 2")
    assert told.calls[-4:] == ["held 1 101", "resumed 1 101", "released 1 101", "ended 1 answered customer"]
    (talk,) = told.ended().talks
    assert (talk.holds, talk.hold_s, talk.talk_s) == (1, 2, 3)


def test_a_phone_on_hold_when_it_gets_the_customer_is_told_as_holding() -> None:
    told = play(f"{UP} 4 holds 2\n 4 bridge b 2 1\n 6 resumes 2\n 9 quits 1\n 9 ends 1 2")
    assert told.calls[4:7] == ["answered 1 101", "held 1 101", "resumed 1 101"]
    assert told.ended().talks[0].hold_s == 2


def test_whoever_speaks_with_a_customer_belongs_to_his_call() -> None:
    """102 dials the number of a parked call: his phone's own call has been the customer's from the first word."""
    told = play(f"""{TALKING}
        6   blind 2 1 700
        6   parks 1 701
        6   ends 2
        9   phone 3 102 to 701
        9   up 3
        10  bridge d 3 1
        15  quits 1
        15  ends 1 3
    """)
    call = told.ended()
    assert [(talk.agent, talk.started_at) for talk in call.talks] == [("101", at(4)), ("102", at(10))]
    assert [line for line in told.calls if line.split()[1] == "3"] == []


def test_a_story_told_again_is_told_in_the_same_order() -> None:
    """Three in a bridge that falls apart at once: the eldest leg is told first."""
    script = f"""{TALKING}
        5  phone 3 103 of 1
        5  phone 4 102 of 1
        5  dial 3 by 1
        5  dial 4 by 1
        5  up 4 3
        6  bridge b 4 3
        9  quits 1
        9  ends 1
    """
    assert {tuple(play(script).calls[-4:]) for _ in range(20)} == {
        ("released 1 101", "released 1 103", "released 1 102", "ended 1 answered customer"),
    }
