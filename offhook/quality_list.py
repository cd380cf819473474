"""A look through the customer book and the files of customers, and its to-do list as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.options import parse_options
from crm_bridge.quality.book_records import BookRecords
from crm_bridge.quality.file_records import FileRecords
from crm_bridge.quality.look import Look
from crm_bridge.quality.task import QualityReport, Task, TaskKind, TaskList, joined_report
from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.sources import find_kind
from offhook.csv_text import csv_text

KINDS: Final = {
    TaskKind.DUPLICATE: "Most likely the same customer twice",
    TaskKind.SHARED_NUMBER: "Numbers of several customers",
    TaskKind.UNUSABLE_NUMBER: "Numbers that are of no use",
    TaskKind.UNUSABLE_EMAIL: "E-mail addresses that are of no use",
    TaskKind.NO_NUMBER: "Customers without a number",
    TaskKind.UNREADABLE: "Rows that cannot be read",
}
BOM: Final = b"\xef\xbb\xbf"  # without it, Excel reads a CSV file in the machine's own old encoding
_FILES: Final = ("csv", "vcard")
_HEAD: Final = (
    *("kind", "source", "record", "own number", "name", "what", "why", "suggestion", "score"),
    *("other record", "other own number", "other name"),
)


async def look_over(engine: AsyncEngine, crm: CrmSettings, folder: Path, only: Sequence[str] = ()) -> QualityReport:
    """The book and each file of customers of ``crm``, or ``only`` those sources. Raises OffhookError."""
    reports = []
    if not only or "book" in only:
        reports.append(await Look(BookRecords(engine), crm.default_region).report())
    for one in files_of(crm):
        if not only or one.name in only:
            reports.append(await _look_over_file(crm, one, folder))
    return joined_report(reports)


def files_of(crm: CrmSettings) -> list[SourceSettings]:
    """The sources that are files, and can be read as a whole."""
    return [one for one in crm.sources if one.kind in _FILES]


def write_quality(report: QualityReport, form: str) -> bytes:
    """The to-do list as a file's bytes: csv or json."""
    return quality_csv(report) if form == "csv" else quality_json(report)


def quality_csv(report: QualityReport) -> bytes:
    """One line for each task, for a spreadsheet or the CRM."""
    return BOM + csv_text(_HEAD, map(_cells, report.tasks)).encode()


def quality_json(report: QualityReport) -> bytes:
    """All of the report, indented."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


async def _look_over_file(crm: CrmSettings, source: SourceSettings, folder: Path) -> QualityReport:
    options = parse_options(source, find_kind(source.kind).Options, environ=os.environ)
    records = FileRecords(source.name, folder / options.path, crm.default_region, options.encoding)
    report = await Look(records, crm.default_region).report()
    left_out = TaskList()
    for task in records.tasks():
        left_out.add(task)
    rows = QualityReport(looked_at={}, counts=left_out.counts, tasks=left_out.tasks())
    return joined_report([report, rows])


def _cells(task: Task) -> Sequence[str | float | None]:
    return (
        *(task.kind.value, task.source, task.record, task.own_number, task.name, task.what, task.why),
        *(task.suggestion, task.score, task.other, task.other_number, task.other_name),
    )
