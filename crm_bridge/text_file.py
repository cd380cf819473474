"""A text file from anywhere, opened with care: its encoding found, its lines bounded, what cannot be text refused."""

from __future__ import annotations

import codecs
import io
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from cti.errors import OffhookError

#: characters of one line; a longer one is not a list of customers
MAX_LINE: Final = 10_000_000
_BLOCK: Final = 1 << 20
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

#: told how many bytes of how many were read
Progress = Callable[[int, int], None]


class ImportFileError(OffhookError):
    """A file that cannot be imported at all."""


class TextFile(msgspec.Struct, frozen=True):
    """A file with the encoding it was found to be in. ``remark`` tells a person how that was found."""

    path: Path
    size: int
    encoding: str
    remark: str

    def lines(self, progress: Progress | None = None) -> Iterator[str]:
        """The lines with their ends, none longer than MAX_LINE.

        Raises ImportFileError ``import-line-too-long`` or ``import-unreadable``.
        """
        try:
            with self.path.open("rb") as raw, io.TextIOWrapper(raw, self.encoding, newline="") as text:
                yield from _bounded_lines(text.readline, progress, raw.tell, self.size)
        except (OSError, UnicodeError) as error:
            raise _unreadable(self.path, error) from error


def find_encoding(path: Path, encoding: str | None = None) -> TextFile:
    """The file at ``path`` with its encoding: by its byte order mark, else UTF-8, else Windows-1252 or Latin-1.

    ``encoding`` is taken as told, and checked. Raises ImportFileError ``import-unreadable`` or ``import-not-text``.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(4096)
        size = path.stat().st_size
        if encoding is not None:
            return _as_told(path, size, encoding)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return TextFile(path, size, name, f"{name.removesuffix('-sig').upper()} by its byte order mark")
        if (wrong := _first_wrong(path, "utf-8")) is None:
            return TextFile(path, size, "utf-8", "UTF-8")
        other = "latin-1" if _first_wrong(path, "cp1252") else "cp1252"
    except OSError as error:
        raise _unreadable(path, error) from error
    _refuse_binary(path, head)
    name = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}[other]
    return TextFile(path, size, other, f"not UTF-8 (byte {wrong + 1:,} cannot be), read as {name}: check the accents")


def clean_text(text: str) -> str:
    """One line without control and text-direction characters, blanks at the ends and in a row.

    >>> clean_text("  Anna\\u202e\\x07  Rossi\\n")
    'Anna Rossi'
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (" " if unicodedata.category(c) == "Cc" else c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(kept).split())


def clean_lines(text: str) -> str:
    """The same for a text of several lines, which stay."""
    lines = (clean_text(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(lines).strip()


def _bounded_lines(
    read: Callable[[int], str], progress: Progress | None, tell: Callable[[], int], size: int
) -> Iterator[str]:
    told, number = 0, 0
    while line := read(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise ImportFileError(
                "import-line-too-long",
                f"line {number} is longer than {MAX_LINE:,} characters",
                "no customer has that much to tell",
                "is this the right file?",
            )
        if progress is not None and (now := tell()) - told >= _BLOCK // 16:
            told = now
            progress(min(now, size), size)
        yield line
    if progress is not None:
        progress(size, size)


def _as_told(path: Path, size: int, encoding: str) -> TextFile:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ImportFileError(
            "import-unreadable", f"no encoding is called {encoding!r}", hint="utf-8, cp1252 and latin-1 are common"
        ) from error
    wrong = _first_wrong(path, encoding)
    if wrong is not None:
        raise ImportFileError(
            "import-unreadable", f"{path.name} is not {encoding}", f"byte {wrong + 1:,} cannot be in it"
        )
    return TextFile(path, size, encoding, f"{encoding} as told")


def _first_wrong(path: Path, encoding: str) -> int | None:
    """The offset of the first byte that ``encoding`` does not have; None if there is none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as raw:
        while True:
            block = raw.read(_BLOCK)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return done - held + error.start
            if not block:
                return None
            done += len(block)


def _refuse_binary(path: Path, head: bytes) -> None:
    if b"\x00" in head:
        raise ImportFileError(
            "import-not-text",
            f"{path.name} is no text file",
            "there are NUL bytes in its beginning",
            "export it as CSV or vCard; a workbook has to be saved as CSV first",
        )


def _unreadable(path: Path, error: BaseException) -> ImportFileError:
    why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return ImportFileError(
        "import-unreadable", f"{path.name} cannot be read", why, "check the path and its permissions"
    )
