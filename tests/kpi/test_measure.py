"""Measures carry their passport, and their worked examples hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import msgspec
import pytest
from hypothesis import given, strategies as st

import kpi
from cti.model import CallOutcome, Direction, StayOutcome
from kpi.agent_time import span_tallies
from kpi.found import Found
from kpi.histogram import Histogram, pack, sum_cut
from kpi.items import tallies_of
from kpi.measure import FoundMeasure, Measure, Parameters, Piece, Unit, all_measures
from kpi.tally import EMPTY, Tally, total
from tests.kpi.calls import calls, spans

MODULES = sorted(module.name for module in pkgutil.walk_packages(kpi.__path__, "kpi."))
MEASURES = all_measures()
OF_TALLY = [one for one in MEASURES.values() if isinstance(one, Measure)]
OF_FOUND = [one for one in MEASURES.values() if isinstance(one, FoundMeasure)]
WITH_EXAMPLES = ("kpi.columns", "kpi.labels", "kpi.measure", "kpi.tally")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_code_are_true(name: str) -> None:
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module)
    assert failed == 0
    assert tried > 0 or (name not in WITH_EXAMPLES and not getattr(module, "MEASURES", ()))


EACH = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
EACH_OF_TALLY = pytest.mark.parametrize("measure", OF_TALLY, ids=[one.key for one in OF_TALLY])
EACH_OF_FOUND = pytest.mark.parametrize("measure", OF_FOUND, ids=[one.key for one in OF_FOUND])


@EACH
def test_a_passport_is_complete(measure: Measure | FoundMeasure) -> None:
    assert all((measure.title, measure.formula, measure.words, measure.source))
    assert measure.key.isidentifier()
    assert measure.words.endswith(".")
    assert set(measure.parameters) <= set(Parameters.__struct_fields__)


def test_titles_tell_measures_apart() -> None:
    titles = [measure.title for measure in MEASURES.values()]
    assert sorted(set(titles)) == sorted(titles)


@EACH_OF_TALLY
def test_of_nothing_there_are_none_and_no_share(measure: Measure) -> None:
    counted = measure.unit is Unit.COUNT or measure.key.endswith("_time")
    assert measure.compute(EMPTY, Parameters()) == (0 if counted and measure.key != "average_abandon_time" else None)


tallies = st.builds(
    lambda some, spent: total(t for rows in (*map(tallies_of, some), *map(span_tallies, spent)) for t in rows.values()),
    st.lists(calls, max_size=4),
    st.lists(spans, max_size=4),
)


@given(tally=tallies, parameters=st.builds(Parameters, answer_within_s=st.integers(0, 300)))
def test_a_measure_of_anything_is_a_sensible_number(tally: Tally, parameters: Parameters) -> None:
    numbers = {one.key: one.compute(tally, parameters) for one in OF_TALLY}
    assert {key: number for key, number in numbers.items() if number is not None and number < 0} == {}
    shares = [one.key for one in OF_TALLY if one.unit is Unit.SHARE]
    assert {key: numbers[key] for key in shares if (numbers[key] or 0) > 1} == {}


@given(tally=tallies)
def test_a_measure_reads_the_fields_it_names(tally: Tally) -> None:
    """A report fetches no others from the store."""
    for measure in OF_TALLY:
        fetched = msgspec.structs.replace(EMPTY, **{name: getattr(tally, name) for name in measure.reads})
        assert measure.compute(fetched, Parameters()) == measure.compute(tally, Parameters()), measure.key


@given(
    answered=st.dictionaries(st.integers(0, 300), st.integers(1, 9), min_size=1),
    abandoned=st.dictionaries(st.integers(0, 300), st.integers(1, 9), min_size=1),
    parameters=st.builds(Parameters, answer_within_s=st.integers(0, 300), short_abandon_s=st.integers(0, 30)),
)
def test_a_measure_that_cuts_histograms_needs_no_more_of_them(
    answered: Histogram, abandoned: Histogram, parameters: Parameters
) -> None:
    """A report that asks for nothing else does not add up the rest."""
    stays = {StayOutcome.ANSWERED: sum(answered.values()), StayOutcome.ABANDONED: sum(abandoned.values())}
    whole = Tally(entered=sum(stays.values()), stays=stays, answered_waits=answered, abandoned_waits=abandoned)
    cutting = [one for one in OF_TALLY if one.cuts]
    assert len(cutting) == 9
    for measure in cutting:
        limits = sorted(getattr(parameters, name) for name in measure.parameters if name.endswith("_s"))
        cut = {name: sum_cut([pack(getattr(whole, name))], limits) for name in ("answered_waits", "abandoned_waits")}
        of_cut = measure.compute(msgspec.structs.replace(whole, **cut), parameters)
        assert of_cut == measure.compute(whole, parameters), measure.key


def changed(parameters: Parameters, name: str) -> Parameters:
    value = getattr(parameters, name)
    return msgspec.structs.replace(parameters, **{name: (not value) if isinstance(value, bool) else value + 20})


SAMPLE = Tally(
    started=120,
    entered=120,
    stays={StayOutcome.ANSWERED: 90, StayOutcome.ABANDONED: 20, StayOutcome.TIMEOUT: 10},
    answered_waits={10: 50, 30: 40},
    abandoned_waits={3: 5, 15: 10, 30: 5},
    answered_wait_ms=1_700_000,
    talks=100,
    held=10,
    talk_ms=9_000_000,
    hold_ms=200_000,
    idle_ms=1_000_000,
    ringing_ms=200_000,
    talking_ms=9_500_000,
)


@EACH_OF_TALLY
def test_a_measure_reads_the_parameters_it_names_and_no_other(measure: Measure) -> None:
    """Each named one moves the number of the sample, no other one does."""
    base = Parameters(count_short_abandoned=False)
    moved = {
        name
        for name in Parameters.__struct_fields__
        if measure.compute(SAMPLE, changed(base, name)) != measure.compute(SAMPLE, base)
    }
    assert moved == set(measure.parameters)


@EACH_OF_FOUND
def test_what_is_found_needs_what_it_names(measure: FoundMeasure) -> None:
    full = Found(known=8, repeated=2, settled=10, resolved=7, lost=5, called_back=2, most_at_once=3, coverage=0.9)
    found = Found(**{name: getattr(full, name) for name in measure.needs})
    assert measure.compute(found, Parameters()) == measure.compute(full, Parameters())
    assert measure.compute(full, Parameters()) is not None


@given(one=tallies, other=tallies)
def test_queues_with_the_same_parameters_are_one_tally(one: Tally, other: Tally) -> None:
    whole = total([one, other])
    for measure in OF_TALLY:
        pieces = [Piece(tally, Parameters(), measure.direction) for tally in (one, other)]
        assert measure.of(pieces) == measure.compute(whole, Parameters()), measure.key


def test_each_queue_is_counted_by_its_own_threshold_and_the_counts_are_added() -> None:
    answered = {StayOutcome.ANSWERED: 10}
    fast, slow = Tally(stays=answered, answered_waits={10: 8, 30: 2}), Tally(stays=answered, answered_waits={170: 10})
    pieces = [Piece(fast, Parameters(answer_within_s=20)), Piece(slow, Parameters(answer_within_s=180))]
    level = MEASURES["service_level_answered"]
    assert isinstance(level, Measure)
    assert level.of(pieces) == (8 + 10) / 20
    abandons = [Piece(Tally(abandoned_waits={4: 1}), Parameters(short_abandon_s=limit)) for limit in (3, 5)]
    short = MEASURES["short_abandoned"]
    assert isinstance(short, Measure)
    assert short.of(abandons) == 1


def test_a_measure_of_one_direction_leaves_the_others_out() -> None:
    rate = MEASURES["outbound_connect_rate"]
    assert isinstance(rate, Measure)
    done = Tally(started=2, calls={CallOutcome.ANSWERED: 1})
    others = Tally(started=9, calls={CallOutcome.ANSWERED: 9})
    pieces = [Piece(done, Parameters(), Direction.OUTBOUND), Piece(others, Parameters(), Direction.INBOUND)]
    assert rate.of(pieces) == 1 / 2
    assert rate.of(pieces[1:]) is None
