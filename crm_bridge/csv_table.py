"""Rows of a CSV file whose separator and headings are somebody else's."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from crm_bridge.headers import NEEDED, ImportKind, field_of
from crm_bridge.rows import Cells
from crm_bridge.text_file import ImportFileError, clean_text

SEPARATORS: Final = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
MAX_COLUMNS: Final = 200
#: characters of one cell; csv's own bound, past which it gives up
MAX_CELL: Final = 131_072


class Headings(msgspec.Struct, frozen=True):
    """The file's first row, understood: each column's field or None, its own name, and the separator."""

    separator: str
    names: tuple[str, ...]
    fields: tuple[str | None, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns that we have no word for."""
        return tuple(name for name, field in zip(self.names, self.fields, strict=True) if field is None and name)

    def own_name(self, field: str) -> str:
        """What the file itself calls the column, or columns, of one of our fields."""
        own = [name for name, known in zip(self.names, self.fields, strict=True) if known == field]
        return " / ".join(own) or field

    def split(self, row: Sequence[str]) -> tuple[Cells, Cells]:
        """The cells of our fields, and those of the other columns."""
        ours, others = [], []
        for name, field, cell in zip(self.names, self.fields, row, strict=False):
            if field is not None:
                ours.append((field, cell))
            elif name:
                others.append((name, cell))
        return ours, others


def read_table(lines: Iterable[str], kind: ImportKind) -> tuple[Headings, Iterator[tuple[int, Sequence[str]]]]:
    """The headings, and each row with the line in the file where it begins. Empty rows are passed over.

    Raises ImportFileError ``import-empty``, ``import-no-column``, ``import-broken-csv``; the last also while reading.
    """
    numbered, skipped = iter(lines), 0
    first = next((line.lstrip("\ufeff") for line in numbered if line.strip("\ufeff \t\r\n;,")), None)
    if first is not None and first.lower().startswith("sep="):
        first, skipped = next(numbered, None), 1
    if first is None:
        raise ImportFileError("import-empty", "the file is empty", hint="its first row has to name the columns")
    headings = _headings(first, kind)
    rows = _rows(chain([first], numbered), headings.separator, skipped)
    next(rows, None)
    return headings, rows


def _headings(line: str, kind: ImportKind) -> Headings:
    """By the separator that makes the most columns that we know, then the most columns at all."""
    tries = [_split_headings(line, separator, kind) for separator in SEPARATORS]
    best = max(tries, key=lambda one: (sum(field is not None for field in one.fields), len(one.names)))
    if len(best.names) > MAX_COLUMNS:
        raise ImportFileError("import-no-column", f"{len(best.names)} columns are more than {MAX_COLUMNS}")
    for needed in NEEDED[kind]:
        if not set(needed) & set(best.fields):
            shown = ", ".join(best.names[:12])
            raise ImportFileError(
                "import-no-column",
                f"no column of the file is a {kind.value[:-1]}'s {' or '.join(needed)}",
                f"the first row has: {shown[:200]}",
                f"name the columns in the first row, one of them {needed[0]}",
            )
    return best


def _split_headings(line: str, separator: str, kind: ImportKind) -> Headings:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        cells = []
    names = tuple(clean_text(cell)[:100] for cell in cells)
    return Headings(separator, names, tuple(field_of(name, kind) for name in names))


def _rows(lines: Iterable[str], separator: str, skipped: int) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(lines, delimiter=separator)
    while True:
        line = reader.line_num + skipped + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ImportFileError(
                "import-broken-csv",
                f"the row that begins in line {line} has no end",
                str(error),
                "look for a quotation mark that is never closed",
            ) from error
        if any(cell.strip() for cell in row):
            yield line, row
