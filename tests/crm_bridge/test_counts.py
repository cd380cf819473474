"""Counts for the metrics."""

from __future__ import annotations

from crm_bridge.counts import DELAY_BOUNDS_S, DelayCounts, PopCounts


def test_a_delay_is_counted_in_its_class_and_in_all_above() -> None:
    delays = DelayCounts()
    for delay_s in (0.05, 0.051, 99.0, -1.0):
        delays.observe(delay_s)
    by_end = dict(delays.cumulative())
    assert (by_end[0.005], by_end[0.05], by_end[0.1], by_end[10.0], by_end[float("inf")]) == (1, 2, 3, 3, 4)
    assert len(by_end) == len(DELAY_BOUNDS_S) + 1
    assert delays.count == 4
    assert round(delays.sum_s, 3) == 99.101


def test_pops_that_nobody_saw_are_counted_apart() -> None:
    counts = PopCounts()
    counts.close("taken", seen=True)
    counts.close("taken", seen=False)
    counts.close("missed", seen=False)
    assert (counts.closed, counts.unseen) == ({"taken": 2, "missed": 1}, 2)
