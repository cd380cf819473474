"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_timeouts_and_keys_are_not_giving_up() -> None:
    assert number("abandoned") == 2


def test_short_ones_are_those_within_the_threshold() -> None:
    assert [number("short_abandoned", short_abandon_s=limit) for limit in (2, 3, 41)] == [0, 1, 2]
