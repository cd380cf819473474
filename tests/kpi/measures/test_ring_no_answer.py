"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_what_another_answered_or_the_caller_ended_is_no_miss() -> None:
    assert [number("ring_no_answer", agent=agent) for agent in ("101", "102")] == [2, 0]
    assert [number("rung", agent=agent) for agent in ("101", "102")] == [4, 2]
