"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_all_who_left_count_however_they_left() -> None:
    assert number("mean_wait") == (4 + 9 + 3 + 41 + 20 + 10) / 6
