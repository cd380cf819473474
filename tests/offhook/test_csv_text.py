"""CSV that a spreadsheet reads as it is meant: no formula, no broken row."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from offhook.csv_text import csv_text, defused


@pytest.mark.parametrize(
    "hostile", ["=1+1", "+39333", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "|calc", "%0", "＝1", "\u00a0=1"]
)
def test_no_text_is_a_formula(hostile: str) -> None:
    assert defused(hostile) == f"'{hostile}"


@pytest.mark.parametrize("cell", [-3, -2.5, 0, None, "Anna", "sales-1", "", "3+4"])
def test_numbers_and_names_are_left_alone(cell: str | float | None) -> None:
    assert defused(cell) == cell


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5))
def test_what_is_written_can_be_read_again(rows: list[list[str]]) -> None:
    told = list(csv.reader(io.StringIO(csv_text(["a", "b"], rows), newline="")))
    assert told == [["a", "b"], *([str(defused(cell)) for cell in row] for row in rows)]
