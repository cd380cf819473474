"""Real people out of an ESL stream, message by message: decoded, replaced, encoded again, lengths put right.

Values stand percent-encoded in plain events, as JSON in others; answers have tables, JSON or events in their bodies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import Any
from urllib.parse import quote_from_bytes, unquote, unquote_to_bytes

import msgspec

from cti.recording import Piece
from cti.scrub_esl_headers import holds, is_extension, is_vocabulary
from cti.scrub_headers import Holds
from cti.scrub_rules import Rules, Said
from cti.wire.esl import EslFrame, EslJsonFrame, EslWire

BODY, KEY = "_body", "DTMF-Digit"
_END = b"\n\n"
_SAFE = "/()'!*~,$"  # what FreeSWITCH leaves as it is, besides letters and digits
_PARTS = re.compile(r"(ARRAY::|\|:|\b\d{10}:[0-9a-f-]{36}:[a-z_]+:|\b(?:blind|s?att):)")  # stay as they are
_LENGTH = re.compile(rb"(?m)^Content-Length: \d+$")
_HEAD = re.compile(r"\A[A-Za-z][\w-]*: ")
_MARKUP = re.compile(r'(?P<name>[\w-]+)="(?P<value>[^"]*)"|(?<=>)[^<>\n]+(?=<)')
_ECHO = re.compile(r"\Aoffhook [a-z ]+\Z")  # what this program asks FreeSWITCH to say, to know its place

Change = Callable[[str, str], str]


class EslSplitter:
    """Cuts messages from pieces. ``dropped`` counts the bytes of messages of which a part is missing."""

    def __init__(self) -> None:
        self._wire = EslWire()
        self._next = self._fed = self._framed = 0

    @property
    def dropped(self) -> int:
        return self._fed - self._framed

    def take(self, piece: Piece) -> Iterator[EslFrame]:
        """The messages that ``piece`` completes. Raises EslError: the bytes are no event socket's."""
        if piece.offset != self._next:
            self._wire.resume(piece.offset, at_border=False)
        self._next = piece.offset + len(piece.data)
        self._fed += len(piece.data)
        for frame in self._wire.feed(piece.data):
            self._framed += len(frame.raw)
            yield frame
        if self._wire.error is not None:
            raise self._wire.error


class EslScrubber:
    """Notes who is there, then gives each message anew."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._seen: dict[bytes, bytes] = {}  # lines noted, and lines given anew: most come many times
        self._made: dict[bytes, bytes] = {}

    def note(self, frame: EslFrame) -> None:
        """One message of the stream, seen before any is given anew."""
        rewritten(frame, self._noter(frame), self._seen if self._is_usual(frame) else None)

    def message(self, frame: EslFrame) -> bytes:
        """The same message about fictional people."""
        return rewritten(frame, self._changer(frame), self._made if self._is_usual(frame) else None)

    @staticmethod
    def _is_usual(frame: EslFrame) -> bool:
        """Whether a line of it means the same in any other message: not a key, and not a command."""
        return frame.name not in ("DTMF", "API")

    def _noter(self, frame: EslFrame) -> Change:
        said = self._said(frame)

        def note(header: str, value: str) -> str:
            for part in _PARTS.split(value)[::2]:
                self._rules.note_said(said(header, part))
            return value

        return note

    def _changer(self, frame: EslFrame) -> Change:
        said = self._said(frame)

        def change(header: str, value: str) -> str:
            if stays(header):
                return value
            parts = _PARTS.split(value)
            parts[::2] = [self._rules.value_of(said(header, part)) for part in parts[::2]]
            return "".join(parts)

        return change

    @staticmethod
    def _said(frame: EslFrame) -> Callable[[str, str], Said]:
        is_event = frame.name != "api/response"
        of_queues = is_event and frame.get(b"API-Command") == "callcenter_config"
        leg = (frame.get(b"Unique-ID") or "") if frame.name == "DTMF" else ""

        def said(header: str, value: str) -> Said:
            what = Holds.PLAN if of_queues and header == "API-Command-Argument" else holds(header)
            return Said(
                value=value,
                holds=what,
                extension=is_extension(header),
                vocabulary=is_vocabulary(header),
                pressed=header == KEY,
                leg=leg,
            )

        return said


def stays(header: str) -> bool:
    """Whether no value of this header is ever changed."""
    return header != KEY and holds(header) is Holds.IDS


def rewritten(frame: EslFrame, change: Change, known: dict[bytes, bytes] | None = None) -> bytes:
    """The message with each value as ``change`` gives it for its header; a body is ``_body``, a cell has its column.

    ``known`` keeps what became of each line, for the next message.
    """
    raw, known = frame.raw, {} if known is None else known
    if isinstance(frame, EslJsonFrame):
        body = _json(raw[frame.start :], change)
        return _with_length(raw[: frame.start], len(body)) + body
    if frame.coded:
        body = _plain(raw[frame.start :], change, known)
        return _with_length(raw[: frame.start], len(body)) + body
    head, _, body = raw.partition(_END)
    answer = _answer(body, change) if frame.name == "api/response" else body
    return _with_length(head + _END, len(answer)) + answer


def _plain(body: bytes, change: Change, known: dict[bytes, bytes]) -> bytes:
    """The text of an event: its headers, then maybe an inner body with a length of its own."""
    head, _, inner = body.partition(_END)
    new = _text(change(BODY, inner.decode("utf-8", "surrogateescape"))) if inner else inner
    lines = b"\n".join(_known(line, change, known) for line in head.split(b"\n"))
    return (_with_length(lines, len(new)) if inner else lines) + _END + new


def _known(line: bytes, change: Change, known: dict[bytes, bytes]) -> bytes:
    new = known.get(line)
    if new is None:
        new = _line(line, change)
        if not stays(line.partition(b":")[0].decode("utf-8", "replace")):  # these differ in each message
            known[line] = new
    return new


def _line(line: bytes, change: Change) -> bytes:
    name, colon, coded = line.partition(b": ")
    header = name.decode("utf-8", "replace")
    if not colon or stays(header):
        return line
    value = unquote_to_bytes(coded).decode("utf-8", "surrogateescape")
    new = change(header, value)
    return line if new == value else name + colon + quote_from_bytes(_text(new), _SAFE).encode()


def _answer(body: bytes, change: Change) -> bytes:
    """An answer by its looks: JSON, XML, a table with its columns in the first line, an event, or words."""
    text = body.decode("utf-8", "surrogateescape")
    if _ECHO.match(text.strip()):
        return body
    if text.startswith(("{", "[")):
        return _json(body, change)
    if text.startswith("<"):
        return _text(_MARKUP.sub(lambda found: _marked(found, change), text))
    first = text.partition("\n")[0]
    if first.count("|") > 1:
        return _text(_table(text, change))
    if _HEAD.match(first):
        return _plain(body, change, {})
    return _text(change(BODY, text))


def _marked(found: re.Match[str], change: Change) -> str:
    """An attribute's value (percent-encoded, where mod_fifo writes it), or what stands between two tags."""
    name, value = found["name"], found["value"]
    if name is None:
        return escape(change(BODY, unescape(found[0])), quote=False)
    plain = unquote(unescape(value), errors="surrogateescape")
    new = change(name, plain)
    if new == plain:
        return found[0]
    return f'{name}="{quote_from_bytes(_text(new), _SAFE) if "%" in value else escape(new)}"'


def _table(text: str, change: Change) -> str:
    first, *rows = text.split("\n")
    columns = first.split("|")
    changed = ["|".join(_cells(row.split("|"), columns, change)) for row in rows]
    return "\n".join([first, *changed])


def _cells(cells: list[str], columns: list[str], change: Change) -> Iterator[str]:
    """Where a value has a bar in it the columns do not fit: then each may hold anything."""
    if len(cells) == 1:  # "+OK"
        yield cells[0]
        return
    for i, cell in enumerate(cells):
        yield change(columns[i] if len(cells) == len(columns) else BODY, cell)


def _json(body: bytes, change: Change) -> bytes:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _text(change(BODY, body.decode("utf-8", "surrogateescape")))
    return msgspec.json.encode(_walked("", document, change)) + (b"\n" if body.endswith(b"\n") else b"")


def _walked(name: str, value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        return {key: _walked(key, inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_walked(name, inner, change) for inner in value]
    return change(name, value) if isinstance(value, str) else value


def _with_length(head: bytes, length: int) -> bytes:
    return _LENGTH.sub(b"Content-Length: %d" % length, head)


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
