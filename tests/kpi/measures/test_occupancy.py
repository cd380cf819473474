"""On the day counted by hand."""

from __future__ import annotations

import pytest

from tests.kpi.day import number


def test_pauses_do_not_count_and_ringing_as_chosen() -> None:
    assert number("occupancy") == pytest.approx((20 + 2) / (10 + 1 + 20 + 2))
    assert number("occupancy", count_ringing=True) == pytest.approx((20 + 2 + 1) / (10 + 1 + 20 + 2))
