"""Whom a leg leads to, through any number of pairs."""

from __future__ import annotations

from cti.reach import member_rung_at, phones_behind, phones_once_behind
from tests.cti.playbook import Playbook

THROUGH_TWO_PAIRS = """
    0  caller 1 +393331234567 to +390221000101
    0  local 2 3 of 1
    0  dial 2 by 1
    0  local 4 5 of 1
    0  dial 4 by 3
    0  phone 6 101 of 1
    0  dial 6 by 5
    0  phone 7 102 of 1
    0  dial 7 by 5
"""


def reached(book: Playbook, leg: str) -> list[str | None]:
    return [phone.number for phone in phones_behind(book.tracker._board.legs[leg])]


def test_a_phone_leads_to_itself_and_a_pair_to_all_that_were_dialled_behind_it() -> None:
    book = Playbook()
    book.play(THROUGH_TWO_PAIRS)
    assert reached(book, "6") == ["101"]
    assert reached(book, "2") == reached(book, "4") == ["101", "102"]


def test_a_pair_of_which_one_end_is_gone_leads_nowhere() -> None:
    book = Playbook()
    book.play(f"{THROUGH_TWO_PAIRS} 1 ends 3")
    assert reached(book, "2") == []
    assert [phone.number for phone in phones_once_behind(book.tracker._board.legs["2"])] == ["101", "102"]


def test_the_member_of_a_queue_is_rung_through_pairs() -> None:
    book = Playbook()
    book.play(f"{THROUGH_TWO_PAIRS} 0 tries 1 sales 103 2")
    legs = book.tracker._board.legs
    assert [member_rung_at(legs[leg]) for leg in ("6", "4", "2", "1")] == ["103", "103", "103", None]


def test_a_phone_that_no_queue_rings_is_no_members() -> None:
    book = Playbook()
    book.play(THROUGH_TWO_PAIRS)
    assert member_rung_at(book.tracker._board.legs["6"]) is None
