"""The tracker's present: legs found or counted as odd, calls made one, events given."""

from __future__ import annotations

import pytest

from cti import board as board_module
from cti.board import Board, has_customer
from cti.legs import leg_ended, leg_seen
from cti.model import CallEnded, CallHeld, CallMerged, CallStarted, LegRole, OddityFound
from cti.signals import LegEnded, LegRang, LegSeen
from tests.cti.playbook import ORIGIN, at

SEEN = {
    "customer": (LegRole.CUSTOMER, "+39333"),
    "agent": (LegRole.AGENT, "101"),
    "virtual": (LegRole.VIRTUAL, None),
}


def board_with(*legs: tuple[str, str, str]) -> Board:
    """A board that has seen these legs: id, group, role."""
    board = Board("pbx")
    board.at, board.origin = at(0), ORIGIN
    for leg, group, role in legs:
        leg_seen(board, LegSeen(at(0), ORIGIN, leg, group, f"X/{leg}", *SEEN[role]))
    return board


def rang(leg: str, group: str | None = None) -> LegRang:
    return LegRang(at(1), ORIGIN, leg, group)


def oddities(board: Board) -> list[str]:
    return [event.oddity.kind for event in board.out if isinstance(event, OddityFound)]


def test_a_leg_is_found_by_its_id_and_its_last_word_noted() -> None:
    board = board_with(("1", "1", "customer"))
    leg = board.leg_of(rang("1"))
    assert leg is board.legs["1"]
    assert leg.heard_at == at(1)


def test_a_leg_never_seen_is_odd_and_a_leg_that_has_gone_is_not() -> None:
    board = board_with(("1", "1", "customer"))
    assert board.leg_of(rang("2")) is None
    assert oddities(board) == ["unknown-leg"]
    leg_ended(board, LegEnded(at(2), ORIGIN, "1", "1", 16))
    assert board.leg_of(rang("1")) is None
    assert oddities(board) == ["unknown-leg"]


def test_a_leg_that_has_gone_does_not_come_back() -> None:
    board = board_with(("1", "1", "customer"))
    leg_ended(board, LegEnded(at(2), ORIGIN, "1", "1", 16))
    board.out.clear()
    leg_seen(board, LegSeen(at(3), ORIGIN, "1", "1", "X/1", LegRole.CUSTOMER, None))
    assert (board.legs, board.calls, board.out) == ({}, {}, [])


def test_the_memory_of_what_has_gone_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "GONE_LEGS", 3)
    board = board_with()
    for i in range(5):
        leg_seen(board, LegSeen(at(i), ORIGIN, str(i), None, f"X/{i}", LegRole.CUSTOMER, None))
        leg_ended(board, LegEnded(at(i), ORIGIN, str(i), None, 16))
    assert list(board.gone) == ["2", "3", "4"]


def test_known_asks_without_counting() -> None:
    board = board_with(("1", "1", "customer"))
    assert board.known("1") is board.legs["1"]
    assert board.known("2") is None
    assert board.known(None) is None
    assert oddities(board) == []


def test_a_leg_whose_group_moves_brings_its_call_along() -> None:
    board = board_with(("1", "1", "customer"), ("2", "2", "agent"), ("3", "2", "agent"))
    leg = board.leg_of(rang("3", "1"))
    assert leg is not None
    assert leg.call is board.legs["2"].call is board.calls["1"] is board.calls["2"]


def test_a_customers_call_is_not_drawn_into_another() -> None:
    board = board_with(("1", "1", "customer"), ("2", "2", "customer"))
    board.leg_of(rang("2", "1"))
    assert board.calls["1"] is not board.calls["2"]


def test_a_group_that_nobody_knows_moves_nothing() -> None:
    board = board_with(("2", "2", "agent"))
    board.leg_of(rang("2", "9"))
    assert list(board.calls) == ["2"]


def test_only_what_was_told_is_told_as_merged() -> None:
    for started, kinds in ((True, [CallMerged]), (False, [])):
        board = board_with(("1", "1", "customer"), ("2", "2", "agent"))
        if started:
            board.start(board.calls["2"])
        board.out.clear()
        board.absorb(board.calls["1"], board.calls["2"])
        assert [type(event) for event in board.out] == kinds


def test_whatever_is_told_of_a_call_its_start_comes_first() -> None:
    board = board_with(("1", "1", "agent"))
    board.tell(CallHeld, board.calls["1"], agent="101")
    assert [type(event) for event in board.out] == [CallStarted, CallHeld]


def test_a_private_call_is_never_told() -> None:
    board = board_with(("1", "1", "agent"))
    board.calls["1"].private = True
    board.start(board.calls["1"])
    board.tell(CallEnded, board.calls["1"])
    assert board.out == []


def test_who_is_not_an_agent_moves_no_agent() -> None:
    board = board_with(("1", "1", "customer"), ("2", "1", "virtual"))
    board.out.clear()
    for leg in board.legs.values():
        board.agent_moved(leg)
    assert (board.out, board.roster.agents()) == ([], [])


def test_a_call_has_a_customer_if_any_leg_is_one() -> None:
    board = board_with(("1", "1", "agent"), ("2", "1", "virtual"))
    assert not has_customer(board.calls["1"])
    leg_seen(board, LegSeen(at(0), ORIGIN, "3", "1", "X/3", LegRole.CUSTOMER, None))
    assert has_customer(board.calls["1"])
