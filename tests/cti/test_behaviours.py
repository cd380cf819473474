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
