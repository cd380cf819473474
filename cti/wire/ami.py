"""The Asterisk Manager Interface as bytes: frames out of what the socket gave, actions into what it takes.

A frame is header lines ended by CRLF and closed by an empty line; the first thing on a connection is one banner line.
Nothing is decoded until it is asked for, and an event nobody wants is dropped by its name before anything else of it is
read. Source: Asterisk's ``main/manager.c`` (``astman_append``, ``MAX_LEN``) and the recordings in ``tests/recordings``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cti.errors import OffhookError

END = b"\r\n\r\n"
MAX_FRAME_BYTES = 1 << 20  # QueueStatus entries are below 1 KiB, a VarSet value is bounded by Asterisk to 64 KiB
MAX_BANNER_BYTES = 256
_EVENT = b"Event: "
_EVENT_AT = len(_EVENT)


class AmiError(OffhookError):
    """The bytes are not AMI, or an action cannot be said in AMI."""


class AmiFrame:
    """One message. ``name`` is the event's name, or ``Response``; ``offset`` is its first byte in the stream."""

    __slots__ = ("name", "offset", "raw")

    def __init__(self, name: str, offset: int, raw: bytes) -> None:
        self.name, self.offset, self.raw = name, offset, raw

    def get(self, header: bytes) -> str | None:
        """The first value of ``header`` (exact case), UTF-8 with bad bytes replaced; None where there is none.

        >>> AmiFrame("Hangup", 0, b"Event: Hangup\\r\\nCause: 16").get(b"Cause")
        '16'
        """
        raw = self.raw
        start = raw.find(b"\r\n" + header + b":")
        if start < 0:
            return None
        start += len(header) + 3
        end = raw.find(b"\r\n", start)
        return (raw[start:] if end < 0 else raw[start:end]).strip(b" ").decode("utf-8", "replace")

    def items(self) -> Iterator[tuple[str, str]]:
        """All headers in order, repeated ones too; a line without a colon is passed over."""
        for line in self.raw.split(b"\r\n"):
            key, colon, value = line.partition(b":")
            if colon:
                yield key.decode("utf-8", "replace"), value.strip(b" ").decode("utf-8", "replace")


class AmiWire:
    """Cuts frames from bytes, however the socket cut the bytes.

    ``wanted`` are the event names to give; None gives all. Responses are always given. ``events_read`` counts every
    event, ``events_dropped`` those not wanted. ``banner`` is the greeting, None until it came.
    """

    def __init__(self, wanted: Iterable[str] | None = None, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._names = None if wanted is None else {name.encode(): name for name in wanted}
        self._max = max_frame_bytes
        self._rest = b""
        self._offset = 0
        self.banner: str | None = None
        self.events_read = 0
        self.events_dropped = 0

    @property
    def buffered_bytes(self) -> int:
        return len(self._rest)

    def feed(self, data: bytes) -> list[AmiFrame]:
        """The frames that ``data`` completes, in order.

        Raises:
            AmiError: the peer does not greet like an AMI, or a frame is longer than ``max_frame_bytes``.
        """
        buffer = self._rest + data if self._rest else data
        if self.banner is None:
            buffer = self._greet(buffer)
            if self.banner is None:
                self._rest = buffer
                return []
        chunks = buffer.split(END)
        self._rest = chunks.pop()
        frames = self._cut(chunks)
        if len(self._rest) > self._max:
            raise _too_long(len(self._rest), self._max, self._offset)
        return frames

    def _cut(self, chunks: list[bytes]) -> list[AmiFrame]:
        names, offset, read = self._names, self._offset, 0
        frames: list[AmiFrame] = []
        for chunk in chunks:
            if chunk.startswith(_EVENT):
                read += 1
                raw_name = chunk[_EVENT_AT : chunk.find(b"\r\n")]
                name = raw_name.decode("utf-8", "replace") if names is None else names.get(raw_name)
                if name is not None:
                    frames.append(AmiFrame(name, offset, chunk))
            elif chunk:
                frames.append(AmiFrame("Response" if chunk.startswith(b"Response:") else "", offset, chunk))
            if len(chunk) > self._max:
                raise _too_long(len(chunk), self._max, offset)
            offset += len(chunk) + len(END)
        self._offset = offset
        self.events_read += read
        self.events_dropped += read - sum(1 for frame in frames if frame.name not in ("Response", ""))
        return frames

    def _greet(self, buffer: bytes) -> bytes:
        line, ended, rest = buffer.partition(b"\r\n")
        if not ended and len(buffer) <= MAX_BANNER_BYTES:
            return buffer
        if not line.startswith(b"Asterisk Call Manager") or not ended:
            raise AmiError(
                "ami-no-banner",
                "the peer does not greet like an Asterisk manager",
                f"expected 'Asterisk Call Manager/...', got {line[:40]!r}",
                "is this the AMI port (manager.conf, usually 5038)?",
            )
        self.banner = line.decode("utf-8", "replace")
        self._offset += len(line) + 2
        return rest


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


def _too_long(got: int, limit: int, offset: int) -> AmiError:
    return AmiError(
        "ami-frame-too-long",
        "a message from the PBX is too long",
        f"read {got} bytes from byte {offset} on without an end, expected no more than {limit}",
        "the stream is not AMI, or is broken: reconnect",
    )
