"""One public number in whatever form it stands in a text: found there, and taken out without moving a byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LEAST_DIGITS = 6  #: with fewer, something else than that number would be found
TAIL_DIGITS = 7
LONGEST_PREFIX = 3
NOTHING = "0"  #: what stands in place of each digit

_BETWEEN = r"[ ().\-/\u00a0]{0,3}"  # what people and PBXs write between two digits
_BARE = str.maketrans("", "", " ().-/\u00a0")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class WrittenNumber:
    """A number by all of its forms, such as ``+39335123456``, ``0039335123456`` and ``335123456``.

    It is found where its digits stand alone: in ``SIP/335123456-0001`` and ``335 12 34 56``, but in no longer run of
    digits, no UUID, and no id of Asterisk's (digits, a dot, digits).

    Raises:
        ValueError: a form has fewer than six digits.
    """

    def __init__(self, key: str, forms: Iterable[str]) -> None:
        digits = sorted({"".join(c for c in form if c.isdecimal()) for form in (key, *forms)}, key=len, reverse=True)
        if len(digits[-1]) < LEAST_DIGITS:
            raise ValueError(f"{digits[-1]!r} is too short to be searched for")
        self.key = key  #: as it is stored: E.164 with its plus
        self.tail = digits[-1][-TAIL_DIGITS:]  #: digits that each form ends with
        anyhow = "|".join(_BETWEEN.join(form) for form in digits)
        alone = r"(?<![0-9])(?<![0-9]\.)"
        self._pattern = re.compile(rf"{alone}(?:{anyhow})(?![0-9])(?!\.[0-9])")
        self._prefixed = re.compile(rf"{alone}[0-9]{{0,{LONGEST_PREFIX}}}(?:{anyhow})(?![0-9])(?!\.[0-9])")

    def find(self, text: str, *, prefixed: bool = False) -> list[tuple[int, int]]:
        """Where it stands: beginnings and ends. ``prefixed``: with digits before it, too, that a PBX dials for a line.

        >>> WrittenNumber("+39335123456", ["335123456"]).find("Anna <335 123 456>, 9335123456")
        [(6, 17)]
        >>> WrittenNumber("+39335123456", ["335123456"]).find("9335123456", prefixed=True)
        [(0, 10)]
        """
        if self.tail not in text.translate(_BARE):
            return []
        ids = [match.span() for match in _UUID.finditer(text)]
        pattern = self._prefixed if prefixed else self._pattern
        return [match.span() for match in pattern.finditer(text) if not _within(match.span(), ids)]

    def holds(self, text: str | None, *, prefixed: bool = False) -> bool:
        """Whether it stands anywhere in ``text``."""
        return text is not None and bool(self.find(text, prefixed=prefixed))

    def blank(self, text: str, *, prefixed: bool = False) -> str:
        """The text with ``0`` for each of its digits, as long as before.

        >>> WrittenNumber("+39335123456", []).blank("tel:+39 335 123456;x=39")
        'tel:+00 000 000000;x=39'
        """
        marks = list(text)
        for place in places_of_digits(text, self.find(text, prefixed=prefixed)):
            marks[place] = NOTHING
        return "".join(marks)


def places_of_digits(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[int]:
    """The place of each digit within these spans."""
    return (place for begin, end in spans for place in range(begin, end) if text[place].isdecimal())


def _within(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(begin < span[1] and span[0] < end for begin, end in others)
