"""Histograms: what goes in comes out, and what is looked up in the index is what counting would give."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kpi.histogram import Histogram, cumulative, pack, pack_indexed, quantile, sum_cut, unpack, within
from kpi.tally import merged

SECONDS = st.one_of(st.integers(0, 60), st.integers(0, 1 << 17), st.integers(0, 1 << 40))
HISTOGRAMS = st.dictionaries(SECONDS, st.one_of(st.integers(1, 9), st.integers(1, 1 << 33)), min_size=1, max_size=60)
LIMITS = st.lists(st.integers(-1, 1 << 17), max_size=4, unique=True).map(sorted)
LONG = {second: second % 7 + 1 for second in range(1, 301, 3)}
lasting = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@lasting
@given(HISTOGRAMS)
def test_what_is_packed_comes_out(histogram: Histogram) -> None:
    assert unpack(pack(histogram)) == unpack(pack_indexed(histogram)) == histogram


@lasting
@given(HISTOGRAMS)
def test_the_same_histogram_is_the_same_bytes(histogram: Histogram) -> None:
    in_order = dict(sorted(histogram.items()))
    assert pack_indexed(in_order) == pack_indexed(unpack(pack_indexed(in_order)))


@lasting
@given(st.lists(HISTOGRAMS, max_size=4), LIMITS)
def test_cut_they_tell_the_same_of_the_limits_the_whole_and_the_longest(
    histograms: list[Histogram], limits: list[int]
) -> None:
    whole = merged(histograms)
    for packing in (pack, pack_indexed):
        found = sum_cut(map(packing, histograms), limits)
        assert cumulative(found, limits) == cumulative(whole, limits)
        assert [within(found, limit) for limit in limits] == [within(whole, limit) for limit in limits]
        assert max(found, default=None) == max(whole, default=None)
        assert len(found) <= len(limits) + 1


@pytest.mark.parametrize(("most", "mark"), [(1, b"\xc1B"), (1 << 9, b"\xc1H"), (1 << 17, b"\xc1I")])
def test_a_long_one_has_an_index_of_the_smallest_numbers_that_hold_it(most: int, mark: bytes) -> None:
    histogram = dict.fromkeys(range(20), 1) | {20: most}
    assert pack_indexed(histogram)[:2] == mark
    assert unpack(pack_indexed(histogram)) == histogram


def test_what_is_short_or_vast_or_a_correction_has_no_index() -> None:
    short = dict.fromkeys(range(4), 1)
    vast, correction = LONG | {999: 1 << 32}, LONG | {999: -1}
    for histogram in (short, vast, correction):
        assert pack_indexed(histogram) == pack(histogram)
    assert within(sum_cut([pack_indexed(correction)], (20,)), 20) == within(correction, 20)


def test_the_index_is_little_endian_as_is_written() -> None:
    assert pack_indexed(dict.fromkeys(range(240, 257), 1))[2:6] == bytes((240, 0, 241, 0))


def test_quantiles_of_nothing_are_none() -> None:
    assert quantile({}, 0.5) is None
    assert quantile(LONG, 1.0) == max(LONG)
