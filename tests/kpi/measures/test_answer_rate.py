"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_of_the_rings_that_were_his_to_answer() -> None:
    assert number("answer_rate", agent="101") == 1 / 3
    assert number("answer_rate", agent="102") == 1
