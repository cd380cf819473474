"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_calls_are_journeys_whether_they_came_to_a_queue_or_not() -> None:
    assert (number("calls"), number("ivr_hangups")) == (10, 1)
