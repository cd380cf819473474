"""A report in the terminal, as CSV and as JSON."""

from __future__ import annotations

import msgspec
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from kpi.report import Report
from offhook.csv_text import csv_text
from offhook.reporting.grid import Cell, Grid, about, grid_of, is_matrix
from offhook.terminal import printable

_STYLES = {True: "green", False: "red", None: ""}
_SHADES = (236, 237, 238, 240, 242, 244)  # greys of a terminal's 256 colours: the more, the lighter


def report_table(report: Report) -> Table:
    """For the terminal: numbers to the right, what misses its target in red."""
    grid = grid_of(report)
    table = Table(box=SIMPLE, title=Text(printable(_title(report))), title_justify="left", caption_justify="left")
    table.caption = Text("\n".join(printable(line) for line in about(report)))
    for n, head in enumerate(grid.heads):
        table.add_column(Text(printable(head.title)), justify="left" if n < grid.names else "right", no_wrap=True)
    for row in grid.rows:
        table.add_row(*map(_text, row))
    if grid.total is not None:
        table.add_section()
        table.add_row(*map(_text, grid.total), style="bold")
    return table


def report_csv(report: Report) -> str:
    """One row for each key, then the total; shares as 0 to 1, times in seconds, as the header says."""
    grid = grid_of(report)
    rows = [*grid.rows, *([grid.total] if grid.total is not None else [])]
    heads = [_header(grid, n, report) for n in range(len(grid.heads))]
    return csv_text(heads, ([cell.value for cell in row] for row in rows))


def report_json(report: Report) -> bytes:
    """All of the report with the passports of its numbers, indented."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _title(report: Report) -> str:
    return f"{report.columns[0].title} ({report.columns[0].formula})" if is_matrix(report) else ""


def _header(grid: Grid, n: int, report: Report) -> str:
    head = grid.heads[n]
    if head.column is None:
        return head.title.lower()
    name = head.title if is_matrix(report) else head.column.key
    return f"{name} ({head.unit})" if head.unit else name


def _text(cell: Cell) -> Text:
    style = _STYLES[cell.met]
    if cell.heat is not None:
        style = f"on color({_SHADES[min(int(cell.heat * len(_SHADES)), len(_SHADES) - 1)]})"
    return Text(printable(cell.shown), style=style)
