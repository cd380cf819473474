"""What is found for a row."""

from __future__ import annotations

from kpi.found import NOTHING, Found
from kpi.measure import FoundMeasure, all_measures


def test_all_that_is_looked_for_is_read_by_a_measure() -> None:
    read = {need for one in all_measures().values() if isinstance(one, FoundMeasure) for need in one.needs}
    assert read == set(Found.__struct_fields__)


def test_of_nothing_no_measure_gives_a_share() -> None:
    found = [one for one in all_measures().values() if isinstance(one, FoundMeasure)]
    assert not any(one.compute(NOTHING, None) for one in found)
