"""A report in the form that is wanted, as the bytes of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cti.errors import OffhookError
from kpi.report import Report
from offhook.reporting.page import report_html
from offhook.reporting.pdf import make_pdf
from offhook.reporting.plain import report_csv, report_json, report_table
from offhook.reporting.spreadsheet import report_xlsx
from offhook.terminal import wide_console

BOM = b"\xef\xbb\xbf"  # without it, Excel reads a CSV file in the machine's own old encoding


def _table(report: Report) -> bytes:
    console = wide_console()
    with console.capture() as captured:
        console.print(report_table(report))
    return captured.get().encode()


WRITERS: Mapping[str, Callable[[Report], bytes]] = {
    "table": _table,
    "csv": lambda report: BOM + report_csv(report).encode(),
    "json": report_json,
    "xlsx": report_xlsx,
    "html": lambda report: report_html(report).encode(),
    "pdf": lambda report: make_pdf(report_html(report)),
}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
}


def write_report(report: Report, form: str) -> bytes:
    """The report as a file's bytes; ``form`` is one of ``WRITERS``. A PDF takes seconds.

    Raises:
        OffhookError: the PDF cannot be made.
    """
    return WRITERS[form](report)


def form_of(form: str | None, out: Path | None) -> str:
    """The form that was named, or the one that the file's name says; a table in the terminal.

    Raises:
        OffhookError: the file's name says none.
    """
    if form is not None:
        return str(form)
    if out is None:
        return "table"
    named = {**{one: one for one in WRITERS}, "txt": "table", "htm": "html"}.get(out.suffix.lower().lstrip("."))
    if named is None:
        raise OffhookError(
            "report-no-form",
            f"{out.name} does not say what to write",
            "its ending is that of no kind of report",
            f"name it .csv, .json, .xlsx, .html or .pdf, or say --format ({', '.join(WRITERS)})",
        )
    return named
