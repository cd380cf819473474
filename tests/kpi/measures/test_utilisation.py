"""On the day counted by hand."""

from __future__ import annotations

import pytest

from tests.kpi.day import number


def test_pauses_count() -> None:
    assert number("utilisation") == pytest.approx(22 / 50)
    assert number("utilisation", count_ringing=True) == pytest.approx(23 / 50)
