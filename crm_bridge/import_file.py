"""Reads a file of customers, orders or incidents to its end before anything is stored, and says what is wrong."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from crm_bridge.csv_table import SEPARATORS, read_table
from crm_bridge.headers import ImportKind
from crm_bridge.rows import (
    Cells,
    CustomerRow,
    ImportRow,
    RowError,
    parse_customer,
    parse_incident,
    parse_order,
)
from crm_bridge.text_file import ImportFileError, Progress, TextFile, find_encoding
from crm_bridge.vcard import parse_card, split_cards

#: bad rows that are kept word for word; the rest are only counted
MAX_PROBLEMS: Final = 1_000
#: rows of one file that are kept in memory before they go to disk
_IN_MEMORY: Final = 32 << 20


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot be imported: the line in the file where it begins, the column if one is to blame, and why."""

    line: int
    column: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}" + (f", {self.column}" if self.column else "") + f": {self.why}"


class Reading:
    """What a file holds, understood and waiting to be stored. A context manager: its rows lie in a temporary file."""

    def __init__(self, kind: ImportKind, path: Path) -> None:
        self.kind = kind
        self.source = path.name
        self.sha256 = ""
        self.remarks: list[str] = []
        self.rows_read = 0
        self.good = 0
        self.bad: list[BadRow] = []
        self.bad_count = 0
        self.doubts: list[BadRow] = []
        self.doubt_count = 0
        self._spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed by __exit__
        self._seen: dict[bytes, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._spool.close()

    def rows(self) -> Iterator[ImportRow]:
        """The good rows, in the order of the file."""
        self._spool.seek(0)
        decoder = msgspec.msgpack.Decoder(ImportRow)
        while size := self._spool.read(4):
            yield decoder.decode(self._spool.read(int.from_bytes(size)))

    def reject(self, line: int, why: str, column: str = "") -> None:
        """Note a bad row; the first MAX_PROBLEMS are kept."""
        self.bad_count += 1
        if len(self.bad) < MAX_PROBLEMS:
            self.bad.append(BadRow(line, column, why))

    def accept(self, row: ImportRow) -> None:
        """Keep a good row, unless the file has had it already: then it is bad, or passed over if it says the same."""
        named = row.identity_key if isinstance(row, CustomerRow) else row.reference
        mark = hashlib.blake2b(named.encode(), digest_size=16).digest()
        if (earlier := self._seen.setdefault(mark, row.line)) != row.line:
            if isinstance(row, CustomerRow) and row.external_id is None:
                self._doubt(row.line, f"the same name and numbers as in line {earlier}, taken once")
            else:
                self.reject(row.line, f"the same number as in line {earlier}", "id")
            return
        if isinstance(row, CustomerRow):
            for doubt in row.doubts:
                self._doubt(row.line, doubt)
        packed = msgspec.msgpack.encode(row)
        self._spool.write(len(packed).to_bytes(4) + packed)
        self.good += 1

    def _doubt(self, line: int, why: str) -> None:
        self.doubt_count += 1
        if len(self.doubts) < MAX_PROBLEMS:
            self.doubts.append(BadRow(line, "", why))


def read_file(
    path: Path,
    kind: ImportKind = ImportKind.CUSTOMERS,
    *,
    region: str,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Read and check the whole of a CSV or vCard file. ``progress`` is told the bytes read and their number.

    Raises ImportFileError when the file as a whole makes no sense; bad rows are in the answer instead.
    """
    text = find_encoding(path, encoding)
    reading = Reading(kind, path)
    with ExitStack() as unless_read:
        unless_read.enter_context(reading)
        reading.sha256 = _digest(path)
        reading.remarks.append(f"encoding: {text.remark}")
        read = _read_cards if _is_vcard(text) else _read_rows
        read(text, reading, region, progress)
        unless_read.pop_all()
    return reading


def _read_rows(text: TextFile, reading: Reading, region: str, progress: Progress | None) -> None:
    headings, rows = read_table(text.lines(progress), reading.kind)
    reading.remarks.append(f"separator: {SEPARATORS[headings.separator]}")
    if headings.unknown:
        kept = "kept as further fields" if reading.kind is ImportKind.CUSTOMERS else "passed over"
        reading.remarks.append(f"columns without a meaning here, {kept}: {', '.join(headings.unknown)[:500]}")
    width = len(headings.names)
    for line, row in rows:
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            reading.rows_read += 1
            reading.reject(line, f"{len(row)} cells, but only {width} columns have a name")
        else:
            _take(reading, line, partial(headings.split, row), region, headings.own_name)


def _read_cards(text: TextFile, reading: Reading, region: str, progress: Progress | None) -> None:
    if reading.kind is not ImportKind.CUSTOMERS:
        raise ImportFileError("import-no-column", f"a vCard file holds no {reading.kind.value}", hint="give a CSV file")
    reading.remarks.append("format: vCard")
    for card in split_cards(text.lines(progress)):
        _take(reading, card.line, partial(parse_card, card), region)
    if not reading.rows_read:
        raise ImportFileError("import-empty", "there is no card in the file", hint="a card begins with BEGIN:VCARD")


def _take(
    reading: Reading,
    line: int,
    cells: Callable[[], tuple[Cells, Cells]],
    region: str,
    own_name: Callable[[str], str] = str,
) -> None:
    reading.rows_read += 1
    try:
        reading.accept(_parse(reading.kind, line, *cells(), region))
    except RowError as error:
        reading.reject(line, str(error), own_name(error.column) if error.column else "")


def _parse(kind: ImportKind, line: int, cells: Cells, extra: Cells, region: str) -> ImportRow:
    if kind is ImportKind.CUSTOMERS:
        return parse_customer(line, cells, extra, region)
    return parse_order(line, cells, region) if kind is ImportKind.ORDERS else parse_incident(line, cells, region)


def _is_vcard(text: TextFile) -> bool:
    first = next((line for line in text.lines() if line.strip("\ufeff \t\r\n")), "")
    return first.strip("\ufeff \t\r\n").upper() == "BEGIN:VCARD"


def _digest(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()
