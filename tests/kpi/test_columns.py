"""Column types: what a PBX sends becomes storable, and nothing else changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from kpi.columns import Instant, Key, NaiveInstantError, Sent, SparseHistogram, Whole, cut_key, cut_text, storable_text

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()
anything = st.text(st.characters(exclude_categories=()), max_size=60)


@given(anything)
def test_any_text_becomes_text_that_both_databases_take(text: str) -> None:
    stored = storable_text(text)
    assert "\x00" not in stored
    stored.encode("utf-8")
    assert storable_text(stored) == stored


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))))
def test_ordinary_text_is_not_touched(text: str) -> None:
    assert storable_text(text) == text


def test_a_pair_of_surrogates_is_the_character_it_means() -> None:
    assert storable_text("\ud83d\ude00") == "😀"


@given(anything, st.integers(18, 40))
def test_cut_text_fits_and_is_the_beginning(text: str, length: int) -> None:
    cut = cut_text(text, length)
    assert len(cut) <= length
    assert storable_text(text).startswith(cut.removesuffix("…"))


@pytest.mark.parametrize("text", ["e\u0301" * 40, "👩‍👩‍👧" * 20])
def test_an_accent_or_a_joined_emoji_is_not_left_half(text: str) -> None:
    for length in range(20, 30):
        kept = cut_text(text, length).removesuffix("…")
        rest = text[len(kept) :]
        assert not kept.endswith("\u200d")
        assert rest[0] not in "\u0301\u200d"


def test_text_of_nothing_but_accents_is_cut_too() -> None:
    assert len(cut_text("\u0301" * 100, 20)) <= 20


@given(st.lists(anything, unique_by=storable_text, max_size=6), st.integers(18, 24))
def test_different_keys_stay_different(texts: list[str], length: int) -> None:
    long_ones = ["a" * 30 + text for text in texts]
    keys = {cut_key(text, length) for text in long_ones}
    assert len(keys) == len(texts)
    assert all(len(key) <= length and cut_key(key, length) == key for key in keys)


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_are_exact_and_sort_as_integers(at: datetime) -> None:
    kind = Instant()
    stored = kind.process_bind_param(at, SQLITE)
    assert kind.process_result_value(stored, SQLITE) == at
    assert stored < kind.process_bind_param(max(at, datetime(2000, 1, 1, tzinfo=UTC)), SQLITE) + 1


def test_an_instant_of_another_zone_is_the_same_moment() -> None:
    kind = Instant()
    at = datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    assert kind.process_result_value(kind.process_bind_param(at, SQLITE), SQLITE) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    found = kind.process_result_value(at, POSTGRESQL)
    assert (found, found and found.tzinfo) == (at, UTC)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_a_naive_instant_is_refused(dialect: object) -> None:
    with pytest.raises(NaiveInstantError, match="store-naive-instant"):
        Instant().process_bind_param(datetime(2026, 3, 2, 9, 0), dialect)  # noqa: DTZ001


def test_numbers_are_brought_within_32_bits() -> None:
    assert [Whole().process_bind_param(n, SQLITE) for n in (None, 7, 10**12, -(10**12))] == [
        None,
        7,
        2**31 - 1,
        -(2**31) + 1,
    ]


@given(st.dictionaries(st.integers(0, 100_000), st.integers(-5, 10**6)))
def test_histograms_come_back(histogram: dict[int, int]) -> None:
    kind = SparseHistogram()
    assert kind.process_result_value(kind.process_bind_param(histogram, SQLITE), SQLITE) == histogram


def test_an_empty_histogram_takes_no_room() -> None:
    assert SparseHistogram().process_bind_param({}, SQLITE) is None


def test_none_stays_none() -> None:
    kinds = (Instant(), Key(20), Sent(20), Whole())
    assert [kind.process_bind_param(None, SQLITE) for kind in kinds] == [None] * 4
