"""On the day counted by hand."""

from __future__ import annotations

from tests.kpi.day import number


def test_the_parts_add_up_to_the_time_logged_in() -> None:
    parts = {name: number(f"{name}_time") for name in ("idle", "ringing", "talking", "wrapping", "pause")}
    assert parts == {"idle": 600, "ringing": 60, "talking": 1_200, "wrapping": 120, "pause": 1_020}
    assert number("login_time") == sum(one or 0 for one in parts.values())
