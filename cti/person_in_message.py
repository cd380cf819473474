"""One person in what a PBX says: where his number and his name stand in a message, and the same bytes without them.

A byte is put in place of a byte, so a message stays as long as it was, and what points into the stream stays right:
``0`` for a digit of the number, ``x`` for a letter of the name. A name counts as his where the PBX gives it beside his
number; it goes from the messages that name him or a channel of his.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from cti import scrub_esl_headers, scrub_headers
from cti.scrub_headers import Holds
from cti.written_number import WrittenNumber, places_of_digits

_LINE = re.compile(rb"[^\r\n]+")
_HEADER = re.compile(rb"([A-Za-z_][\w.()/-]*):[ \t]?")
_JSON = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_ENCODED = re.compile(rb"%[0-9A-Fa-f]{2}")
_NO_DIGITS = bytes(one for one in range(256) if not 0x30 <= one <= 0x39)
_NUMBERS = re.compile(r"num(?:ber)?\Z|(?<=[-_])user\Z", re.IGNORECASE)
_BESIDE = ("name", "display")
_QUOTED = re.compile(r'"([^"\\]+)\\?"\s*<')
_ESCAPED = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|.)")
_IDS = re.compile(r"(?:unique-?id|linkedid|uuid)\Z", re.IGNORECASE)
_EVERYBODYS = {"core-uuid"}  # in each message of a FreeSWITCH
_NO_NAMES = {"unknown", "anonymous", "unavailable", "restricted", "outbound call", "inbound call", "s"}
LEAST_ID = 6  #: characters of an id; a shorter one may stand for anything


class _Value(NamedTuple):
    """A header's value: ``at`` is where it begins in the message."""

    header: str
    at: int
    raw: bytes


class Sighting(NamedTuple):
    """What else of a person a message tells that holds his number: names, and the ids of channels and calls."""

    names: frozenset[str]
    ids: frozenset[str]


class Replacement(NamedTuple):
    """Bytes to be put at this place of the message; as many as are there."""

    at: int
    new: bytes


class PersonInMessages:
    """Looks for one number in the messages of a kind of PBX, ``asterisk`` or ``freeswitch``."""

    def __init__(self, kind: str, number: WrittenNumber) -> None:
        self._number = number
        self._tail = number.tail.encode()
        self._encoded = kind == "freeswitch"
        self._holds: Callable[[str], Holds] = scrub_esl_headers.holds if kind == "freeswitch" else scrub_headers.holds

    def may_hold(self, data: bytes) -> bool:
        """Whether it is worth to look closer; never False where the number is."""
        plain = _ENCODED.sub(b"", data) if self._encoded and b"%" in data else data
        return self._tail in plain.translate(None, _NO_DIGITS) or (plain is not data and self._tail in data)

    def find(self, message: bytes) -> Sighting | None:
        """What the message tells of the person; None where his number is not in it."""
        if not self.may_hold(message):
            return None
        values = list(_values(message))
        texts = {value.header.casefold(): self._text(value) for value in values}
        his = [value for value in values if self._places(value)]
        if not his:
            return None
        names = {name for value in his for name in self._names_beside(value, texts)}
        ids = {texts[header] for header in texts if _IDS.search(header) and header not in _EVERYBODYS}
        return Sighting(frozenset(filter(_is_name, names)), frozenset(one for one in ids if len(one) >= LEAST_ID))

    def holds_prefixed(self, message: bytes) -> bool:
        """Whether the number is in it, be it behind digits that a PBX dials for a line."""
        return next(self.without_number(message, prefixed=True), None) is not None

    def without_number(self, message: bytes, *, prefixed: bool = False) -> Iterator[Replacement]:
        """What has to be put where, so that the number is not in the message any more.

        ``prefixed`` is for a message that is known to be about him: there a longer run of digits is his number, too.
        """
        if self.may_hold(message):
            for value in _values(message):
                places = self._places(value, prefixed=prefixed)
                yield from (self._replacement(value, place, "0") for place in places)

    def without_names(self, message: bytes, names: Collection[str]) -> Iterator[Replacement]:
        """The same for these names; a message is to be given that is known to be about him."""
        for value in _values(message):
            yield from (self._replacement(value, place, "x") for place in self._places_of_names(value, names))

    def _places(self, value: _Value, *, prefixed: bool = False) -> list[int]:
        """Where the digits of the number stand in the value's text."""
        if self._holds(value.header) is Holds.IDS:
            return []
        text = self._text(value)
        return list(places_of_digits(text, self._number.find(text, prefixed=prefixed)))

    def _names_beside(self, value: _Value, texts: dict[str, str]) -> Iterator[str]:
        stem = _NUMBERS.sub("", value.header.casefold())
        if stem != value.header.casefold():
            yield from (texts[stem + last] for last in _BESIDE if stem + last in texts)
        if self._holds(value.header) is not Holds.IDS:
            yield from (found[1] for found in _QUOTED.finditer(self._text(value)))

    def _places_of_names(self, value: _Value, names: Collection[str]) -> Iterator[int]:
        what = self._holds(value.header)
        if what in (Holds.IDS, Holds.PLAN):
            return
        text = self._text(value)
        for name in names:
            for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                if what is Holds.NAMES or " " in name or _stands_alone(text, found.span()):
                    yield from _letters(text, found.span())

    def _text(self, value: _Value) -> str:
        """The value decoded, a character for each byte that is meant."""
        return "".join(mark for mark, _ in self._marks(value.raw))

    def _marks(self, raw: bytes) -> Iterator[tuple[str, int]]:
        """Each character with where it begins; ``%C3`` is one where the PBX writes so."""
        at = 0
        while at < len(raw):
            encoded = _ENCODED.match(raw, at) if self._encoded and raw[at] == 0x25 else None
            yield chr(int(encoded[0][1:], 16) if encoded else raw[at]), at
            at = encoded.end() if encoded else at + 1

    def _replacement(self, value: _Value, place: int, mark: str) -> Replacement:
        starts = [at for _, at in self._marks(value.raw)] + [len(value.raw)]
        size = starts[place + 1] - starts[place]
        return Replacement(value.at + starts[place], mark.encode() if size == 1 else f"%{ord(mark):02X}".encode())


def _values(message: bytes) -> Iterator[_Value]:
    """The values of a message; a line that has no header is a value with the header ``""``."""
    for line in _LINE.finditer(message):
        text, at = line[0], line.start()
        if text.lstrip().startswith(b"{"):
            for pair in _JSON.finditer(text):
                yield _Value(pair[1].decode("latin-1"), at + pair.start(2), pair[2])
        elif (header := _HEADER.match(text)) is not None:
            yield _Value(header[1].decode("latin-1"), at + header.end(), text[header.end() :])
        else:
            yield _Value("", at, text)


def _is_name(text: str) -> bool:
    word = text.strip().strip("<>").casefold()
    return len(word) > 1 and any(mark.isalpha() for mark in word) and word not in _NO_NAMES


def _letters(text: str, span: tuple[int, int]) -> Iterator[int]:
    """The places of letters and digits; what JSON escapes stays, and so do the marks by which a value ends."""
    kept = {at for escaped in _ESCAPED.finditer(text, *span) for at in range(*escaped.span())}
    return (at for at in range(*span) if at not in kept and (text[at].isalnum() or not text[at].isascii()))


def _stands_alone(text: str, span: tuple[int, int]) -> bool:
    """Whether a name is all of the value, a cell of a table, or stands in quotation marks."""
    before, after = text[: span[0]][-1:], text[span[1] :][:1]
    return before in ("", "|", '"') and after in ("", "|", '"', "\\")


def decoded_name(name: str) -> str:
    """A name as ``Sighting`` has it: a character for each of its bytes.

    >>> decoded_name("José")
    'JosÃ©'
    """
    return name.encode("utf-8", "surrogateescape").decode("latin-1")


def names_of(texts: Iterable[str | None]) -> frozenset[str]:
    """Those of the texts that are somebody's name, as ``without_names`` wants them."""
    return frozenset(decoded_name(text) for text in texts if text is not None and _is_name(text))
