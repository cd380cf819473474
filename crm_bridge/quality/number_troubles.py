"""Why a telephone number in a list of customers is of no use, in words for who can correct it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

from crm_bridge.number import Number, NumberKind, parse_number

_LENGTHS: Final = {
    ValidationResult.TOO_SHORT: "too short",
    ValidationResult.TOO_LONG: "too long",
    ValidationResult.INVALID_LENGTH: "of a length that no number there has",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "without its area code",
    ValidationResult.INVALID_COUNTRY_CODE: "with a country code that there is not",
}
_ASK: Final = "ask for it at the next call, or remove it"
_MOBILE: Final = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class NumberTrouble(NamedTuple):
    """Why it is of no use, and what to do."""

    why: str
    suggestion: str


def number_trouble(written: str, region: str) -> NumberTrouble | None:
    """What is wrong with a number as it is written, for a site in ``region``; None where nothing is.

    >>> number_trouble("335 1234567", "IT"), number_trouble("101", "IT").why
    (None, '101 is an extension of the house: too short for a customer')
    """
    number = parse_number(written, region)
    if number.kind is NumberKind.E164:
        return None if number.certain else _doubtful(number, region)
    if number.kind is NumberKind.EXTENSION:
        return NumberTrouble(f"{_shown(written)} is an extension of the house: too short for a customer", _ASK)
    if number.kind is NumberKind.SHORT:
        return NumberTrouble(f"{_shown(written)} is a short service number, not a customer's", _ASK)
    if number.kind is NumberKind.ANONYMOUS:
        return NumberTrouble(f'"{_shown(written)}" is no number', "remove it")
    return NumberTrouble(_invalid(written, region), _ASK)


@lru_cache(maxsize=20_000)
def is_mobile(key: str) -> bool:
    """Whether the number with this match key is one person's own: a mobile number."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(key, None)) in _MOBILE
    except NumberParseException:
        return False


def _doubtful(number: Number, region: str) -> NumberTrouble:
    if number.why.startswith("read"):
        return NumberTrouble(f"{_shown(number.written)} was {number.why}", f"write it as {number.key}")
    why = _length(number.written, region) or f"not in any range that is given out in {region}"
    return NumberTrouble(
        f"{_shown(number.written)} is {why}", f"with its country code it would be {number.key}; check it"
    )


def _invalid(written: str, region: str) -> str:
    if sum(c.isalpha() for c in written) > 2:
        return f'there are letters in "{_shown(written)}"'
    why = _length(written, region)
    return f"{_shown(written)} is {why}" if why else f"no number has the form of {_shown(written)}"


def _length(written: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(written[:120], region)
    except NumberParseException as error:
        unknown = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        return (
            _LENGTHS[ValidationResult.INVALID_COUNTRY_CODE]
            if unknown and written.lstrip().startswith(("+", "00"))
            else None
        )
    return _LENGTHS.get(phonenumbers.is_possible_number_with_reason(parsed))


def _shown(written: str) -> str:
    plain = "".join(c if c.isprintable() else "?" for c in written.strip())
    return f"{plain[:40]}…" if len(plain) > 40 else plain
