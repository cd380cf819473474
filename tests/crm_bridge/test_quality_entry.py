"""Records as far as their quality is looked at."""

from __future__ import annotations

from hypothesis import given, strategies as st

from crm_bridge.quality.entry import plain_words, town_of


def test_the_town_is_found_whatever_it_is_called() -> None:
    assert town_of([("Size", "42"), ("Città", "Roma")]) == "Roma"
    assert town_of([("Ort", "Berlin"), ("City", "Bonn")]) == "Berlin"
    assert town_of([]) is None


def test_a_name_is_the_same_in_any_order_and_spelling() -> None:
    assert plain_words("ROSSI, Anna") == plain_words("anna  rossi") == ("anna", "rossi")


@given(st.text())
def test_any_name_has_words_of_letters_and_digits_only(text: str) -> None:
    assert all(word and "_" not in word and " " not in word for word in plain_words(text))
