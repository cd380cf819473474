"""A report as a workbook, read back by another library."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from kpi.report import Report
from offhook.reporting.spreadsheet import report_xlsx
from tests.offhook.reporting.reports import HOSTILE, by_queue, by_weekday_and_hour


def cells(report: Report) -> list[list[object]]:
    book = load_workbook(io.BytesIO(report_xlsx(report)))
    return [[cell.value for cell in row] for row in book["Report"].iter_rows()]


def test_numbers_are_numbers_and_times_are_times() -> None:
    book = load_workbook(io.BytesIO(report_xlsx(by_queue())))
    row = next(row for row in book["Report"].iter_rows() if row[0].value == "sales")
    assert [cell.value for cell in row[1:3]] == [1060, 0.8113]
    assert [cell.number_format for cell in row[1:]] == ["#,##0.##", "0.0%", "[h]:mm:ss"]
    assert row[3].value.total_seconds() == 7.26


def test_a_hostile_name_is_a_text() -> None:
    book = load_workbook(io.BytesIO(report_xlsx(by_queue())))
    hostile = [cell for row in book["Report"].iter_rows() for cell in row if str(cell.value).startswith("=HYPER")]
    assert [cell.data_type for cell in hostile] == ["s"]
    assert HOSTILE.startswith("=HYPER")


def test_the_total_comes_last_and_none_is_empty() -> None:
    told = cells(by_queue())
    assert told[-1][:3] == ["all", 1063, 0.8]
    assert told[-2][2] is None


def test_a_matrix_is_shaded_by_its_numbers() -> None:
    book = load_workbook(io.BytesIO(report_xlsx(by_weekday_and_hour())))
    (area,) = book["Report"].conditional_formatting
    assert str(area.sqref) == "B6:C8"


def test_how_each_number_is_made_is_on_a_sheet_of_its_own() -> None:
    book = load_workbook(io.BytesIO(report_xlsx(by_queue())))
    told = [[cell.value for cell in row] for row in book["How it is made"].iter_rows()]
    assert len(told) == 1 + len(by_queue().columns)
    assert all(told[1][:3])
