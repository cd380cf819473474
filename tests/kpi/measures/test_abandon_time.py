"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_only_those_who_gave_up_count() -> None:
    assert number("average_abandon_time") == (3 + 41) / 2
