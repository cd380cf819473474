"""The questions that dashboards and rules have in common are what they say, in a real Prometheus."""

from __future__ import annotations

import pytest

from kpi.grafana.promql import mean, moved, per_second, percentile, risen, service_level, share, summed, total_by


def test_counters_are_subtracted_not_extrapolated() -> None:
    assert "increase" not in summed("a_total", 'queue="sales"', "1h", "queue")
    assert moved("a_total", "x", "5m").count("[5m]") == 2


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (total_by("queue"), "sum by (queue) "),
        (total_by(""), "sum"),
        (per_second("a_total", "x", "pbx"), "sum by (pbx) (rate(a_total{x}[$__rate_interval]))"),
    ],
)
def test_sums_are_by_what_is_asked(made: str, expected: str) -> None:
    assert made == expected


@pytest.mark.parametrize(
    "ratio",
    [
        service_level("x"),
        mean("h", "x"),
        share("a_total", "x", "y"),
    ],
)
def test_nothing_is_divided_by_nothing(ratio: str) -> None:
    """0 / 0 is NaN in Prometheus, which shows as a number; a share of nobody is no number."""
    assert ratio.endswith("> 0)")


def test_a_service_level_reads_the_bucket_of_its_threshold() -> None:
    assert 'le="180.0"' in service_level("x", 180)


def test_a_series_that_begins_late_began_with_nothing() -> None:
    assert risen("a_total", "x", "1h").endswith("or sum(a_total{x}) * 0)")


def test_a_percentile_keeps_the_buckets() -> None:
    assert percentile("h", "x", 0.9, "1h", "queue").startswith("histogram_quantile(0.9, sum by (le, queue) ((max_over")
