"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_who_never_waited_is_counted_apart() -> None:
    assert number("refused") == 1
