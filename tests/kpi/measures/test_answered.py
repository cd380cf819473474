"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_a_transferred_call_is_answered_once() -> None:
    assert number("answered") == 2


def test_the_share_is_of_all_who_joined() -> None:
    assert number("answered_rate") == 2 / 6
