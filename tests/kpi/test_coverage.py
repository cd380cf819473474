"""How much of a time is known."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, strategies as st

from kpi.coverage import coverage, union
from kpi.gaps import Gap
from tests.kpi.calls import at

HOUR = (at(0), at(3_600))


def gap(begin: float, end: float | None, pbx: str = "milan", **more: object) -> Gap:
    return Gap(pbx=pbx, began_at=at(begin), ended_at=None if end is None else at(end), cause="cut", **more)  # type: ignore[arg-type]


def test_a_time_without_gaps_is_known() -> None:
    assert coverage(*HOUR, []) == 1
    assert coverage(*HOUR, [gap(-60, 0), gap(3_600, 3_700)]) == 1
    assert coverage(at(0), at(0), [gap(-60, 60)]) == 1


def test_only_the_part_of_a_gap_within_the_time_counts() -> None:
    assert coverage(*HOUR, [gap(-3_600, 36)]) == 0.99
    assert coverage(*HOUR, [gap(3_564, None)]) == 0.99
    assert coverage(*HOUR, [gap(-10, 4_000)]) == 0


def test_what_was_filled_is_known_unless_something_is_still_missing() -> None:
    assert coverage(*HOUR, [gap(0, 360, filled_at=at(400))]) == 1
    assert coverage(*HOUR, [gap(0, 360, filled_at=at(400), still_missing="cel cannot be read")]) == 0.9


def test_two_pbxs_down_at_once_are_one_loss() -> None:
    assert coverage(*HOUR, [gap(0, 360), gap(180, 360, "rome")]) == 0.9


def test_imported_stretches_are_known() -> None:
    known = [(at(-100), at(100)), (at(200), at(300))]
    assert coverage(*HOUR, [gap(0, 360)], known) == 1 - 160 / 3_600
    assert coverage(*HOUR, [gap(100, 200)], known) == 1 - 100 / 3_600


seconds = st.integers(-1_000, 5_000)
some_gaps = st.lists(st.builds(gap, seconds, st.none() | seconds), max_size=6)
stretches = st.lists(st.tuples(seconds, seconds).map(lambda pair: tuple(sorted(pair))), max_size=4)


@given(some_gaps, stretches)
def test_it_equals_a_count_of_the_seconds(gaps: list[Gap], known: list[tuple[int, int]]) -> None:
    def missing(second: int) -> bool:
        lost = any(one.began_at <= at(second) < (one.ended_at or at(9_999)) for one in gaps)
        return lost and not any(begin <= second < end for begin, end in known)

    share = coverage(*HOUR, gaps, [(at(begin), at(end)) for begin, end in known])
    assert abs(share - (1 - sum(map(missing, range(3_600))) / 3_600)) < 1e-9


def test_a_union_counts_each_instant_once() -> None:
    assert union([(at(10), at(20)), (at(0), at(12)), (at(15), at(16)), (at(30), at(30))]) == timedelta(seconds=20)
