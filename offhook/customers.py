"""``offhook customers import``: a file into the customer book, with its progress and its bad rows on the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from crm_bridge.headers import ImportKind
from crm_bridge.import_customers import ImportReport, import_file
from crm_bridge.import_file import BadRow
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable

SHOWN_ROWS = 50


async def import_customers(
    settings: Settings, folder: Path, file: Path, kind: ImportKind, *, skip_bad: bool, encoding: str | None
) -> ImportReport:
    """Import ``file`` into the store of ``settings``, with a progress bar on stderr.

    Raises:
        OffhookError: the file as a whole makes no sense, or the store cannot be used.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"reading {escape(file.name)}", total=None)
        async with open_store(settings, folder) as engine:
            return await import_file(
                engine,
                file,
                kind,
                region=settings.crm.default_region,
                skip_bad=skip_bad,
                encoding=encoding,
                progress=lambda done, size: bar.update(task, completed=done, total=size),
            )


def report_lines(report: ImportReport) -> list[str]:
    """What became of the file, for the terminal."""
    lines = [*report.remarks]
    lines += _rows("bad row", report.bad, report.bad_count)
    lines += _rows("doubtful, imported all the same", report.doubts, report.doubt_count)
    if report.stored:
        left_out = f", {report.bad_count} left out" if report.bad_count else ""
        lines.append(
            f"{report.source}: {report.rows_read} {report.kind} read: {report.added} new, {report.changed} changed, "
            f"{report.unchanged} as before{left_out}"
        )
    else:
        lines.append(
            f"{report.source}: nothing was imported, {report.bad_count} of {report.rows_read} rows are bad; correct "
            "them, or import the others with --skip-bad"
        )
    return [printable(line) for line in lines]


def _rows(what: str, rows: tuple[BadRow, ...], count: int) -> list[str]:
    lines = [f"{what}: {row}" for row in rows[:SHOWN_ROWS]]
    return lines + ([f"... and {count - len(lines)} more"] if count > len(lines) else [])
