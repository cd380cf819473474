"""The ways of writing a number that a CRM is asked for."""

from __future__ import annotations

import pytest

from crm_bridge.forms import as_stored, loose_pattern, placeholders, significant_digits, spelled_forms
from crm_bridge.number import parse_number


@pytest.mark.parametrize(
    ("text", "region", "significant"),
    [
        ("+390221000100", "IT", "0221000100"),
        ("020 7946 0008", "GB", "2079460008"),
        ("+4930123456", "IT", "30123456"),
        ("101", "IT", "101"),
        ("anonymous", "IT", ""),
    ],
)
def test_the_digits_that_every_way_ends_with(text: str, region: str, significant: str) -> None:
    number = parse_number(text, region)
    assert significant_digits(number) == significant
    for form in spelled_forms(number, region):
        assert "".join(c for c in form if c.isdecimal()).endswith(significant)


def test_a_number_of_the_country_is_spelled_nationally_too_a_foreign_one_is_not() -> None:
    assert spelled_forms(parse_number("+442079460008", "GB"), "GB") == (
        "+442079460008",
        "00442079460008",
        "442079460008",
        "02079460008",
        "2079460008",
        "+44 20 7946 0008",
        "020 7946 0008",
    )
    assert spelled_forms(parse_number("+442079460008", "IT"), "IT") == (
        "+442079460008",
        "00442079460008",
        "442079460008",
        "+44 20 7946 0008",
    )
    assert spelled_forms(parse_number("anonymous", "IT"), "IT") == ()


def test_the_names_that_an_admin_may_use() -> None:
    assert placeholders(parse_number("+442079460008", "IT"), "IT") == {
        "e164": "+442079460008",
        "digits": "442079460008",
        "national": "00442079460008",
        "significant": "2079460008",
    }
    assert placeholders(parse_number("101", "IT"), "IT")["e164"] == "101"


def test_only_the_forms_that_a_site_uses() -> None:
    number = parse_number("+393351234567", "IT")
    assert as_stored(number, "IT", ("e164", "digits", "spaced", "spaced national")) == (
        "+393351234567",
        "393351234567",
        "+39 335 123 4567",
        "335 123 4567",
    )
    assert as_stored(parse_number("+442079460008", "IT"), "IT", ("national", "spaced national")) == ()


def test_a_pattern_allows_anything_between_the_digits() -> None:
    assert loose_pattern(parse_number("+4930123", "DE")) == "%3%0%1%2%3"
    assert loose_pattern(parse_number("+4930123", "DE"), "*") == "*3*0*1*2*3"
