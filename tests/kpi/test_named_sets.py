"""Named sets: what they promise can be measured, and each says where it was read."""

from __future__ import annotations

import pytest

from kpi.measure import all_measures
from kpi.named_sets import NAMED_SETS

EACH = pytest.mark.parametrize("name", NAMED_SETS)


@EACH
def test_its_targets_are_measures_with_a_bound(name: str) -> None:
    one = NAMED_SETS[name]
    assert {target.measure for target in one.targets} <= set(all_measures())
    assert all(target.at_least is not None or target.at_most is not None for target in one.targets)
    assert one.name == name


@EACH
def test_it_says_where_it_was_read(name: str) -> None:
    assert len(NAMED_SETS[name].source) > 40


def test_spain_and_italy_as_their_sources_say() -> None:
    spain, italy = NAMED_SETS["spain-95-180"], NAMED_SETS["arera"]
    assert (spain.parameters.answer_within_s, spain.targets[0].at_least) == (180, 0.95)
    assert {one.measure: (one.at_least, one.at_most) for one in italy.targets} == {
        "mean_wait": (None, 240),
        "answered_rate": (0.8, None),
    }
