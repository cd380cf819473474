"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_who_gave_up_may_have_waited_longest() -> None:
    assert number("longest_wait") == 41
