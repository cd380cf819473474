"""What is made up: fit, never twice, never a real one, and always the same for the same."""

from __future__ import annotations

import ipaddress

import phonenumbers
import pytest
from hypothesis import given, settings, strategies as st

from cti.fictional import Addresses, Digits, Numbers, Words, is_address

MOBILE, FIXED = phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+393331234567", MOBILE),
        ("+390221000100", FIXED),
        ("+4915112345678", MOBILE),
        ("+493012345678", FIXED),
        ("+447400123456", MOBILE),
        ("+3545812345", FIXED),
        ("+33612345678", MOBILE),
    ],
)
def test_a_number_stays_of_its_kind_and_country(number: str, kind: int) -> None:
    numbers = Numbers()
    numbers.note(number)
    parsed = phonenumbers.parse("+" + numbers.instead_of(number[1:]))
    assert phonenumbers.is_valid_number(parsed)
    assert parsed.country_code == phonenumbers.parse(number).country_code
    assert phonenumbers.number_type(parsed) == phonenumbers.number_type(phonenumbers.parse(number))
    assert phonenumbers.number_type(parsed) in (kind, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.from_regex(r"\+?[1-9][0-9]{6,14}", fullmatch=True), unique=True, max_size=60))
def test_each_number_has_one_other_of_its_length(originals: list[str]) -> None:
    numbers = Numbers()
    for original in originals:
        numbers.note(original)
    digits = {original.removeprefix("+") for original in originals}
    others = {one: numbers.instead_of(one) for one in digits}
    assert len(set(others.values())) == len(others)
    assert not set(others.values()) & digits
    assert all(len(other) == len(one) and other.isdigit() for one, other in others.items())
    assert others == {one: numbers.instead_of(one) for one in digits}


def test_a_longer_run_of_digits_keeps_nothing() -> None:
    numbers = Numbers()
    card = "4111111111111111"
    assert numbers.instead_of(card) == "0" * 15 + "1"
    assert numbers.instead_of("5" * 16) == "0" * 15 + "2"
    assert numbers.instead_of(card) == "0" * 15 + "1"


def test_a_thousand_numbers_of_one_exchange() -> None:
    numbers = Numbers()
    originals = [f"39022100{i:04d}" for i in range(1000)]
    for original in originals:
        numbers.note(f"+{original}")
    others = {numbers.instead_of(original) for original in originals}
    assert len(others) == 1000
    assert not others & set(originals)


def test_words_never_run_out_and_are_never_the_same() -> None:
    words = Words(["Alderbank", "applebeck"])
    made = [words.instead_of(f"word{i}") for i in range(20_000)]
    assert len({word.casefold() for word in made}) == 20_000
    assert not {"alderbank", "applebeck"} & {word.casefold() for word in made}
    assert all(word.isalpha() and word.isascii() for word in made)
    assert len(words) == 20_000


def test_a_word_keeps_its_style() -> None:
    words = Words()
    title, upper, lower = (words.instead_of(word) for word in ("Rossi", "ROSSI", "rossi"))
    assert title.istitle()
    assert (title.upper(), title.lower()) == (upper, lower)
    assert not words.instead_of("Žofia").isascii()
    assert not words.instead_of("北京").isascii()
    assert words.instead_of("O").istitle()


def test_addresses_are_of_the_same_version_and_set_aside_for_it() -> None:
    addresses = Addresses()
    four, six = addresses.instead_of("192.168.1.20"), addresses.instead_of("2a02:2f0b::8")
    assert ipaddress.ip_address(four) in ipaddress.ip_network("198.18.0.0/15")
    assert ipaddress.ip_address(six) in ipaddress.ip_network("2001:db8::/32")
    assert addresses.instead_of("192.168.1.20") == four
    assert addresses.instead_of("192.168.1.21") != four
    assert [addresses.instead_of(own) for own in ("127.0.0.1", "::1", "0.0.0.0")] == ["127.0.0.1", "::1", "0.0.0.0"]
    assert len(addresses) == 3


def test_what_is_an_address() -> None:
    assert [is_address(text) for text in ("10.0.0.1", "::1", "19:32:38", "999.1.1.1", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_short_digits_are_others_of_the_same_length() -> None:
    digits = Digits()
    assert [digits.instead_of(one) for one in ("4711", "0815", "4711", "12345")] == ["0001", "0002", "0001", "00001"]
