"""FreeSWITCH's event socket as bytes: frames out of what the socket gave, commands into what it takes.

A message is a block of header lines closed by an empty line, then a body of ``Content-Length`` bytes. The body of an
event is again header lines (``text/event-plain``, values percent-encoded, names not) or JSON; behind the event's own
empty line there may be an inner body, raw, whose length is a header of the event. Lengths count bytes.

Lines are cut before anything is decoded, so a caller's name cannot forge a header. Nothing is decoded until it is asked
for, and an event nobody wants is dropped by its name. Source: FreeSWITCH's ``mod_event_socket.c`` (``listener_run``),
``switch_event.c`` (``switch_event_serialize``, ``switch_event_serialize_json``) and the recordings in
``tests/recordings/freeswitch``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

import msgspec

from cti.wire import esl_faults
from cti.wire.esl_faults import EslError

__all__ = ["EslError", "EslFrame", "EslJsonFrame", "EslWire", "encode_command", "many"]

MAX_FRAME_BYTES = 1 << 20  # an event with all its variables is some 15 KiB
MAX_ANSWER_BYTES = 1 << 26  # "show channels as json" of 10,000 legs is some 10 MiB
MAX_HEADER_BYTES = 1 << 13
BODY = b"_body"  # the inner body's name, FreeSWITCH's own in JSON
GREETING = b"Content-Type: auth/request\n\n"

_END = b"\n\n"
_PLAIN, _JSON, _ANSWER = b"text/event-plain", b"text/event-json", b"api/response"
_MANY, _BETWEEN = "ARRAY::", "|:"
_USUAL = re.compile(rb"Content-Length: (\d{1,9})\nContent-Type: (text/event-(?:plain|json))\n\n")
_NAME = re.compile(rb"(?:Event-Subclass: ([^\n]*)\n)?Event-Name: ([^\n]*)\n")
_JSON_NAME = re.compile(rb'"Event-Name"\s*:\s*"([^"\\]*)"')
_JSON_SUBCLASS = re.compile(rb'"Event-Subclass"\s*:\s*"([^"\\]*)"')


class _Sought(dict[bytes, bytes]):
    """What to look for in a message, by header; asked for by name in the source only, so there are not many."""

    def __missing__(self, header: bytes) -> bytes:
        sought = self[header] = b"\n" + header + b": "
        return sought


_SOUGHT = _Sought()


class EslFrame(msgspec.Struct, gc=False):
    """One message. ``name`` is the event's, of a ``CUSTOM`` one the subclass; of a reply its content type.

    ``offset`` is its first byte in the stream, ``raw`` all its bytes; its own headers are those from ``start`` to
    ``end``, behind them an inner body or a reply's body. ``coded`` if values are percent-encoded: an event's are.
    """

    name: str
    offset: int
    raw: bytes
    start: int
    end: int
    coded: bool

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.offset}, {len(self.raw)} bytes)"

    def get(self, header: bytes) -> str | None:
        """The first value of ``header`` (exact case), UTF-8 with bad bytes replaced; None where there is none.

        ``_body`` is the inner body, or a reply's. What FreeSWITCH keeps as several values is one text, see ``many``.
        """
        if header == BODY:
            body = self.raw[self.end + len(_END) :]
            return body.decode("utf-8", "replace") if body else None
        sought = _SOUGHT[header]
        found = self.raw.find(sought, max(self.start - 1, 0), self.end)
        if found < 0:
            return self._get_first_line(header)
        begin = found + len(sought)
        end = self.raw.find(b"\n", begin, self.end)
        return self._decode(self.raw[begin : end if end >= 0 else self.end])

    def items(self) -> Iterator[tuple[str, str]]:
        """All headers in order, then the body if there is one; a line without a colon is passed over."""
        for line in self.raw[self.start : self.end].split(b"\n"):
            key, colon, value = line.partition(b":")
            if colon:
                yield key.decode("utf-8", "replace"), self._decode(value.removeprefix(b" "))
        if (body := self.get(BODY)) is not None:
            yield BODY.decode(), body

    def _get_first_line(self, header: bytes) -> str | None:
        """A reply's first line has no line end before it."""
        first = self.raw[self.start : self.end].partition(b"\n")[0] if self.start == 0 else b""
        return self._decode(first[len(header) + 2 :]) if first.startswith(header + b": ") else None

    def _decode(self, value: bytes) -> str:
        if self.coded and b"%" in value:
            value = unquote_to_bytes(value)
        return value.decode("utf-8", "replace")


class EslJsonFrame(EslFrame, gc=False):
    """An event as JSON: the same headers, decoded together when the first of them is asked for."""

    headers: dict[str, object] | None = None

    def get(self, header: bytes) -> str | None:
        value = self._decoded().get(header.decode())
        return None if value is None else _as_text(value)

    def items(self) -> Iterator[tuple[str, str]]:
        return ((key, _as_text(value)) for key, value in self._decoded().items())

    def _decoded(self) -> dict[str, object]:
        """Its headers; none of a body that is not JSON."""
        if self.headers is None:
            try:
                self.headers = msgspec.json.decode(self.raw[self.start : self.end], type=dict[str, object])
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.headers = {}
        return self.headers


def many(value: str | None) -> list[str]:
    """The values of a header that may be repeated.

    A caller can send a text that looks like several values: ask it only of headers that the PBX itself writes.

    >>> many("ARRAY::one|:two"), many("one"), many(None)
    (['one', 'two'], ['one'], [])
    """
    if value is None:
        return []
    return value.removeprefix(_MANY).split(_BETWEEN) if value.startswith(_MANY) else [value]


class EslWire:
    """Cuts frames from bytes, however the socket cut the bytes.

    ``wanted`` are the event names to give, a ``CUSTOM`` one by its subclass; None gives all. Replies are always given.
    ``everything`` set gives all. ``events_read`` counts every event, ``events_dropped`` those not given. ``banner`` is
    the greeting, None until it came. ``error`` is set once the stream cannot be read any further: what was complete
    before the fault is still given, each later ``feed`` raises. ``answering`` changes nothing here: no event answers.
    """

    def __init__(self, wanted: Iterable[str] | None = None, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._names = {quoted: name for name in wanted or () for quoted in (name.encode(), _quoted(name))}
        self._max = max_frame_bytes
        self._rest = bytearray()
        self._need = 0  # no message ends before so many bytes are there
        self._offset = 0
        self._lost = False
        self.banner: str | None = None
        self.error: EslError | None = None
        self.answering = False
        self.everything = wanted is None
        self.events_read = 0
        self.events_dropped = 0

    @property
    def buffered_bytes(self) -> int:
        """Bytes read that no frame was made of yet; at most one message of the longest kind that is taken."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[EslFrame]:
        """The frames that ``data`` completes, in order.

        Raises:
            EslError: the peer does not greet like a FreeSWITCH, or what it sends is no event socket or too long.
        """
        frames: list[EslFrame] = []
        if self.error is None:
            rest = self._rest
            if len(rest) + len(data) < self._need:
                rest += data
            else:
                frames = self._cut(bytes(rest) + data if rest else data)
        if self.error is not None and not frames:
            raise self.error
        return frames

    def resume(self, offset: int, *, at_border: bool = True) -> None:
        """Begin in the middle of a stream, past the greeting: the next byte to be fed is the one at ``offset``.

        Unless a frame begins there, all up to the first whole event is passed over.
        """
        self.banner, self._offset, self._lost = "", offset, not at_border
        self._rest, self._need = bytearray(), 0

    def _cut(self, buffer: bytes) -> list[EslFrame]:
        frames: list[EslFrame] = []
        place = self._find_border(buffer) if self._lost else 0
        self._need = 0
        try:
            while place < len(buffer) and not self._lost:
                after = self._take(buffer, place, frames)
                if after is None:
                    break
                place = after
        except EslError as error:
            self.error = error
            place = len(buffer)
        self._offset += place
        self._rest = bytearray(buffer[place:])
        self._need = max(self._need - place, 0)
        return frames

    def _take(self, buffer: bytes, place: int, frames: list[EslFrame]) -> int | None:
        """Read the message at ``place``; where the next one begins, None if this one is not whole yet."""
        usual = _USUAL.match(buffer, place)
        if usual is not None and self.banner is not None:
            length, kind, body = int(usual[1]), usual[2], usual.end()
        else:
            head = self._read_head(buffer, place)
            if head is None:
                return None
            length, kind, body = head
        longest = max(self._max, MAX_ANSWER_BYTES) if kind == _ANSWER else self._max
        if length > longest:
            raise esl_faults.too_long(length, longest, self._offset + place)
        end = body + length
        if end > len(buffer):
            self._need = end
            return None
        if kind in (_PLAIN, _JSON):
            self._take_event(buffer, place, body, end, kind, frames)
        else:
            self._take_reply(buffer, place, body, end, kind, frames)
        return end

    def _read_head(self, buffer: bytes, place: int) -> tuple[int, bytes, int] | None:
        """Length and type of the body, and where it begins; None if the head is not whole yet."""
        if self.banner is None:
            self._check_greeting(buffer[place : place + len(GREETING)])
        end = buffer.find(_END, place, place + MAX_HEADER_BYTES)
        if end < 0:
            if len(buffer) - place >= MAX_HEADER_BYTES:
                raise esl_faults.out_of_step(buffer[place : place + 40], self._offset + place)
            return None
        lengths, kind = set(), b""
        for line in buffer[place:end].split(b"\n"):
            key, _, value = line.partition(b":")
            if key == b"Content-Length":
                lengths.add(value.strip())
            elif key == b"Content-Type":
                kind = value.strip()
        if not kind:
            raise esl_faults.out_of_step(buffer[place : place + 40], self._offset + place)
        return _length(lengths, self._offset + place), kind, end + len(_END)

    def _take_event(self, buffer: bytes, place: int, body: int, end: int, kind: bytes, frames: list[EslFrame]) -> None:
        own_end = _end_of_event(buffer, body, end, kind)
        raw_name = None if own_end is None else _event_name(buffer, body, own_end, kind)
        if own_end is None or raw_name is None:
            raise esl_faults.wrong_length(end - body, self._offset + place)
        self.events_read += 1
        name = self._names.get(raw_name)
        if name is None:
            if not self.everything:
                self.events_dropped += 1
                return
            name = unquote_to_bytes(raw_name).decode("utf-8", "replace")
        frame = EslFrame if kind == _PLAIN else EslJsonFrame
        start = body - place
        frames.append(frame(name, self._offset + place, buffer[place:end], start, own_end - place, kind == _PLAIN))

    def _take_reply(self, buffer: bytes, place: int, body: int, end: int, kind: bytes, frames: list[EslFrame]) -> None:
        name = kind.decode("utf-8", "replace")
        if self.banner is None:
            self.banner = name
        own_end = body - len(_END) - place
        frames.append(EslFrame(name, self._offset + place, buffer[place:end], 0, own_end, coded=False))

    def _check_greeting(self, start: bytes) -> None:
        if start == GREETING[: len(start)]:
            return
        if start.startswith(b"Content-Type: text/rude"[: len(start)]):
            if len(start) < len(b"Content-Type: text/rude"):
                return
            raise esl_faults.turned_away()
        raise esl_faults.no_greeting(start)

    def _find_border(self, buffer: bytes) -> int:
        """Where the first whole event begins; as much of the bytes as cannot be part of one is passed over."""
        for found in _USUAL.finditer(buffer):
            place, body, kind = found.start(), found.end(), found[2]
            end = body + int(found[1])
            if end - body > self._max:
                continue
            if end > len(buffer):
                return place  # the next bytes will tell
            own_end = _end_of_event(buffer, body, end, kind)
            follows = buffer[end : end + len(b"Content-")]
            if own_end is None or not b"Content-".startswith(follows):
                continue
            if _event_name(buffer, body, own_end, kind) is not None:
                self._lost = False
                return place
        return max(len(buffer) - MAX_HEADER_BYTES, 0)


def _end_of_event(buffer: bytes, body: int, end: int, kind: bytes) -> int | None:
    """Where the event's own headers end; None if they and the inner body do not fill the body."""
    if kind == _JSON:
        whole = buffer[body : body + 1] == b"{" and buffer[end - 1 : end] == b"}" and buffer.find(b"\n", body, end) < 0
        return end if whole else None
    own_end = buffer.find(_END, body, end)
    if own_end < 0:
        return None
    inner_length = end - own_end - len(_END)
    if not inner_length:
        return own_end
    said = b"\nContent-Length: %d\n" % inner_length
    return own_end if buffer.find(said, body - 1, own_end + 1) >= 0 else None


def _event_name(buffer: bytes, body: int, end: int, kind: bytes) -> bytes | None:
    """The event's name, still encoded; of a ``CUSTOM`` one its subclass; None where there is none."""
    if kind == _JSON:
        named, subclass = _JSON_NAME.search(buffer, body, end), None
        if named is not None and named[1] == b"CUSTOM":
            subclass = _JSON_SUBCLASS.search(buffer, body, end)
        return subclass[1] if subclass is not None else named[1] if named is not None else None
    usual = _NAME.match(buffer, body, end + 1)
    if usual is not None:
        return usual[1] if usual[2] == b"CUSTOM" and usual[1] else usual[2]
    frame = EslFrame("", 0, buffer[body - 1 : end], 1, end - body + 1, coded=False)
    name = frame.get(b"Event-Name")
    if name == "CUSTOM":
        name = frame.get(b"Event-Subclass") or name
    return name.encode() if name else None


def _length(values: set[bytes], offset: int) -> int:
    """The one value of Content-Length; 0 where there is none."""
    if not values:
        return 0
    value = min(values)
    if len(values) > 1 or not value.isdigit() or len(value) > 18:
        raise esl_faults.bad_length(b", ".join(sorted(values))[:40], offset)
    return int(value)


def _quoted(name: str) -> bytes:
    """A subclass as it stands in a plain event."""
    return name.replace(":", "%3A").encode()


def _as_text(value: object) -> str:
    return _MANY + _BETWEEN.join(str(one) for one in value) if isinstance(value, list) else str(value)


def encode_command(command: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The bytes of one command with its headers.

    Raises:
        EslError: a line break or NUL is in it: it would forge a header, or a second command.
    """
    lines = [command, *(f"{key}: {value}" for key, value in headers)]
    for line in lines:
        if any(mark in line for mark in "\r\n\0"):
            begin = line.partition(":")[0].split(maxsplit=1)[0][:40] if line.strip() else ""
            raise esl_faults.line_break(begin)
    return ("\n".join(lines) + "\n\n").encode()
