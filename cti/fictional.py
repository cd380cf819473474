"""Fictional numbers, names and addresses in the place of real ones: the same for the same, and no way back.

What is made up depends on the order in which the real ones were met, not on what they are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import phonenumbers

TAIL = (
    7  # digits of a number that are replaced, but for their first one: 390221000100 and 00390221000100 stay one number
)
MOST_DIGITS = 15  # E.164; a longer run of digits is something else, and replaced whole
_STEP = 372_971  # has no factor in common with a million: its multiples meet each six digits once
_TRIES = 400


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_FIRST = _listed(
    """
        alder apple ash aspen bay beech birch bramble briar brook cedar cherry clover copper elder elm
        fallow fern field fox glen gold green grey hart hawk hazel heather holly honey iron ivy juniper
        kestrel lark laurel linden maple marsh meadow moss north oak olive otter pear pine plum poplar raven
        reed robin rose rowan rush sage sand silver spring stone swan thistle walnut west wheat white wild
        willow winter wren yarrow yew
    """
)
_SECOND = _listed(
    """
        bank beck berry bourne bridge brook combe cote croft dale dean down fell field ford garth gate grove
        ham haven head hill holm holt hurst land leigh mead mere moor mouth ness pool port ridge rigg sett
        shaw side stead stoke stow thorpe thwaite ton tree vale view wall water well wick wold worth yard
    """
)
_V4, _V6 = ipaddress.IPv4Address("198.18.0.0"), ipaddress.IPv6Address("2001:db8::")  # RFC 2544, RFC 3849
_ACCENTS = str.maketrans("aeiou", "áéíóú")


class Numbers:
    """Telephone numbers of seven digits and more. ``note`` all of them first, then ask."""

    def __init__(self) -> None:
        self._forms: dict[str, set[str]] = {}  # by the last digits: the forms in which a number was met, with its +
        self._tails: dict[str, str] = {}
        self._others: dict[str, str] = {}
        self._used: set[str] = set()

    def __len__(self) -> int:
        return len(self._forms) + len(self._others)

    def note(self, number: str) -> None:
        """A number that is there: digits, with or without a + before them."""
        digits = number.removeprefix("+")
        if len(digits) <= MOST_DIGITS:
            self._forms.setdefault(digits[-TAIL:], set()).add(number)

    def instead_of(self, digits: str) -> str:
        """As many other digits; those before the last seven stay, so country, network or area are the same."""
        if len(digits) > MOST_DIGITS:
            return self._others.setdefault(digits, f"{len(self._others) + 1:0{len(digits)}d}")
        tail = digits[-TAIL:]
        if tail not in self._tails:
            self._forms.setdefault(tail, {digits})
            self._tails[tail] = self._new_tail(tail)
            self._used.add(self._tails[tail])
        return digits[:-TAIL] + self._tails[tail]

    def _new_tail(self, tail: str) -> str:
        valid = [form for form in self._forms[tail] if _kind(form) is not None]
        found = ""
        for i in range(1_000_000):
            found = f"{tail[0]}{(len(self._tails) + 1 + i) * _STEP % 1_000_000:06d}"
            if found in self._used or found in self._forms:
                continue
            if i > _TRIES or all(_kind(form) == _kind(form[:-TAIL] + found) for form in valid):
                break
        return found


def _kind(number: str) -> int | None:
    """Which kind of valid number it is (mobile, fixed...); None for one that is not valid or not international."""
    if not number.startswith("+"):
        return None
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.number_type(parsed) if phonenumbers.is_valid_number(parsed) else None


class Digits:
    """Short runs of digits that may be a PIN or a customer's number: as many others, in the order they are met."""

    def __init__(self) -> None:
        self._instead: dict[str, str] = {}

    def instead_of(self, digits: str) -> str:
        size = len(digits)
        count = sum(len(one) == size for one in self._instead)
        return self._instead.setdefault(digits, f"{count + 1:0{size}d}"[-size:])


class Words:
    """Words of names. ``taken`` are those that occur already and must not be made up."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._instead: dict[str, str] = {}
        self._taken = {word.casefold() for word in taken}
        self._next = 0

    def __len__(self) -> int:
        return len(self._instead)

    def __contains__(self, word: str) -> bool:
        return word.casefold() in self._instead

    def instead_of(self, word: str) -> str:
        """A word in the same style: capitals, and letters beyond ASCII where there were any."""
        key = word.casefold()
        if key not in self._instead:
            self._instead[key] = self._new_word()
        found = self._instead[key]
        if not word.isascii():
            found = found.translate(_ACCENTS)
        if len(word) > 1 and word.isupper():
            return found.upper()
        return found if word[0].islower() else found.title()

    def _new_word(self) -> str:
        while True:
            rounds, first = divmod(self._next, len(_FIRST))
            found = _FIRST[first] + _SECOND[(rounds + first) % len(_SECOND)]
            if rounds >= len(_SECOND):  # all pairs are used up
                found += _SECOND[rounds // len(_SECOND) % len(_SECOND)] * (rounds // len(_SECOND) ** 2 + 1)
            self._next += 1
            if found not in self._taken:
                self._taken.add(found)
                return found


class Addresses:
    """IP addresses, from the blocks set aside for documentation and measuring; the machine's own ones stay."""

    def __init__(self) -> None:
        self._instead: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._instead)

    def instead_of(self, text: str) -> str:
        """An address of the same version."""
        address = ipaddress.ip_address(text)
        if address.is_loopback or address.is_unspecified:
            return text
        if text not in self._instead:
            n = len(self._instead) + 1
            self._instead[text] = str(_V4 + n % (1 << 17) if address.version == 4 else _V6 + n)
        return self._instead[text]


def is_address(text: str) -> bool:
    """Whether it is an IP address, of either version."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
