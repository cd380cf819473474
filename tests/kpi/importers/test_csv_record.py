"""Records of Asterisk's CSV."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from kpi.importers.csv_record import parse_record
from kpi.importers.lines import BadLineError

cells = st.text(st.characters(exclude_characters="\r\n\x00", exclude_categories=("Cs",)), max_size=12)


@given(st.lists(cells, min_size=1, max_size=6))
def test_what_was_written_is_read(values: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(values)
    assert parse_record(out.getvalue().encode()) == values


@pytest.mark.parametrize("line", [b'"a', b'"a"b"', b"a\x00b"])
def test_a_broken_record_says_why(line: bytes) -> None:
    with pytest.raises(BadLineError, match=r"quotes|NUL"):
        parse_record(line)
