"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_hold_is_no_talk_and_calls_to_the_public_count() -> None:
    assert number("att") == (60 + 100 + 30 + 50) / 4
