"""Measures carry their passport, and their worked examples hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import msgspec
import pytest
from hypothesis import given, strategies as st

import kpi
from kpi.measure import Parameters, Unit, all_measures
from kpi.tally import EMPTY, Tally, tallies_of, total
from tests.kpi.calls import calls

MODULES = sorted(module.name for module in pkgutil.walk_packages(kpi.__path__, "kpi."))
MEASURES = all_measures()
WITH_EXAMPLES = ("kpi.columns", "kpi.labels", "kpi.measure", "kpi.tally")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_code_are_true(name: str) -> None:
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module)
    assert failed == 0
    assert tried > 0 or (name not in WITH_EXAMPLES and not getattr(module, "MEASURES", ()))


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_passport_is_complete(measure) -> None:
    assert all((measure.title, measure.formula, measure.source))
    assert measure.key.isidentifier()
    assert set(measure.parameters) <= set(Parameters.__struct_fields__)
    assert measure.compute(EMPTY, Parameters()) is None


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@given(some=st.lists(calls, max_size=4), parameters=st.builds(Parameters, answer_within_s=st.integers(0, 300)))
def test_a_measure_of_anything_is_a_sensible_number(measure, some, parameters) -> None:
    tally = total(tally for call in some for tally in tallies_of(call).values())
    number = measure.compute(tally, parameters)
    assert number is None or number >= 0
    if measure.unit is Unit.SHARE:
        assert number is None or number <= 1


def changed(parameters: Parameters, name: str) -> Parameters:
    value = getattr(parameters, name)
    return msgspec.structs.replace(parameters, **{name: (not value) if isinstance(value, bool) else value + 20})


SAMPLE = Tally(
    entered=120,
    stays={"answered": 90, "abandoned": 20, "timeout": 10},  # the words are their own values
    answered_waits={10: 50, 30: 40},
    abandoned_waits={3: 5, 15: 10, 30: 5},
    answered_wait_ms=1_700_000,
    talks=100,
    held=10,
    talk_ms=9_000_000,
    hold_ms=200_000,
)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_measure_reads_the_parameters_it_names_and_no_other(measure) -> None:
    """Each named one moves the number of the sample, no other one does."""
    base = Parameters(count_short_abandoned=False)
    moved = {
        name
        for name in Parameters.__struct_fields__
        if measure.compute(SAMPLE, changed(base, name)) != measure.compute(SAMPLE, base)
    }
    assert moved == set(measure.parameters)
