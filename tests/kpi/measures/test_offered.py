"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_all_who_joined_count_and_who_was_refused_does_not() -> None:
    assert number("offered") == 6
