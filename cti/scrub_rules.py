"""Real people out of a stream, value by value: numbers, names and addresses give way to fictional ones.

What is not known to be harmless is replaced. The same is replaced by the same everywhere, so the calls tell the same
story. Two passes: ``note`` sees every message first, then ``message`` gives each one anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from cti.fictional import Addresses, Digits, Numbers, Words, is_address
from cti.pbx.asterisk_names import caller_name
from cti.scrub_headers import EXTENSIONS, VOCABULARY, Holds, base, holds, names

TYPED_DIGITS = 5  # so many keys in one call are no menu choice but a number or a PIN
_EXTENSION = re.compile(r"\d{2,6}\Z")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}\Z")
_USER_IDS = names("Event Privilege Uniqueid Linkedid ChannelState ChannelStateDesc Priority Language")
_HARMLESS = names("""
    unknown none anonymous restricted unavailable private withheld pjsip sip sips iax2 local dahdi khomp misdn motif
    skinny sccp h323 tel agents trunk gateway gw provider all num number name callerid connectedline cdr channel set
    goto dial queue playback background hangup answer outgoing line login snap udp tcp tls ws wss ipv4 ipv6
    transport user phone lr from to internal external inbound outbound in out true false yes no on off success
    failed answer noanswer cancel busy congestion chanunavail ringing inuse not_inuse idle timeout joinempty
    leaveempty joinunavail leaveunavail full continue added removed paused unpaused notthere nosuchqueue
    ok err bleg aleg both wait nowait undef inline sofia loopback xml array blind att satt callcenter valet_park fifo
    user_context leg_timeout
    effective_caller_id_name effective_caller_id_number origination_caller_id_name
    origination_caller_id_number hangup_after_bridge originate
""")
_TOKEN = re.compile(
    r"""
    (?P<escape>\\.)
    |(?P<uuid>(?<!\w)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?!\w))
    |(?P<channel>(?<![\w/])[A-Za-z][A-Za-z0-9]*/[^\s,&|()<>"'\\;]*?-[0-9a-f]{8}(?:;[12])?(?![\w-]))
    |(?P<uniqueid>(?<![\d.+])1\d{9}\.\d+(?![\d.]))
    |(?P<address>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]))
    |(?P<number>\+?(?<!\d)\d{7,})
    |(?P<groups>(?<!\w)\+?\(?\d{1,6}(?:[ ./()-]{1,2}\d{2,6}){1,6}(?!\w))
    |(?P<digits>(?<![^\W_])\d{1,6}(?![^\W_]))
    |(?P<word>(?:(?!\d{7})\w)+)
    """,
    re.VERBOSE | re.DOTALL,
)
_RUN = re.compile(r"\d+")
_PIECE = re.compile(r"[^.:]+")
_LEAST = 7  # digits of a telephone number; below it is an extension or a service number
_PIN = 4


class Said(NamedTuple):
    """One value of a message, and what its header makes of it.

    ``extension``: a short number here is one. ``vocabulary``: its words are names of the dial plan. ``pressed``: it is
    a key that the party at ``leg`` pressed.
    """

    value: str
    holds: Holds
    extension: bool = False
    vocabulary: bool = False
    pressed: bool = False
    leg: str = ""


class Rules:
    """What is replaced by what, in one recording. ``kept`` words stay wherever they stand, ``hidden`` ones nowhere."""

    def __init__(self, kept: Iterable[str] = (), hidden: Iterable[str] = ()) -> None:
        self.numbers, self.addresses, self._digits = Numbers(), Addresses(), Digits()
        self._kept = _words_in(kept)
        self._hidden = _words_in(hidden)
        self._plan: set[str] = set()
        self._met: set[str] = set()
        self._extensions: set[str] = set()
        self._keys: Counter[str] = Counter()
        self._seen: set[tuple[Holds, str]] = set()
        self._replaced: dict[tuple[Holds, str], str] = {}

    @cached_property
    def words(self) -> Words:
        """The words that are replaced; made when all messages have been noted."""
        return Words(self._met | self._plan | self._kept | _HARMLESS)

    def note(self, raw: bytes) -> None:
        """One AMI message of the stream, without the empty line that ends it."""
        for line in _lines(raw):
            self.note_said(line.said(ended=line.event == "DTMFEnd"))

    def message(self, raw: bytes) -> bytes:
        """The same AMI message about fictional people."""
        text = "\r\n".join(line.start + self.value_of(line.said(ended=True)) for line in _lines(raw))
        return text.encode("utf-8", "surrogateescape")

    def note_said(self, said: Said) -> None:
        """One value of the stream, seen before any is given anew."""
        if said.extension and _EXTENSION.match(said.value):
            self._extensions.add(said.value)
        if said.vocabulary:
            words = _words_in([said.value])
            self._plan |= words | {f"{word}_avail" for word in words}
        if said.pressed:
            self._keys[said.leg] += 1
        if said.holds is not Holds.IDS and (said.holds, said.value) not in self._seen:
            self._seen.add((said.holds, said.value))
            self._note_value(said.value)

    def value_of(self, said: Said) -> str:
        """The same value about fictional people."""
        if said.pressed:
            return "0" if self._keys[said.leg] >= TYPED_DIGITS and said.value.isdigit() else said.value
        if said.holds is Holds.IDS:
            return said.value
        key = (said.holds, said.value)
        if key not in self._replaced:
            self._replaced[key] = self._scrubbed(said.value, said.holds)
        return self._replaced[key]

    def _note_value(self, value: str) -> None:
        for match in _TOKEN.finditer(value):
            token = match[0]
            if match.lastgroup == "channel":
                self._note_value(token.partition("/")[2][:-9])
            elif match.lastgroup == "number":
                self.numbers.note(token)
            elif match.lastgroup == "groups" and len(digits := _digits_of(token)) >= _LEAST:
                self.numbers.note(("+" if token[0] == "+" else "") + digits)
            elif match.lastgroup == "word":
                self._met.add(token.casefold())

    def _scrubbed(self, value: str, what: Holds) -> str:
        if what is Holds.NAMES and caller_name(value) is None:
            return value
        return _TOKEN.sub(lambda match: self._instead(match.lastgroup or "", match[0], what), value)

    def _instead(self, kind: str, token: str, what: Holds) -> str:
        if kind == "word":
            return self._word(token, what)
        if kind == "digits":
            return self._short(token, what)
        if kind == "number":
            return token[: token[0] == "+"] + self.numbers.instead_of(token.removeprefix("+"))
        if kind == "groups":
            return self._groups(token, what)
        if kind == "address":
            return self._address(token, what)
        if kind == "channel":
            technology, _, name = token.partition("/")
            cut = name.rindex("-")
            return f"{technology}/{self._scrubbed(name[:cut], what)}{name[cut:]}"
        return token

    def _word(self, word: str, what: Holds) -> str:
        key = word.casefold()
        if key in self._hidden:
            return self.words.instead_of(word)
        stays = {
            Holds.PLAN: True,
            Holds.TEXT: len(word) <= 2 or key in self._plan or key in _HARMLESS,
            Holds.ANYTHING: len(word) == 1 or key in self._plan or key in _HARMLESS,
        }
        if stays.get(what, False) or key in self._kept or not any(letter.isalpha() for letter in word):
            return word
        return self.words.instead_of(word)

    def _short(self, digits: str, what: Holds) -> str:
        suspect = what in (Holds.ANYTHING, Holds.NAMES) and len(digits) >= _PIN and digits not in self._extensions
        return self._digits.instead_of(digits) if suspect or digits in self._hidden else digits

    def _groups(self, token: str, what: Holds) -> str:
        """A number written in groups, or some short ones."""
        digits = _digits_of(token)
        if len(digits) < _LEAST:
            return _RUN.sub(lambda match: self._short(match[0], what), token)
        new = iter(self.numbers.instead_of(digits))
        return _RUN.sub(lambda match: "".join(islice(new, len(match[0]))), token)

    def _address(self, token: str, what: Holds) -> str:
        if is_address(token):
            return self.addresses.instead_of(token)
        return _PIECE.sub(lambda match: self._scrubbed(match[0], what), token)


class _Line(NamedTuple):
    """One line of a message: ``start`` is all of it before the value."""

    start: str
    header: str
    value: str
    holds: Holds
    event: str
    leg: str

    def said(self, *, ended: bool) -> Said:
        """The value with what is known of it; of a key, that counts once, ``ended`` is True."""
        return Said(
            value=self.value,
            holds=self.holds,
            extension=self.header in EXTENSIONS,
            vocabulary=self.header in VOCABULARY,
            pressed=self.header == "Digit" and ended,
            leg=self.leg,
        )


def _lines(raw: bytes) -> Iterator[_Line]:
    lines = [_split(line) for line in raw.decode("utf-8", "surrogateescape").split("\r\n")]
    found = {header: value for header, _, value in reversed(lines)}
    event, leg, variable = found.get("Event", ""), found.get("Uniqueid", ""), found.get("Variable", "")
    for header, colon, value in lines:
        what = holds(header, variable) if colon else Holds.ANYTHING
        if header == "Message" and "Response" in found:
            what = Holds.PLAN
        elif event == "UserEvent" and what is Holds.IDS and header not in _USER_IDS:
            what = Holds.ANYTHING
        yield _Line(header + colon, base(header), value, what, event, leg)


def _split(line: str) -> tuple[str, str, str]:
    """Header, colon with what follows it, value; a line that is no header is all value."""
    header, colon, value = line.partition(":")
    if not colon or not _HEADER.match(header):
        return "", "", line
    space = " " if value.startswith(" ") else ""
    return header, colon + space, value[len(space) :]


def _words_in(texts: Iterable[str]) -> set[str]:
    return {word.casefold() for text in texts for word in re.findall(r"\w+", text)}


def _digits_of(token: str) -> str:
    return "".join(_RUN.findall(token))
