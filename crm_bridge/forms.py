"""How a number may be written in a CRM, for asking by equality or by pattern. What is found is matched again by us."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from crm_bridge.number import Number, written_forms


@lru_cache(maxsize=5_000)
def spelled_forms(number: Number, region: str) -> tuple[str, ...]:
    """The number in every form without blanks, then as people of ``region`` write it; E.164 first.

    >>> from crm_bridge.number import parse_number
    >>> spelled_forms(parse_number("3351234567", "IT"), "IT")[-2:]
    ('+39 335 123 4567', '335 123 4567')
    """
    if number.key is None:
        return ()
    forms = list(written_forms(number.key, region))
    if (parsed := _parsed(number)) is not None:
        forms.append(phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL))
        if phonenumbers.country_code_for_region(region) == parsed.country_code:
            forms.append(phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))
    return tuple(dict.fromkeys(forms))


def placeholders(number: Number, region: str) -> dict[str, str]:
    """The number under the names that an admin may use in his own address or query.

    >>> from crm_bridge.number import parse_number
    >>> placeholders(parse_number("020 7946 0008", "GB"), "GB")["national"]
    '02079460008'
    """
    plain = (number.key or "").rpartition(":")[2]
    forms = written_forms(number.key or "", region)
    national = forms[3] if len(forms) > 3 else forms[1] if len(forms) > 1 else plain
    digits = plain.removeprefix("+")
    return {"e164": plain, "digits": digits, "national": national, "significant": significant_digits(number)}


def as_stored(number: Number, region: str, forms: Sequence[str]) -> tuple[str, ...]:
    """The number in these forms: e164, 00, digits, national, spaced, spaced national; each text once.

    >>> from crm_bridge.number import parse_number
    >>> as_stored(parse_number("+442079460008", "GB"), "GB", ("00", "national", "spaced national"))
    ('00442079460008', '02079460008', '020 7946 0008')
    """
    plain, parsed = placeholders(number, region), _parsed(number)
    every = {"e164": plain["e164"], "00": f"00{plain['digits']}", "digits": plain["digits"]}
    home = parsed is not None and phonenumbers.country_code_for_region(region) == parsed.country_code
    if home:
        every["national"] = plain["national"]
    if parsed is not None:
        every["spaced"] = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
        if home:
            every["spaced national"] = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return tuple(dict.fromkeys(every[form] for form in forms if form in every))


def significant_digits(number: Number) -> str:
    """The digits that every way of writing the number ends with: without country code and trunk prefix.

    >>> from crm_bridge.number import parse_number
    >>> [significant_digits(parse_number(text, "IT")) for text in ("+442079460008", "02 2100 0100", "101")]
    ['2079460008', '0221000100', '101']
    """
    parsed = _parsed(number)
    if parsed is not None:
        return phonenumbers.national_significant_number(parsed)
    return "".join(c for c in number.key or "" if c.isdecimal())


def loose_pattern(number: Number, wildcard: str = "%") -> str:
    """A pattern for LIKE that finds the number however it is spaced, and some others: they are sorted out by us.

    >>> from crm_bridge.number import parse_number
    >>> loose_pattern(parse_number("+39335123456", "IT"))
    '%3%3%5%1%2%3%4%5%6'
    """
    return wildcard + wildcard.join(significant_digits(number))


def _parsed(number: Number) -> phonenumbers.PhoneNumber | None:
    if number.e164 is None:
        return None
    try:
        return phonenumbers.parse(number.e164, None)
    except NumberParseException:
        return None
