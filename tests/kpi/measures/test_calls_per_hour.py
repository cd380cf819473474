"""On the day counted by hand."""

from __future__ import annotations

import pytest

from tests.kpi.day import number


def test_an_agents_conversations_in_his_time() -> None:
    assert number("calls_per_hour", agent="101") == pytest.approx(2 / (50 / 60))
