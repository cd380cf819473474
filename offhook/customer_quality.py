"""``offhook customers quality``: what is wrong with the lists of customers, as a to-do list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from crm_bridge.quality.task import QualityReport, Task
from cti.errors import OffhookError
from offhook.open_store import open_store
from offhook.quality_list import KINDS, files_of, look_over
from offhook.settings import Settings
from offhook.terminal import printable

FORMS: Final = ("table", "csv", "json")


async def look_over_all(settings: Settings, folder: Path, only: Sequence[str] = ()) -> QualityReport:
    """The book and each file of customers of ``settings``, or ``only`` those sources.

    Raises:
        OffhookError: there is no such source, or one cannot be read.
    """
    known = ["book", *(one.name for one in files_of(settings.crm))]
    if wrong := [one for one in only if one not in known]:
        why = f"what can be looked through is {', '.join(known)}; other sources cannot be read as a whole"
        raise OffhookError(
            "quality-no-source", f'"{wrong[0][:60]}" cannot be looked through', why, "leave --source out"
        )
    async with open_store(settings, folder) as engine:
        return await look_over(engine, settings.crm, folder, only)


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


def _record(task: Task) -> str:
    own = f" (No. {task.own_number})" if task.own_number and task.own_number != task.record else ""
    return f"{task.source} {task.record}{own}"
