"""Labels are few, short and plain."""

from __future__ import annotations

import unicodedata

from hypothesis import given, strategies as st

from kpi.labels import LABEL_CHARS, OTHER, LabelBook, agent_label, plain_label, trunk_label

anything = st.text(st.characters(exclude_categories=()), max_size=200)


@given(anything)
def test_any_value_becomes_short_and_plain(value: str) -> None:
    label = plain_label(value)
    assert len(label) <= LABEL_CHARS
    assert not any(unicodedata.category(char) == "Cc" for char in label)
    label.encode()


@given(st.lists(st.tuples(st.just("milan"), anything), max_size=40))
def test_never_more_than_the_limit_and_always_the_same(values: list[tuple[str, str]]) -> None:
    book = LabelBook(5)
    first = [book.labels(*value) for value in values]
    assert len(set(first) - {("milan", OTHER)}) <= 5
    assert [book.labels(*value) for value in values] == first


def test_a_flood_of_values_takes_bounded_memory() -> None:
    book = LabelBook(3)
    for n in range(1_000):
        book.labels("milan", f"queue {n}")
    assert book.labels("milan", "queue 2") == ("milan", "queue 2")
    assert book.labels("milan", "queue 999") == ("milan", OTHER)
    assert len(book._labels) <= 30


def test_values_that_look_alike_share_a_label() -> None:
    book = LabelBook(5)
    assert book.labels("milan", "sales\n") == book.labels("milan", "sales") == ("milan", "sales")


def test_names_over_the_limit_are_counted_each_once() -> None:
    book = LabelBook(2)
    for name in ("a", "b", "c", "d", "c", "d"):
        book.labels("milan", name)
    assert (book.own, book.folded) == ([("milan", "a"), ("milan", "b")], 2)


@given(anything, st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True))
def test_no_agents_number_outside_is_a_label(name: str, number: str) -> None:
    assert number not in agent_label(name + number)


@given(anything)
def test_a_trunk_is_one_of_the_settings_or_other(channel: str) -> None:
    assert trunk_label(channel, ["carrier", "i1"]) in ("carrier", "i1", OTHER)
