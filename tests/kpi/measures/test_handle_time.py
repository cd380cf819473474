"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_talk_hold_and_wrap_up_of_all_conversations() -> None:
    assert number("aht") == (60 + 120 + 30 + 50 + 120) / 4


def test_a_wrap_up_lengthens_the_conversation_it_follows() -> None:
    assert number("handle_p90") == 60 + 120
    assert number("handle_p90", agent="102") == 120
