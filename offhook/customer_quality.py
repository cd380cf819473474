"""``offhook customers quality``: what is wrong with the lists of customers, as a to-do list."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.options import parse_options
from crm_bridge.quality.book_records import BookRecords
from crm_bridge.quality.file_records import FileRecords
from crm_bridge.quality.look import Look
from crm_bridge.quality.task import QualityReport, Task, TaskKind, TaskList, joined_report
from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.sources import find_kind
from cti.errors import OffhookError
from offhook.csv_text import csv_text
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable

KINDS: Final = {
    TaskKind.DUPLICATE: "Most likely the same customer twice",
    TaskKind.SHARED_NUMBER: "Numbers of several customers",
    TaskKind.UNUSABLE_NUMBER: "Numbers that are of no use",
    TaskKind.UNUSABLE_EMAIL: "E-mail addresses that are of no use",
    TaskKind.NO_NUMBER: "Customers without a number",
    TaskKind.UNREADABLE: "Rows that cannot be read",
}
FORMS: Final = ("table", "csv", "json")
BOM: Final = b"\xef\xbb\xbf"  # without it, Excel reads a CSV file in the machine's own old encoding
_FILES: Final = ("csv", "vcard")
_HEAD: Final = (
    *("kind", "source", "record", "own number", "name", "what", "why", "suggestion", "score"),
    *("other record", "other own number", "other name"),
)


async def look_over_all(settings: Settings, folder: Path, only: Sequence[str] = ()) -> QualityReport:
    """The book and each file of customers of ``settings``, or ``only`` those sources.

    Raises:
        OffhookError: there is no such source, or one cannot be read.
    """
    known = ["book", *(one.name for one in _files(settings.crm))]
    if wrong := [one for one in only if one not in known]:
        why = f"what can be looked through is {', '.join(known)}; other sources cannot be read as a whole"
        raise OffhookError(
            "quality-no-source", f'"{wrong[0][:60]}" cannot be looked through', why, "leave --source out"
        )
    async with open_store(settings, folder) as engine:
        return await look_over(engine, settings.crm, folder, only)


async def look_over(engine: AsyncEngine, crm: CrmSettings, folder: Path, only: Sequence[str] = ()) -> QualityReport:
    """The same, of a store that is open."""
    reports = []
    if not only or "book" in only:
        reports.append(await Look(BookRecords(engine), crm.default_region).report())
    for one in _files(crm):
        if not only or one.name in only:
            reports.append(await _look_over_file(crm, one, folder))
    return joined_report(reports)


def quality_form(form: str | None, out: Path | None) -> str:
    """The form that was named, or the one that the file's name says; a table in the terminal.

    Raises:
        OffhookError: the file's name says none.
    """
    if form is not None and (out is None or form != "table"):
        return str(form)
    named = "table" if out is None else out.suffix.lower().lstrip(".")
    if named not in FORMS or (out is not None and named == "table"):
        hint = "name it .csv or .json, or say --format csv or --format json"
        raise OffhookError("quality-no-form", f"{out} does not say what to write", "", hint)
    return named


def write_quality(report: QualityReport, form: str) -> bytes:
    """The to-do list as a file's bytes: csv or json."""
    return quality_csv(report) if form == "csv" else quality_json(report)


def quality_csv(report: QualityReport) -> bytes:
    """One line for each task, for a spreadsheet or the CRM."""
    return BOM + csv_text(_HEAD, map(_cells, report.tasks)).encode()


def quality_json(report: QualityReport) -> bytes:
    """All of the report, indented."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def quality_table(report: QualityReport, most: int) -> list[Any]:
    """For the terminal: how much of each kind, then the first ``most`` tasks of each."""
    shown: list[Any] = [Text(line) for line in summary_lines(report)]
    for kind, title in KINDS.items():
        tasks = report.of(kind)
        if not tasks:
            continue
        more = f", the first {most} of {report.counts[kind]:,}" if report.counts[kind] > most else ""
        table = Table(box=SIMPLE, title=Text(f"{title}{more}"), title_justify="left")
        for head in ("Record", "Name", "What", "Why", "What to do"):
            table.add_column(head)
        for task in tasks[:most]:
            cells = (_record(task), task.name, task.what, task.why, task.suggestion)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        shown.append(table)
    return shown


def summary_lines(report: QualityReport) -> list[str]:
    """What was looked at, and how much was found of each kind."""
    looked = ", ".join(f"{count:,} of {printable(name)}" for name, count in report.looked_at.items())
    lines = [f"customers looked at: {looked or 'none'}"]
    lines += [f"{report.counts[kind]:>9,}  {title}" for kind, title in KINDS.items()]
    kept = len(report.tasks)
    if kept < sum(report.counts.values()):
        lines.append(f"only {kept:,} of them are listed")
    return lines + [printable(remark) for remark in report.remarks]


def _files(crm: CrmSettings) -> list[SourceSettings]:
    return [one for one in crm.sources if one.kind in _FILES]


async def _look_over_file(crm: CrmSettings, source: SourceSettings, folder: Path) -> QualityReport:
    options = parse_options(source, find_kind(source.kind).Options, environ=os.environ)
    records = FileRecords(source.name, folder / options.path, crm.default_region, options.encoding)
    report = await Look(records, crm.default_region).report()
    left_out = TaskList()
    for task in records.tasks():
        left_out.add(task)
    rows = QualityReport(looked_at={}, counts=left_out.counts, tasks=left_out.tasks())
    return joined_report([report, rows])


def _record(task: Task) -> str:
    own = f" (No. {task.own_number})" if task.own_number and task.own_number != task.record else ""
    return f"{task.source} {task.record}{own}"


def _cells(task: Task) -> Sequence[str | float | None]:
    return (
        *(task.kind.value, task.source, task.record, task.own_number, task.name, task.what, task.why),
        *(task.suggestion, task.score, task.other, task.other_number, task.other_name),
    )
