"""Records of other people's CRMs, hostile ones included."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crm_bridge.contact import Money, Touch
from crm_bridge.found import date_of, first_text, make_contact, money_of, read_numbers, safe_url, text_of, touch_of

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [("  a\n b\x00\u202e ", "a b"), (7, "7"), (False, ""), (None, ""), (["a"], ""), ("x" * 999, "x" * 300)],
)
def test_a_text_is_one_clean_line(value: object, text: str) -> None:
    assert text_of(value) == text


def test_the_first_field_that_holds_something() -> None:
    assert first_text({"a": False, "b": " ", "c": "x"}, "a", "b", "c", "d") == "x"


def test_numbers_are_read_by_our_rules_and_each_kept_once() -> None:
    found = read_numbers([("work", "02 2100 0100"), ("", "+390221000100"), ("", "call me"), ("", None)], "IT")
    assert [(one.key, one.label, one.certain) for one in found] == [("+390221000100", "work", True)]
    assert [one.certain for one in read_numbers([("", "442079460008")], "IT")] == [False]
    assert len(read_numbers([("", f"+39022100{i:04}") for i in range(50)], "IT")) == 20


def test_a_company_without_a_person_is_the_customer() -> None:
    one = make_contact("crm", "IT", contact_id=5, name="", company="Rossi Srl", phones=[])
    assert (one.contact_id, one.name, one.company) == ("5", "Rossi Srl", None)
    assert make_contact("crm", "IT", contact_id=5, name="", phones=[]).name == "(no name)"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://",
        "https://[",
        "https://a b",
        "x" * 3000,
        "",
    ],
)
def test_only_an_address_of_a_page_becomes_a_link(url: str) -> None:
    assert safe_url(url) is None
    assert safe_url("https://crm.example.com/#Contact/view/1") == "https://crm.example.com/#Contact/view/1"


def test_days_and_amounts() -> None:
    assert date_of("2026-11-21T09:00:00Z") == date(2026, 11, 21)
    assert [date_of(value) for value in ("21/11/2026", None, 5)] == [None] * 3
    assert money_of("12.345", "eur") == Money(1234, "EUR")
    assert [money_of(value) for value in ("x", None, True, "inf", "nan", 1e30)] == [None] * 6


def test_a_contact_of_another_kind_has_a_day_or_is_none() -> None:
    told = [*touch_of("2026-11-20 09:00", "", "Offer", direction="Inbound", by="Anna")]
    assert told == [Touch(on=date(2026, 11, 20), kind="contact", title="Offer", direction="in", by="Anna")]
    assert [*touch_of("yesterday", "visit")] == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_nothing_that_a_crm_can_say_breaks_it(one: object, two: object, three: object, four: object) -> None:
    made = make_contact(
        "crm", "IT", contact_id=one, name=text_of(two), phones=[(text_of(one), three)], notes=four, fields=[("a", two)]
    )
    assert made.name
    assert date_of(one) is None or isinstance(date_of(one), date)
    money_of(three)
    assert [touch.on for touch in touch_of(one, two, three, direction=text_of(four), by=four)] in ([], [date_of(one)])
