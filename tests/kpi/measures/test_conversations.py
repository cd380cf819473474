"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_each_turn_of_an_agent_is_one() -> None:
    assert number("conversations") == 4
    assert [number("conversations", agent=agent) for agent in ("101", "102", "103")] == [2, 1, 1]
