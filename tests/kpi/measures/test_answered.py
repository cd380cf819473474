"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_a_transferred_call_is_answered_once() -> None:
    assert number("answered") == 2
