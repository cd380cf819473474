"""Erlang C equals what pyworkforce computes, and bad targets are refused."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st
from pyworkforce.queuing import ErlangC

from kpi.erlang import (
    NOBODY,
    StaffingError,
    Target,
    agents_needed,
    load_of,
    service_level,
    speed_of_answer_s,
    waiting_probability,
)

CALLS = st.floats(1, 3_000)
HANDLE_S = st.floats(30, 900)
WITHIN_S = st.floats(1, 180)


def peer(calls: float, handle_s: float, within_s: float, shrinkage: float = 0.0) -> ErlangC:
    return ErlangC(transactions=calls, aht=handle_s / 60, asa=within_s / 60, interval=30, shrinkage=shrinkage)


@settings(max_examples=200, deadline=None)
@given(CALLS, HANDLE_S, WITHIN_S, st.floats(0.5, 0.99), st.integers(0, 50).map(lambda percent: percent / 100))
def test_as_many_agents_as_pyworkforce(
    calls: float, handle_s: float, within_s: float, share: float, shrinkage: float
) -> None:
    load = load_of(calls, 1800, handle_s)
    theirs = peer(calls, handle_s, within_s, shrinkage).required_positions(service_level=share)
    ours = agents_needed(load, handle_s, Target(share=share, answer_within_s=within_s, shrinkage=shrinkage))
    if theirs["raw_positions"] == round(load + 1):  # where pyworkforce begins to look: fewer may do
        assert ours.agents <= theirs["raw_positions"]
    else:
        exact = Fraction(theirs["raw_positions"]) / (1 - Fraction(round(shrinkage * 100), 100))
        assert (ours.agents, ours.scheduled) == (theirs["raw_positions"], math.ceil(exact))
        assert theirs["positions"] - ours.scheduled == (theirs["positions"] > exact + 1 - 1e-9)
        assert ours.service_level == pytest.approx(theirs["service_level"], abs=1e-9)
        assert ours.occupancy == pytest.approx(theirs["occupancy"], abs=1e-9)
    assert ours.service_level >= share


@settings(max_examples=200, deadline=None)
@given(CALLS, HANDLE_S, WITHIN_S, st.integers(1, 40))
def test_the_same_curve_as_pyworkforce(calls: float, handle_s: float, within_s: float, more: int) -> None:
    load = load_of(calls, 1800, handle_s)
    agents, other = math.floor(load) + more, peer(calls, handle_s, within_s)
    assert waiting_probability(agents, load) == pytest.approx(other.waiting_probability(agents), abs=1e-9)
    assert service_level(agents, load, handle_s, within_s) == pytest.approx(other.service_level(agents), abs=1e-9)


@pytest.mark.parametrize(("calls", "handle_s", "agents"), [(100, 180, 14), (1_200, 100, 72), (7_500, 100, 423)])
def test_small_and_large_centres(calls: float, handle_s: float, agents: int) -> None:
    load = load_of(calls, 1800, handle_s)
    theirs = peer(calls, handle_s, 20).required_positions(service_level=0.8)["raw_positions"]
    assert agents_needed(load, handle_s, Target(share=0.8, answer_within_s=20)).agents == theirs == agents


def test_nobody_is_needed_for_nothing() -> None:
    assert agents_needed(0, 180, Target()) is NOBODY


def test_too_few_agents_never_answer_in_time() -> None:
    assert service_level(10, 10.0, 180, 20) == 0
    assert waiting_probability(9, 10.0) == 1
    assert speed_of_answer_s(10, 10.0, 180) == math.inf


def test_occupancy_and_shrinkage_ask_for_more() -> None:
    free = agents_needed(100.0, 180, Target())
    rested = agents_needed(100.0, 180, Target(max_occupancy=0.85))
    assert (free.agents, rested.agents) == (107, 118)
    assert rested.occupancy <= 0.85
    assert agents_needed(100.0, 180, Target(shrinkage=0.3)).scheduled == 153
    assert agents_needed(10.0, 180, Target(shrinkage=0.3)).scheduled == 20  # exactly 14 / 0.7


@pytest.mark.parametrize(
    "target",
    [
        Target(share=1.0),
        Target(share=0.0),
        Target(max_occupancy=0.0),
        Target(shrinkage=1.0),
        Target(answer_within_s=-1),
        Target(share=math.nan),
    ],
)
def test_a_target_that_cannot_be_reached_is_refused(target: Target) -> None:
    with pytest.raises(StaffingError, match="target") as refused:
        agents_needed(10.0, 180, target)
    assert refused.value.ref == "staffing-bad-target"


@pytest.mark.parametrize(("load", "handle_s"), [(-1.0, 180), (1e9, 180), (math.nan, 180), (1.0, 0)])
def test_a_load_that_is_a_mistake_is_refused(load: float, handle_s: float) -> None:
    with pytest.raises(StaffingError) as refused:
        agents_needed(load, handle_s, Target())
    assert refused.value.ref == "staffing-bad-load"
