"""Tables as CSV for a spreadsheet, which must not take a caller's name for a formula.

A text that begins with ``= + - @``, a tab or a line end gets an apostrophe before it (OWASP, "CSV Injection"); numbers
are left alone, for they are ours. RFC 4180: CRLF, quotes doubled.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | int | float | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The table with its header; an empty cell for None.

    >>> csv_text(["name", "wait"], [["=1+1", -2.5], [None, 3]])
    "name,wait\\r\\n'=1+1,-2.5\\r\\n,3\\r\\n"
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([defused(one) for one in header])
    writer.writerows([defused(one) for one in row] for row in rows)
    return out.getvalue()


def defused(cell: Cell) -> Cell:
    """The cell as a spreadsheet takes it for text, whatever it begins with; blanks before a formula do not hide it."""
    if isinstance(cell, str) and (cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA)):
        return f"'{cell}"
    return cell
