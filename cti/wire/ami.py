"""The Asterisk Manager Interface as bytes: frames out of what the socket gave, actions into what it takes.

A frame is header lines ended by CRLF and closed by an empty line; the first thing on a connection is one banner line.
Nothing is decoded until it is asked for, and an event nobody wants is dropped by its name before anything else of it is
read. Source: Asterisk's ``main/manager.c`` (``astman_append``, ``MAX_LEN``) and the recordings in ``tests/recordings``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from cti.errors import OffhookError

END = b"\r\n\r\n"
MAX_FRAME_BYTES = 1 << 20  # QueueStatus entries are below 1 KiB, a VarSet value is bounded by Asterisk to 64 KiB
MAX_BANNER_BYTES = 256
_EVENT = b"Event: "
_RESPONSE = b"Response:"
_ANSWERS = b"\r\nActionID: "
_EVENT_BYTES, _END_BYTES = len(_EVENT), len(END)
_OVERLAP = _END_BYTES - 1  # an END cut in two begins at most so many bytes before the new ones


class AmiError(OffhookError):
    """The bytes are not AMI, or an action cannot be said in AMI."""


class _Sought(dict[bytes, bytes]):
    """What to look for in a message, by header; asked for by name in the source only, so there are not many."""

    def __missing__(self, header: bytes) -> bytes:
        sought = self[header] = b"\r\n" + header + b": "
        return sought


_SOUGHT = _Sought()


class AmiFrame(msgspec.Struct, gc=False):
    """One message. ``name`` is the event's name, or ``Response``; ``offset`` is its first byte in the stream.

    ``name`` is "" for a block that is neither. ``raw`` is the message without the empty line that ends it.
    """

    name: str
    offset: int
    raw: bytes

    def __repr__(self) -> str:
        return f"AmiFrame({self.name!r}, {self.offset}, {len(self.raw)} bytes)"

    def get(self, header: bytes) -> str | None:
        """The first value of ``header`` (exact case), UTF-8 with bad bytes replaced; None where there is none.

        >>> frame = AmiFrame("Hangup", 0, b"Event: Hangup\\r\\nCause: 16")
        >>> frame.get(b"Cause"), frame.get(b"Event"), frame.get(b"Exten")
        ('16', 'Hangup', None)
        """
        _, found, rest = self.raw.partition(_SOUGHT[header])
        if not found:
            return self._get_otherwise(header)
        return rest.partition(b"\r\n")[0].decode("utf-8", "replace")

    def items(self) -> Iterator[tuple[str, str]]:
        """All headers in order, repeated ones too; a line without a colon is passed over."""
        for line in self.raw.split(b"\r\n"):
            key, colon, value = line.partition(b":")
            if colon:
                yield key.decode("utf-8", "replace"), value.removeprefix(b" ").decode("utf-8", "replace")

    def _get_otherwise(self, header: bytes) -> str | None:
        """The value where ``header`` is the first line, or has no space after its colon."""
        key = header + b":"
        if self.raw.startswith(key):
            rest = self.raw[len(key) :]
        else:
            _, found, rest = self.raw.partition(b"\r\n" + key)
            if not found:
                return None
        return rest.partition(b"\r\n")[0].removeprefix(b" ").decode("utf-8", "replace")


class AmiWire:
    """Cuts frames from bytes, however the socket cut the bytes.

    ``wanted`` are the event names to give; None gives all. Responses are always given, and while ``answering`` is set
    events that carry an ActionID too: the entries of a list that was asked for. ``everything`` set gives all.
    ``events_read`` counts every event, ``events_dropped`` those not given. ``banner`` is the greeting, None until it
    came. ``error`` is set once the stream cannot be read any further: what was complete before the fault is still
    given, each later ``feed`` raises.
    """

    def __init__(self, wanted: Iterable[str] | None = None, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._names = {name.encode(): name for name in wanted or ()}
        self._max = max_frame_bytes
        self._rest = bytearray()
        self._offset = 0
        self.banner: str | None = None
        self.error: AmiError | None = None
        self.answering = False
        self.everything = wanted is None
        self.events_read = 0
        self.events_dropped = 0

    @property
    def buffered_bytes(self) -> int:
        """Bytes read that no frame was made of yet; at most ``max_frame_bytes`` and three."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[AmiFrame]:
        """The frames that ``data`` completes, in order.

        Raises:
            AmiError: the peer does not greet like an AMI, or a frame is longer than ``max_frame_bytes``.
        """
        frames: list[AmiFrame] = []
        if self.error is None:
            buffer = self._complete(data)
            if buffer is not None:
                frames = self._cut(buffer)
            elif len(self._rest) > self._max + _OVERLAP:
                self._break_off(_too_long(self._max, self._offset))
        if self.error is not None and not frames:
            raise self.error
        return frames

    def resume(self, offset: int, *, at_border: bool = True) -> None:
        """Begin in the middle of a stream, past the greeting: the next byte to be fed is the one at ``offset``.

        Unless a frame begins there, what is left of the one under way is given as a block without a name.
        """
        self.banner = ""
        self._rest = bytearray() if at_border else bytearray(b"?")  # before "Event:" it makes it no event
        self._offset = offset - len(self._rest)

    def _complete(self, data: bytes) -> bytes | None:
        """What was buffered and ``data``, if a frame ends in it; else it is buffered. No byte is searched twice."""
        rest = self._rest
        if self.banner is None:
            rest += data
            return bytes(rest) if self._greet() else None
        seen = len(rest)
        if not seen:
            return data
        rest += data
        return bytes(rest) if rest.find(END, max(seen - _OVERLAP, 0)) >= 0 else None

    def _cut(self, buffer: bytes) -> list[AmiFrame]:
        name_of, offset, longest = self._names.get, self._offset, self._max
        drops = not (self.everything or self.answering)
        dropped = unusual = 0
        frames: list[AmiFrame] = []
        chunks = buffer.split(END)
        rest = chunks.pop()
        for chunk in chunks:
            size = len(chunk)
            if size > longest:
                self._break_off(_too_long(longest, offset))
                rest = b""
                break
            end = chunk.find(b"\r")
            name = name_of(chunk[_EVENT_BYTES:end]) if chunk.startswith(_EVENT) else None
            if name is not None and end > 0:
                frames.append(AmiFrame(name, offset, chunk))
            elif drops and end > 0 and chunk.startswith(_EVENT):
                dropped += 1
            else:
                odd = self._unusual(chunk, offset)
                frames += odd
                unusual += len(odd)
            offset += size + _END_BYTES
        self._offset = offset
        self._rest = bytearray(rest)
        self.events_dropped += dropped
        self.events_read += dropped + len(frames) - unusual
        if len(rest) > longest + _OVERLAP:
            self._break_off(_too_long(longest, offset))
        return frames

    def _unusual(self, chunk: bytes, offset: int) -> tuple[AmiFrame, ...]:
        """The frame, if any, of what is no wanted event at first sight."""
        raw = chunk.lstrip(b"\r\n")  # a stray line end before a message
        offset += len(chunk) - len(raw)
        if not raw.startswith(_EVENT):
            return (AmiFrame("Response" if raw.startswith(_RESPONSE) else "", offset, raw),) if raw else ()
        raw_name = raw.partition(b"\r\n")[0].removeprefix(_EVENT)
        name = self._names.get(raw_name)
        if name is None and (self.everything or (self.answering and _ANSWERS in raw)):
            name = raw_name.decode("utf-8", "replace")
        self.events_read += 1
        if name is None:
            self.events_dropped += 1
            return ()
        return (AmiFrame(name, offset, raw),)

    def _greet(self) -> bool:
        """Whether the banner is there; then it is taken out of the buffer."""
        rest = self._rest
        end = rest.find(b"\r\n", 0, MAX_BANNER_BYTES + 2)
        if end < 0 and len(rest) <= MAX_BANNER_BYTES:
            return False
        if end < 0 or not rest.startswith(b"Asterisk Call Manager"):
            self._break_off(_no_banner(bytes(rest[:40])))
            return False
        self.banner = rest[:end].decode("utf-8", "replace")
        self._offset += end + 2
        del rest[: end + 2]
        return True

    def _break_off(self, error: AmiError) -> None:
        self.error = error
        self._rest = bytearray()


def encode_action(name: str, fields: Iterable[tuple[str, str]] = ()) -> bytes:
    """The bytes of one action.

    Raises:
        AmiError: a name or a value has a line break or NUL in it: it would forge a header, or a second action.
    """
    lines = [f"{key}: {value}" for key, value in (("Action", name), *fields)]
    for line in lines:
        if any(mark in line for mark in "\r\n\0"):
            key = line.partition(":")[0][:40]
            raise AmiError(
                "ami-line-break", "an action's value has a line break in it", f"header {key!r}", "remove CR, LF and NUL"
            )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _no_banner(start: bytes) -> AmiError:
    return AmiError(
        "ami-no-banner",
        "the peer does not greet like an Asterisk manager",
        f"expected 'Asterisk Call Manager/...', got {start!r}",
        "is this the AMI port (manager.conf, usually 5038)?",
    )


def _too_long(limit: int, offset: int) -> AmiError:
    return AmiError(
        "ami-frame-too-long",
        "a message from the PBX is too long",
        f"from byte {offset} on there is no end within {limit} bytes",
        "the stream is not AMI, or broken; if the PBX really sends such messages, raise max_frame_bytes",
    )
