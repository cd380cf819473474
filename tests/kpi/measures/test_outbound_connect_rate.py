"""On the day counted by hand."""

from __future__ import annotations

from cti.model import Direction
from kpi.measure import all_measures
from tests.kpi.day import number


def test_of_the_calls_to_the_public() -> None:
    assert number("outbound_connect_rate", only=Direction.OUTBOUND) == 1 / 2
    assert all_measures()["outbound_connect_rate"].direction is Direction.OUTBOUND
