"""What a PBX, a CSV file or an agent writes as a number, brought to one form so that both sides can be compared.

E.164 by the rules of libphonenumber (`phonenumbers`). A number keeps how sure its reading is: what was only guessed is
never shown as certain.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

#: longer texts are no number
MAX_TEXT: Final = 120
#: an extension has no more digits than this
MAX_EXTENSION_DIGITS: Final = 6
#: digits at the end of a number that make two numbers look like the same line
TAIL_DIGITS: Final = 8

_WITHHELD: Final = frozenset(
    {
        "anonymous",
        "anon",
        "restricted",
        "unavailable",
        "unknown",
        "withheld",
        "private",
        "blocked",
        "nonumber",
        "none",
        "null",
        "anonimo",
        "sconosciuto",
        "privato",
        "riservato",
        "unbekannt",
        "anonym",
        "inconnu",
        "masque",
        "desconocido",
        "privado",
        "oculto",
    }
)
_URI = re.compile(r"^(?:sips?|tel|callto):", re.IGNORECASE)
_ANGLED = re.compile(r"<\s*([^<>]+?)\s*>\s*$")
_FEATURE = re.compile(r"^[*#][\d*#]{1,15}$")
_CLEAN = re.compile(r"[\s().\-/]+")


class NumberKind(StrEnum):
    E164 = "e164"  #: a public number
    EXTENSION = "extension"  #: two to six digits of the house
    SHORT = "short"  #: a public service's short number, or a feature code of the PBX
    ANONYMOUS = "anonymous"  #: withheld, or none was sent
    INVALID = "invalid"  #: something that is no number


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number and how it was understood.

    ``key`` is what two numbers have in common when they are the same: E.164 with its plus, ``ext:101`` or
    ``short:118``; None when there is nothing to look for. ``certain`` is False when a country code or a prefix had
    to be guessed. ``why`` says in a few words how it was read.
    """

    kind: NumberKind
    written: str
    key: str | None = None
    why: str = ""
    certain: bool = True

    @property
    def e164(self) -> str | None:
        return self.key if self.kind is NumberKind.E164 else None

    @property
    def tail(self) -> str | None:
        """The last eight digits of a public number; None for others, and for numbers shorter than that."""
        return tail_of(self.key) if self.kind is NumberKind.E164 and self.key else None


@lru_cache(maxsize=20_000)
def parse_number(text: str | None, region: str, dial_prefixes: tuple[str, ...] = ()) -> Number:
    """The number that ``text`` means, for a site in ``region`` (ISO 3166). Never raises.

    Takes E.164, national forms, ``00``, blanks and ``/ ( ) - .``, ``(0)`` after a country code, ``sip:`` and ``tel:``
    addresses, a name with the number in angle brackets, extensions, short codes, and the words for "withheld".

    >>> parse_number("02/2100-0100", "IT").e164, parse_number("sip:0039335123456@10.0.0.1", "IT").e164
    ('+390221000100', '+39335123456')
    >>> parse_number("101", "IT").key, parse_number("anonymous", "IT").kind.value
    ('ext:101', 'anonymous')
    """
    written = (text or "").strip()
    if len(written) > MAX_TEXT:
        return _invalid(written[:MAX_TEXT], f"{len(written)} characters are too many for a number")
    bare = _bare(written)
    if not bare or _word(bare) in _WITHHELD:
        return Number(kind=NumberKind.ANONYMOUS, written=written, why="the caller's number is withheld or unknown")
    if _FEATURE.match(bare):
        return Number(kind=NumberKind.SHORT, written=written, key=f"short:{bare}", why="a code of the PBX")
    if not any(letter.isdigit() for letter in bare):
        return _invalid(written, "there is no digit in it")
    digits = _CLEAN.sub("", bare)
    if digits.isdecimal() and len(digits) <= MAX_EXTENSION_DIGITS and not _is_public(digits, region):
        return _house_number(written, digits, region)
    return _public_number(written, bare, region, dial_prefixes)


def tail_of(key: str) -> str | None:
    """The last eight digits of an E.164 number, None when it has fewer."""
    digits = key.lstrip("+")
    return digits[-TAIL_DIGITS:] if len(digits) >= TAIL_DIGITS else None


@lru_cache(maxsize=20_000)
def format_number(number: Number, region: str) -> str:
    """As people of ``region`` write it: national within the country, with ``+`` otherwise; other kinds as they are.

    >>> [format_number(parse_number(text, "IT"), "IT") for text in ("+442079460008", "+390221000100")]
    ['+44 20 7946 0008', '02 2100 0100']
    """
    if number.kind is NumberKind.ANONYMOUS:
        return "Number withheld"
    if number.kind is not NumberKind.E164 or number.key is None:
        return (number.key or number.written).rpartition(":")[2]
    parsed = phonenumbers.parse(number.key, None)
    home = phonenumbers.region_code_for_country_code(parsed.country_code or 0) == region
    return phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=5_000)
def written_forms(key: str, region: str) -> tuple[str, ...]:
    """Every way a PBX of ``region`` may write the number with this match key, to find it among raw numbers.

    >>> written_forms("+390221000100", "IT")
    ('+390221000100', '00390221000100', '390221000100', '0221000100')
    """
    if not key.startswith("+"):
        return (key.partition(":")[2],)
    try:
        parsed = phonenumbers.parse(key, None)
    except NumberParseException:
        return (key,)
    forms = [key, "00" + key[1:], key[1:]]
    if phonenumbers.country_code_for_region(region) == parsed.country_code:
        national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        forms += ["".join(c for c in national if c.isdecimal()), phonenumbers.national_significant_number(parsed)]
    return tuple(dict.fromkeys(forms))


def _bare(written: str) -> str:
    """Without the wrapping of addresses, invisible characters and ASCII-unlike digits."""
    text = unicodedata.normalize("NFKC", written)
    if (angled := _ANGLED.search(text)) is not None:
        text = angled.group(1)
    if _URI.match(text):
        text = unquote(_URI.sub("", text)).partition("@")[0].partition(";")[0]
    elif "@" in text:
        text = text.partition("@")[0]
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf"} or c == "\t")
    return text.strip(" \t\"'")


def _word(bare: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", bare.casefold()) if c.isalpha() and c.isascii())


def _is_public(digits: str, region: str) -> bool:
    """True for six digits that begin with the trunk zero and are a real number: shorter ones are the house's."""
    if len(digits) < MAX_EXTENSION_DIGITS or not digits.startswith("0"):
        return False
    parsed = _parse(digits, region)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _house_number(written: str, digits: str, region: str) -> Number:
    parsed = PhoneNumber(
        country_code=phonenumbers.country_code_for_region(region), national_number=int(digits), raw_input=digits
    )
    if len(digits) < 2:
        return _invalid(written, "one digit is no number")
    if not digits.startswith("0") and phonenumbers.is_valid_short_number_for_region(parsed, region):
        return Number(kind=NumberKind.SHORT, written=written, key=f"short:{digits}", why="a short number")
    return Number(kind=NumberKind.EXTENSION, written=written, key=f"ext:{digits}", why="an extension of the house")


def _public_number(written: str, bare: str, region: str, dial_prefixes: tuple[str, ...]) -> Number:
    parsed = _parse(_drop_zero(bare, region), region)
    if parsed is not None and phonenumbers.is_valid_number(parsed):
        return _read(written, parsed, "the number as sent")
    if guessed := _guess(bare, region, dial_prefixes):
        return _read(written, *guessed, certain=False)
    if parsed is not None and phonenumbers.is_possible_number(parsed):
        international = bare.startswith(("+", "00"))
        why = "the number as sent" if international else f"no number range like this is known in {region}"
        return _read(written, parsed, why, certain=international)
    return _invalid(written, "no number has this form")


def _drop_zero(bare: str, region: str) -> str:
    """Without the ``(0)`` of ``+39 (0)335``: a mobile number of Italy loses it, a landline number keeps it."""
    without = bare.replace("(0)", "", 1)
    parsed = _parse(without, region) if without != bare else None
    mobile = parsed is not None and phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    return without if mobile else bare


def _guess(bare: str, region: str, dial_prefixes: tuple[str, ...]) -> tuple[PhoneNumber, str] | None:
    """A valid number after one repair that PBXs make necessary, with what was repaired."""
    digits = _CLEAN.sub("", bare).removeprefix("+")
    if not digits.isdecimal():
        return None
    repairs = [(digits.removeprefix("00"), "read with a + in front")] if not bare.startswith("+") else []
    tries = [("+" + rest, why) for rest, why in repairs]
    for prefix in dial_prefixes:
        if digits.startswith(prefix):
            tries.append((digits.removeprefix(prefix), f"read without the prefix {prefix}"))
    for text, why in tries:
        parsed = _parse(text, region)
        if parsed is not None and phonenumbers.is_valid_number(parsed):
            return parsed, why
    return None


def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _read(written: str, parsed: PhoneNumber, why: str, certain: bool = True) -> Number:
    key = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if parsed.extension:
        why = f"{why}, extension {parsed.extension} left out"
    return Number(kind=NumberKind.E164, written=written, key=key, why=why, certain=certain)


def _invalid(written: str, why: str) -> Number:
    return Number(kind=NumberKind.INVALID, written=written, why=why)
