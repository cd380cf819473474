"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_of_six_waits_half_are_over_with_the_third() -> None:
    assert [number(f"wait_p{percent}") for percent in (50, 90, 95, 99)] == [9, 41, 41, 41]
