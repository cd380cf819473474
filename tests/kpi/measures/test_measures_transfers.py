"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_parking_is_no_transfer_and_counts_apart() -> None:
    assert (number("transfers"), number("transfers_blind"), number("transfers_park")) == (1, 1, 1)
    assert (number("transfers_attended"), number("transfers_queue")) == (0, 0)


def test_it_is_who_hands_on_that_transfers() -> None:
    assert [number("transfer_rate", agent=agent) for agent in ("101", "102", "103")] == [0, 1, 0]
    assert number("transfer_rate") == 1 / 4
