"""Numbers as PBXs, files and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from crm_bridge.number import NumberKind, format_number, parse_number, tail_of, written_forms


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+390221000100", "+390221000100"),
        ("0221000100", "+390221000100"),
        ("02/2100-0100", "+390221000100"),
        ("02 2100 0100 ", "+390221000100"),
        ("02.2100.0100", "+390221000100"),
        ("(335) 123-4567", "+393351234567"),
        ("0039 02 21000100", "+390221000100"),
        ("390221000100", "+390221000100"),
        ("00442079460008", "+442079460008"),
        ("+44 (0) 20 7946 0008", "+442079460008"),
        ("+39 (0)2 21000100", "+390221000100"),
        ("+39 (0)335 1234567", "+393351234567"),
        ("sip:+393351234567@10.0.0.1;user=phone", "+393351234567"),
        ("sips:%2B393351234567@pbx.example.com:5061", "+393351234567"),
        ("tel:+39-335-1234567;ext=12", "+393351234567"),
        ('"Žofia <b>" <sip:3351234567@example.com>', "+393351234567"),
        ("3351234567@example.com", "+393351234567"),
        ("+39\u200b335\u00a01234567", "+393351234567"),
        ("٠٢٢١٠٠٠١٠٠", "+390221000100"),
        ("02 21000100 ext. 12", "+390221000100"),
        ("021234", "+39021234"),
        ("101", "ext:101"),
        ("4444", "ext:4444"),
        ("800123", "ext:800123"),
        ("112", "short:112"),
        ("*21", "short:*21"),
    ],
)
def test_one_form_of_what_is_written_in_many(text: str, key: str) -> None:
    number = parse_number(text, "IT")
    assert number.key == key
    assert number.certain
    assert number.written == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "  ",
        "anonymous",
        "Anonymous",
        "<unknown>",
        "unknown",
        "sip:anonymous@anonymous.invalid",
        "Restricted",
        "Unavailable",
        "withheld",
        "Sconosciuto",
        "UNBEKANNT",
        "no number",
        "None",
    ],
)
def test_no_number_is_no_error(text: str | None) -> None:
    number = parse_number(text, "IT")
    assert number.kind is NumberKind.ANONYMOUS
    assert number.key is None
    assert format_number(number, "IT") == "Number withheld"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "sip:anna@example.com",
        "=cmd|' /C calc'!A0",
        "+39 335 12",
        "1e10",
        "7",
        "x" * 300,
        "335 1234567 / 02 1234567",
        "'; DROP TABLE customers; --",
    ],
)
def test_what_is_no_number_says_why(text: str) -> None:
    number = parse_number(text, "IT")
    assert number.kind is NumberKind.INVALID
    assert number.key is None
    assert number.why


@pytest.mark.parametrize(
    ("text", "prefixes", "key", "why"),
    [
        ("447911123456", (), "+447911123456", "read with a + in front"),
        ("90221000100", ("9",), "+390221000100", "read without the prefix 9"),
        ("0003351234567", ("000",), "+393351234567", "read without the prefix 000"),
        ("5551234", (), "+395551234", "no number range like this is known in IT"),
    ],
)
def test_a_guess_is_never_certain(text: str, prefixes: tuple[str, ...], key: str, why: str) -> None:
    number = parse_number(text, "IT", prefixes)
    assert (number.key, number.certain, number.why) == (key, False, why)


def test_a_prefix_stays_on_a_number_that_makes_sense_with_it() -> None:
    assert parse_number("+390221000100", "IT", ("39",)).key == "+390221000100"


def test_an_international_number_out_of_any_known_range_is_still_the_one_that_was_sent() -> None:
    assert parse_number("+39 0000000001", "IT").certain
    assert not parse_number("5551234", "IT").certain


@pytest.mark.parametrize(
    ("text", "region", "shown"),
    [
        ("+390221000100", "IT", "02 2100 0100"),
        ("+442079460008", "IT", "+44 20 7946 0008"),
        ("+442079460008", "GB", "020 7946 0008"),
        ("101", "IT", "101"),
        ("*21", "IT", "*21"),
        ("nobody's number", "IT", "nobody's number"),
    ],
)
def test_shown_as_people_of_the_country_write_it(text: str, region: str, shown: str) -> None:
    assert format_number(parse_number(text, region), region) == shown


def test_every_form_that_a_pbx_may_write_leads_back_to_the_number() -> None:
    for key, region in (("+390221000100", "IT"), ("+393351234567", "IT"), ("+442079460008", "GB")):
        forms = written_forms(key, region)
        assert {parse_number(form, region).key for form in forms} == {key}
        assert len(forms) >= 4
    assert written_forms("+442079460008", "IT") == ("+442079460008", "00442079460008", "442079460008")
    assert written_forms("ext:101", "IT") == ("101",)


def test_the_tail_is_there_only_for_public_numbers_that_are_long_enough() -> None:
    assert parse_number("+390221000100", "IT").tail == "21000100"
    assert parse_number("021234", "IT").tail == "39021234"
    assert parse_number("101", "IT").tail is None
    assert tail_of("+3902123") is None


@given(st.text(max_size=150), st.sampled_from(["IT", "US", "DE", "GB"]))
def test_any_text_is_read_without_an_error(text: str, region: str) -> None:
    number = parse_number(text, region, ("9", "0"))
    assert (number.key is None) == (number.kind in (NumberKind.ANONYMOUS, NumberKind.INVALID))
    assert format_number(number, region) is not None
    if number.e164 is not None:
        again = parse_number(number.e164, region)
        assert again.e164 == number.e164 or not again.certain


@given(st.from_regex(r"\+(39|44|49|33)[1-9][0-9]{7,9}", fullmatch=True))
def test_a_number_in_e164_stays_what_it_is(text: str) -> None:
    number = parse_number(text, "IT")
    assert number.key in (text, None)
