"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_only_conversations_with_a_wrap_up_share_it() -> None:
    assert number("acw") == 120
