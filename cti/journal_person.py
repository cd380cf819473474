"""One person in a PBX's journal: the messages that name him, and his number and name overwritten where they stand.

A byte is replaced by a byte, so the offsets that calls, marks and times point to stay right, and a replay tells the
same calls of a caller whose number is zeros. A plain file is overwritten in place, the one that a running program
appends to as well: only bytes that it has written already. A compressed one is made anew beside and put in its place.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

import msgspec

from cti.errors import OffhookError
from cti.journal import list_session_folders
from cti.journal_files import PARTIAL, create
from cti.journal_keeping import tidying
from cti.person_in_message import LEAST_ID, PersonInMessages, Replacement, Sighting
from cti.recording import KINDS, Segment, list_segments
from cti.written_number import WrittenNumber

ROUNDS = 3  # what the PBX says of him meanwhile is found by looking again
LONGEST_MESSAGE = 1 << 20
_CHUNK_BYTES = 1 << 20
_LEVEL = 6


class JournalMessage(NamedTuple):
    """A message that names the person: the connection, the file, the offset of its first byte in the stream."""

    session: str
    file: str
    offset: int
    text: str


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """How many files were looked through, what was found there, and which could not be read to their end."""

    files: int = 0
    messages: tuple[JournalMessage, ...] = ()
    unreadable: tuple[str, ...] = ()


class Overwritten(msgspec.Struct, frozen=True, kw_only=True):
    """What was overwritten: messages, in how many files; ``left`` are messages that came while that was done."""

    messages: int = 0
    files: int = 0
    left: int = 0
    unreadable: tuple[str, ...] = ()


class _Part(NamedTuple):
    """A message, or the beginning of one that is not complete; ``at`` is its offset in the stream."""

    session: Path
    segment: Segment
    at: int
    data: bytes


def find_person(place: Path, number: WrittenNumber, ids: Iterable[str] = ()) -> Looked:
    """All messages in the journal of one PBX, the folder ``place``, that hold the number.

    Behind a prefix it is found where a message is about a channel of his: one whose other messages hold the number, or
    one of ``ids``.
    """
    unreadable: list[str] = []
    folders = list_session_folders(place)
    his = _ids(ids, [one for folder in folders for one in _look(folder, number, unreadable.append)])
    files, found = 0, list[JournalMessage]()
    for folder in folders:
        files += len(list_segments(folder))
        for part, messages in _parts_about(folder, number, his):
            if messages.holds_prefixed(part.data):
                name = _existing(folder / part.segment.events).name
                text = part.data.decode("utf-8", "backslashreplace").strip()
                found.append(JournalMessage(folder.name, name, part.at, text))
    return Looked(files=files, messages=tuple(found), unreadable=tuple(dict.fromkeys(unreadable)))


def erase_person(place: Path, number: WrittenNumber, names: Iterable[str] = (), ids: Iterable[str] = ()) -> Overwritten:
    """Overwrite the number in the journal of one PBX, and the names that the PBX gives beside it, or that are given.

    ``names`` are as ``cti.person_in_message.names_of`` has them; ``ids`` are of calls and channels that are known to be
    his. Done again it goes on where it was interrupted.

    Raises:
        OffhookError: the disk did not take it; what was overwritten stays so.
    """
    his, known = set(names), tuple(ids)
    done = Overwritten()
    if not place.is_dir():
        return done
    with tidying(place):
        for _ in range(ROUNDS):
            round_ = _erase_once(place, number, his, known)
            done = _sum(done, round_)
            if not round_.messages:
                return done
    return msgspec.structs.replace(done, left=len(find_person(place, number, known).messages))


def _sum(one: Overwritten, other: Overwritten) -> Overwritten:
    return Overwritten(
        messages=one.messages + other.messages, files=max(one.files, other.files), unreadable=other.unreadable
    )


def _erase_once(place: Path, number: WrittenNumber, names: set[str], known: Iterable[str]) -> Overwritten:
    """``names`` grows by those that the PBX gives beside the number.

    All names go before the number does: by it they are found again should this be interrupted.
    """
    unreadable: list[str] = []
    folders = list_session_folders(place)
    seen = [one for folder in folders for one in _look(folder, number, unreadable.append)]
    names |= {name for one in seen for name in one.names}
    his = _ids(known, seen)
    touched: set[tuple[Path, Segment]] = set()
    changed: set[tuple[str, int]] = set()
    for folder in folders:
        touched |= _overwrite_all(folder, _names_in(folder, number, names, his), changed)
    for folder in folders:
        touched |= _overwrite_all(folder, _numbers_in(folder, number), changed)
    return Overwritten(messages=len(changed), files=len(touched), unreadable=tuple(dict.fromkeys(unreadable)))


def _ids(known: Iterable[str], seen: Iterable[Sighting]) -> frozenset[bytes]:
    """Calls and channels of his, as the PBX writes them."""
    given = {one.encode("utf-8", "replace") for one in known if len(one) >= LEAST_ID}
    return frozenset(given | {mark.encode("latin-1") for one in seen for mark in one.ids})


def _look(folder: Path, number: WrittenNumber, broken: Callable[[str], None]) -> Iterator[Sighting]:
    segments = list_segments(folder)
    messages = _messages_for(segments, number)
    for part in _read_parts(folder, segments, messages.may_hold, broken):
        if (seen := messages.find(part.data)) is not None:
            yield seen


def _parts_about(
    folder: Path, number: WrittenNumber, ids: Collection[bytes]
) -> Iterator[tuple[_Part, PersonInMessages]]:
    """The messages that hold the number or one of the ids."""
    segments = list_segments(folder)
    messages = _messages_for(segments, number)
    any_id = re.compile(b"|".join(map(re.escape, sorted(ids)))) if ids else None

    def wanted(data: bytes) -> bool:
        return messages.may_hold(data) or (any_id is not None and any_id.search(data) is not None)

    for part in _read_parts(folder, segments, wanted, lambda _: None):
        if (any_id is not None and any_id.search(part.data)) or messages.find(part.data) is not None:
            yield part, messages


def _names_in(
    folder: Path, number: WrittenNumber, names: Collection[str], ids: Collection[bytes]
) -> Iterator[tuple[_Part, Replacement]]:
    """What is to be put in the messages about him: for his names, and for the number where it has a prefix."""
    for part, messages in _parts_about(folder, number, ids):
        alone = set(messages.without_number(part.data))
        yield from ((part, one) for one in messages.without_names(part.data, names))
        yield from ((part, one) for one in messages.without_number(part.data, prefixed=True) if one not in alone)


def _numbers_in(folder: Path, number: WrittenNumber) -> Iterator[tuple[_Part, Replacement]]:
    segments = list_segments(folder)
    messages = _messages_for(segments, number)
    for part in _read_parts(folder, segments, messages.may_hold, lambda _: None):
        yield from ((part, one) for one in messages.without_number(part.data))


def _overwrite_all(
    folder: Path, replacements: Iterable[tuple[_Part, Replacement]], changed: set[tuple[str, int]]
) -> set[tuple[Path, Segment]]:
    """The files that were changed; the messages that were are added to ``changed``."""
    segments = list_segments(folder)
    by_segment: dict[Segment, dict[int, int]] = {}
    for part, (at, new) in replacements:
        if part.data[at : at + len(new)] != new:
            changed.add((folder.name, part.at))
            for place, byte in enumerate(new, part.at + at):
                segment = max(one for one in segments if one.start <= place)
                by_segment.setdefault(segment, {})[place - segment.start] = byte
    for segment, bytes_at in by_segment.items():
        _overwrite(folder, segment, bytes_at)
    return {(folder, segment) for segment in by_segment}


def _messages_for(segments: Collection[Segment], number: WrittenNumber) -> PersonInMessages:
    suffix = min((segment.suffix for segment in segments), default="ami")
    return PersonInMessages(KINDS[f"events.{suffix}"], number)


def _read_parts(
    folder: Path, segments: Iterable[Segment], wanted: Callable[[bytes], bool], broken: Callable[[str], None]
) -> Iterator[_Part]:
    """The messages of those stretches of the stream in which something is ``wanted``, over the borders of files."""
    rest, at, begun = b"", 0, None
    for segment in segments:
        if segment.start != at + len(rest):
            yield from _cut(folder, begun or segment, at, rest, wanted)
            rest, at = b"", segment.start
        begun = begun if rest and begun is not None else segment
        for chunk in _read(folder, segment, broken):
            data = rest + chunk
            end = _end_of_messages(data)
            yield from _cut(folder, begun, at, data[:end], wanted)
            rest, at = data[end:], at + end
            begun = segment if end else begun
    if begun is not None:
        yield from _cut(folder, begun, at, rest, wanted)


def _end_of_messages(data: bytes) -> int:
    """Where the last complete message ends; a stretch without an end is cut after a line."""
    end = max(
        data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0, data.rfind(b"\r\n\r\n") + 4 if b"\r\n\r\n" in data else 0
    )
    return end if end or len(data) < LONGEST_MESSAGE else data.rfind(b"\n") + 1 or len(data)


def _cut(folder: Path, segment: Segment, at: int, data: bytes, wanted: Callable[[bytes], bool]) -> Iterator[_Part]:
    if not data or not wanted(data):
        return
    begin = 0
    while begin < len(data):
        ends = [place + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (place := data.find(mark, begin)) >= 0]
        end = min(ends, default=len(data))
        if wanted(data[begin:end]):
            yield _Part(folder, segment, at + begin, data[begin:end])
        begin = end


def _read(folder: Path, segment: Segment, broken: Callable[[str], None]) -> Iterator[bytes]:
    path = _existing(folder / segment.events)
    try:
        with _open(path) as stream:
            while chunk := stream.read1(_CHUNK_BYTES):
                yield chunk
    except (OSError, EOFError, zlib.error):
        broken(str(path))


def _existing(path: Path) -> Path:
    return path if path.is_file() else path.with_name(f"{path.name}.gz")


def _open(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _overwrite(folder: Path, segment: Segment, bytes_at: dict[int, int]) -> None:
    path = _existing(folder / segment.events)
    try:
        if path.suffix == ".gz":
            _make_anew(path, bytes_at)
        else:
            _write_over(path, bytes_at)
    except OSError as error:
        hint = "make room or mend the rights, and erase again"
        raise OffhookError("journal-not-erased", f"{path} cannot be overwritten", str(error.strerror), hint) from error


def _write_over(path: Path, bytes_at: dict[int, int]) -> None:
    before = path.stat()
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        for place, byte in sorted(bytes_at.items()):
            os.pwrite(file, bytes((byte,)), place)
        os.fsync(file)
    finally:
        os.close(file)
    if path.stat().st_size == before.st_size:  # what is not written any more stays as old as it was
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _make_anew(path: Path, bytes_at: dict[int, int]) -> None:
    made = path.with_name(path.name + PARTIAL)
    made.unlink(missing_ok=True)
    try:
        with gzip.open(path, "rb") as old, os.fdopen(create(made), "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as out:
                for chunk in _replaced(old, bytes_at):
                    out.write(chunk)
            raw.flush()
            os.fsync(raw.fileno())
        times = path.stat()
        os.utime(made, ns=(times.st_atime_ns, times.st_mtime_ns))  # retention goes by the last write
        made.replace(path)
    finally:
        with suppress(OSError):
            made.unlink(missing_ok=True)


def _read_on(stream: BufferedIOBase) -> bytes:
    """What comes next; nothing where a file that is cut short ends: whoever reads it gets no further either."""
    try:
        return stream.read1(_CHUNK_BYTES)
    except (EOFError, zlib.error):
        return b""


def _replaced(stream: BufferedIOBase, bytes_at: dict[int, int]) -> Iterator[bytes]:
    places, at = iter(sorted(bytes_at)), 0
    place = next(places, None)
    while chunk := _read_on(stream):
        new = bytearray(chunk)
        while place is not None and place < at + len(chunk):
            new[place - at] = bytes_at[place]
            place = next(places, None)
        yield bytes(new)
        at += len(chunk)
