"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_the_causes_add_up_to_all_who_left_otherwise() -> None:
    causes = ("timeout", "exit_key", "exit_empty", "full", "refused", "transferred_out")
    by_cause = {cause: number(f"left_{cause}") for cause in causes}
    assert by_cause == dict.fromkeys(causes, 0) | {"timeout": 1, "exit_key": 1}
    assert number("left_otherwise") == sum(one or 0 for one in by_cause.values())


def test_entered_is_answered_and_abandoned_and_left_otherwise() -> None:
    parts = [number(key) or 0 for key in ("answered", "abandoned", "left_otherwise")]
    assert number("offered") == sum(parts)
