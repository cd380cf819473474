"""A recording made fit to be passed on: the same calls at the same times, of fictional people.

Each message keeps its place and its headers; only values change, and so lengths do. A message is complete in the same
read as before, so the calls are told with the same times. Whatever else lies beside the recording is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, Protocol

import msgspec

from cti.errors import OffhookError
from cti.recording import SESSION_FILE, SUFFIXES, Piece, Read, Recording
from cti.scrub_esl import EslScrubber, EslSplitter
from cti.scrub_rules import Rules
from cti.wire.ami import END, MAX_FRAME_BYTES
from cti.wire.esl import EslError

_GREETING = b"Asterisk Call Manager"
_OURS = ("events", "timing", SESSION_FILE)

_encode = msgspec.json.Encoder().encode


class ScrubError(OffhookError):
    """The recording cannot be scrubbed, or not to that place."""


class Scrubbed(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: how many different numbers, words of names and addresses were replaced, and what was left out."""

    messages: int
    numbers: int
    words: int
    addresses: int
    bytes_dropped: int  #: of messages that are not complete
    left_out: tuple[str, ...]  #: files beside the recording: they hold the same people


class _Message(NamedTuple):
    """One AMI message with the empty line that ends it, or the greeting; ``offset`` is its first byte."""

    offset: int
    raw: bytes


class _AmiScrubber:
    """AMI's messages by the rules; the greeting stays."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def note(self, message: _Message) -> None:
        self._rules.note(message.raw.removesuffix(END))

    def message(self, message: _Message) -> bytes:
        raw = message.raw
        greets = message.offset == 0 and raw.startswith(_GREETING)
        return raw if greets else self._rules.message(raw[: -len(END)]) + END


class _Any(Protocol):
    """A message of either kind of PBX."""

    @property
    def offset(self) -> int: ...
    @property
    def raw(self) -> bytes: ...


def scrub(folder: Path, out: Path, kept: Iterable[str] = (), hidden: Iterable[str] = ()) -> Scrubbed:
    """Write the recording in ``folder`` to the new folder ``out``, scrubbed.

    ``kept`` are words that stay wherever they stand (a trunk's name), ``hidden`` ones that are replaced wherever they
    stand (a queue that is named after a customer).

    Raises:
        ScrubError: ``out`` is there already or cannot be written, or the bytes are not what such a PBX sends.
        RecordingError: ``folder`` is no recording.
    """
    recording = Recording(folder)
    _check(out)
    rules = Rules(kept, hidden)
    if recording.kind == "freeswitch":
        scrubber, new_splitter = EslScrubber(rules), EslSplitter
    else:
        scrubber, new_splitter = _AmiScrubber(rules), _Splitter  # type: ignore[assignment]
    splitter = new_splitter()
    try:
        for piece in recording.pieces():
            for message in splitter.take(piece):
                scrubber.note(message)
    except EslError as error:
        what = "this is no recording of an event socket"
        raise ScrubError("scrub-not-esl", what, f"{error.what}: {error.why}") from error
    try:
        writer = _write(recording, out, scrubber.message, new_splitter)  # type: ignore[arg-type]
    except OSError as error:
        raise ScrubError("scrub-cannot-write", f"{out} cannot be written", error.strerror or "") from error
    left_out = sorted(path.name for path in folder.iterdir() if not path.name.startswith(_OURS))
    return Scrubbed(
        messages=writer.messages,
        numbers=len(rules.numbers),
        words=len(rules.words),
        addresses=len(rules.addresses),
        bytes_dropped=writer.dropped,
        left_out=tuple(left_out),
    )


def _write(recording: Recording, out: Path, anew: Callable[[_Any], bytes], splitter: Callable[[], _Cut]) -> _Writer:
    out.mkdir(parents=True, exist_ok=True)
    stream = out / f"events.{SUFFIXES[recording.kind]}"
    with stream.open("wb") as events, (out / "timing.jsonl").open("wb") as timing:
        writer = _Writer(anew, events, timing)
        writer.write(recording.pieces(), splitter())
    if recording.info is not None:
        (out / SESSION_FILE).write_bytes(_encode(msgspec.structs.replace(recording.info, pbx="pbx")))
    return writer


def _check(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ScrubError("scrub-target-exists", f"{out} is there already", "", "name a folder that is not there yet")


class _Cut(Protocol):
    """Cuts messages from pieces. ``dropped`` counts the bytes of those of which a part is missing."""

    @property
    def dropped(self) -> int: ...
    def take(self, piece: Piece, /) -> Iterator[_Any]: ...


class _Splitter:
    """Cuts messages from pieces. ``dropped`` counts the bytes of messages of which a part is missing."""

    def __init__(self) -> None:
        self._dropped = 0
        self._rest = bytearray()
        self._next = 0
        self._greets, self._skips = True, False

    @property
    def dropped(self) -> int:
        return self._dropped + len(self._rest)

    def take(self, piece: Piece) -> Iterator[_Message]:
        """The messages that ``piece`` completes. Raises ScrubError: the bytes are not AMI."""
        if piece.offset != self._next:
            self._dropped += len(self._rest)
            self._rest.clear()
            self._greets, self._skips = False, True
        self._rest += piece.data
        self._next = piece.offset + len(piece.data)
        if self._greets and (end := self._rest.find(b"\r\n")) >= 0:
            self._greets = False
            if self._rest.startswith(_GREETING):
                yield self._cut(end + 2)
        while not self._greets and (end := self._rest.find(END)) >= 0:
            message = self._cut(end + len(END))
            if self._skips:
                self._dropped += len(message.raw)
                self._skips = False
            else:
                yield message
        if len(self._rest) > MAX_FRAME_BYTES:
            why = f"from byte {self._next - len(self._rest)} on there is no end within {MAX_FRAME_BYTES} bytes"
            raise ScrubError("scrub-not-ami", "this is no recording of a manager interface", why)

    def _cut(self, size: int) -> _Message:
        message = _Message(self._next - len(self._rest), bytes(self._rest[:size]))
        del self._rest[:size]
        return message


class _Writer:
    """Writes each message scrubbed, and the reads so that each completes the messages that it completed."""

    def __init__(self, anew: Callable[[_Any], bytes], events: IO[bytes], timing: IO[bytes]) -> None:
        self.messages = self.dropped = 0
        self._anew, self._events, self._timing = anew, events, timing
        self._reads: deque[tuple[float, int]] = deque()  # time and end, in the old stream
        self._written = 0  # bytes
        self._timed = 0  # bytes that a read was written for

    def write(self, pieces: Iterable[Piece], splitter: _Cut) -> None:
        for piece in pieces:
            self._reads.append((piece.t, piece.offset + len(piece.data)))
            for message in splitter.take(piece):
                self._message(message)
        self.dropped = splitter.dropped
        while self._reads:
            self._time(self._written)

    def _message(self, message: _Any) -> None:
        new = self._anew(message)
        self._events.write(new)
        end = message.offset + len(message.raw)
        while self._reads and self._reads[0][1] < end:
            within = max(self._reads[0][1] - message.offset, 0)
            self._time(self._written + min(within, len(new) - 1))
        self._written += len(new)
        self.messages += 1
        if self._reads and self._reads[0][1] == end:
            self._time(self._written)

    def _time(self, end: int) -> None:
        """The next read ends there, in the new stream; one that has nothing left is not written."""
        t, _ = self._reads.popleft()
        if end > self._timed:
            self._timing.write(_encode(Read(t, self._timed, end - self._timed)) + b"\n")
            self._timed = end
