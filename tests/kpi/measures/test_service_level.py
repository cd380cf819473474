"""Service level on ICMI's sample, and what each switch of the configurable one does."""

from __future__ import annotations

import pytest

from cti.model import StayOutcome
from kpi.measure import Parameters
from kpi.measures.service_level import MEASURES, configurable
from kpi.tally import Tally

ICMI = Tally(
    entered=1_075,
    stays={StayOutcome.ANSWERED: 1_000, StayOutcome.ABANDONED: 60, StayOutcome.TIMEOUT: 15},
    answered_waits={20: 860, 21: 140},
    abandoned_waits={5: 10, 20: 10, 21: 40},
)


def per_cent(compute, **parameters: object) -> float:
    return round(100 * compute(ICMI, Parameters(**parameters)), 1)


def test_the_column_that_icmi_published() -> None:
    assert [per_cent(measure.compute) for measure in MEASURES[:5]] == [86.0, 81.1, 83.0, 82.7, 81.9]


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, 860 / 1_060),
        ({"count_abandoned": False}, 860 / 1_000),
        ({"count_short_abandoned": False}, 860 / 1_050),
        ({"count_left_otherwise": True}, 860 / 1_075),
        ({"count_short_abandoned": False, "count_left_otherwise": True}, 860 / 1_065),
        ({"count_abandoned": False, "count_short_abandoned": False}, 860 / 1_000),
    ],
)
def test_the_switches_choose_the_denominator(switches: dict[str, bool], expected: float) -> None:
    assert configurable(ICMI, Parameters(**switches)).value == pytest.approx(expected)


def test_another_threshold_is_computed_from_the_same_tally() -> None:
    assert per_cent(MEASURES[0].compute, answer_within_s=21) == 100.0
    assert per_cent(MEASURES[0].compute, answer_within_s=19) == 0.0
