"""A report as an XLSX workbook: the numbers as numbers with their formats, and how each is made on a sheet of its own.

Names are written as strings, never as formulas. Times are days, as spreadsheets count them, shown as ``[h]:mm:ss``.
"""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

from kpi.measure import Unit
from kpi.report import Report
from offhook.reporting.grid import Cell, Grid, about, grid_of, is_matrix
from offhook.reporting.page import usual_title

DAY_S = 86_400
_FORMATS = {Unit.SHARE: "0.0%", Unit.SECONDS: "[h]:mm:ss", Unit.COUNT: "#,##0.##", Unit.PER_HOUR: "0.0"}
_MOST_CHARS = 32_767  # in a cell, by Excel's own limits


def report_xlsx(report: Report, title: str = "") -> bytes:
    """The workbook's bytes."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": title or usual_title(report), "created": report.made_at.replace(tzinfo=None)})
        _Sheet(book, grid_of(report)).write(report, title or usual_title(report))
        _write_passports(book, report)
    return out.getvalue()


class _Sheet:
    def __init__(self, book: Any, grid: Grid) -> None:
        self._book, self._grid, self._sheet = book, grid, book.add_worksheet("Report")
        self._formats: dict[tuple[str | None, bool], Any] = {}

    def write(self, report: Report, title: str) -> None:
        sheet, grid = self._sheet, self._grid
        sheet.write_string(0, 0, title, self._book.add_format({"bold": True, "font_size": 14}))
        lines = about(report)
        for n, line in enumerate(lines, 1):
            sheet.write_string(n, 0, line)
        top = len(lines) + 2
        head = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        for n, one in enumerate(grid.heads):
            sheet.write_string(top, n, one.title, head)
        for n, cells in enumerate(grid.rows, top + 1):
            self._row(n, cells)
        bottom = top + len(grid.rows)
        if grid.total is not None:
            self._row(bottom + 1, grid.total, bold=True)
        sheet.set_column(0, max(grid.names - 1, 0), 18)
        sheet.set_column(grid.names, len(grid.heads), 13)
        sheet.freeze_panes(top + 1, grid.names)
        if is_matrix(report) and grid.rows:
            scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#FF8A4C"}
            sheet.conditional_format(top + 1, 1, bottom, len(grid.heads) - 1, scale)

    def _row(self, n: int, cells: tuple[Cell, ...], *, bold: bool = False) -> None:
        for column, cell in enumerate(cells):
            if isinstance(cell.value, str):
                self._sheet.write_string(n, column, cell.shown[:_MOST_CHARS], self._format(None, bold))
            elif cell.value is not None:
                value = cell.value / DAY_S if cell.unit == Unit.SECONDS else cell.value
                self._sheet.write_number(n, column, value, self._format(cell.unit, bold))

    def _format(self, unit: str | None, bold: bool) -> Any:
        if (unit, bold) not in self._formats:
            form: dict[str, Any] = {"bold": bold, **({"top": 1} if bold else {})}
            if unit is not None:
                form["num_format"] = _FORMATS.get(Unit(unit), "General")
            self._formats[unit, bold] = self._book.add_format(form)
        return self._formats[unit, bold]


def _write_passports(book: Any, report: Report) -> None:
    sheet = book.add_worksheet("How it is made")
    bold = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for n, title in enumerate(("Number", "In words", "Formula", "Parameters", "Source")):
        sheet.write_string(0, n, title, bold)
    for n, column in enumerate(report.columns, 1):
        parameters = ", ".join(f"{name} = {value}" for name, value in column.parameters.items())
        for place, text in enumerate((column.title, column.words, column.formula, parameters, column.source)):
            sheet.write_string(n, place, text, wrapped)
    sheet.set_column(0, 4, 40)
