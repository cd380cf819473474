"""One record of the CSV that Asterisk writes: quotes doubled, no line breaks but inside quotes."""

from __future__ import annotations

import csv

from kpi.importers.lines import BadLineError


def parse_record(line: bytes) -> list[str]:
    """Its cells.

    >>> parse_record(b'"a","b,c",,5')
    ['a', 'b,c', '', '5']

    Raises:
        BadLineError: the quotes do not match.
    """
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if "\x00" in text:
        raise BadLineError("there is a NUL in it")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise BadLineError("its quotes do not match") from None
