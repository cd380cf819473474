"""``offhook report``: the numbers of a period."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load

app = typer.Typer()
Words = list[str] | None


class Form(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    HTML = "html"
    PDF = "pdf"


@app.command()
def report(
    config: ConfigOption = DEFAULT_CONFIG,
    period: Annotated[
        str, typer.Option("--period", "-p", help="yesterday, last-week, 2026-10, 2026-W43, 2026-10-05..2026-10-11 ...")
    ] = "yesterday",
    by: Annotated[
        str, typer.Option("--by", help="One or two of pbx, queue, agent, did, direction, hour, weekday, day ...")
    ] = "queue",
    measures: Annotated[
        str, typer.Option("--measures", "-m", help="Keys with commas between, or all; see docs/kpi.md.")
    ] = "",
    queue: Annotated[Words, typer.Option("--queue", help="Only this queue; give it for each one.")] = None,
    agent: Annotated[Words, typer.Option("--agent", help="Only this agent; give it for each one.")] = None,
    did: Annotated[Words, typer.Option("--did", help="Only calls to this number; give it for each one.")] = None,
    direction: Annotated[Words, typer.Option("--direction", help="Only inbound, outbound or internal calls.")] = None,
    pbx: Annotated[Words, typer.Option("--pbx", help="Only this PBX; give it for each one.")] = None,
    hours: Annotated[str, typer.Option("--hours", help="all, open or closed: by the queue's opening hours.")] = "all",
    version: Annotated[
        str | None, typer.Option("--version", help="By an older version of the parameters: its name from a report.")
    ] = None,
    form: Annotated[Form | None, typer.Option("--format", "-f", help="By the file's name if left out.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write it to this file.")] = None,
) -> None:
    """Tell the numbers of a period: as a table, or as CSV, JSON, XLSX, HTML or PDF."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.report_once import fetch_once
        from offhook.reporting.asked import Asked
        from offhook.reporting.writing import form_of, write_report

        asked = Asked(
            period=period,
            by=(by,),
            measures=(measures,),
            pbx=tuple(pbx or ()),
            queue=tuple(queue or ()),
            agent=tuple(agent or ()),
            did=tuple(did or ()),
            direction=tuple(direction or ()),
            hours=hours,
            version=version,
        )
        chosen = form_of(form, out)
        found = asyncio.run(fetch_once(settings, config.parent.resolve(), asked))
        if chosen == "table" and out is None:
            from offhook.reporting.plain import report_table
            from offhook.terminal import wide_console

            wide_console().print(report_table(found))
            return
        keep_private()
        data = write_report(found, chosen)
        if out is None:
            sys.stdout.buffer.write(data)
        else:
            out.write_bytes(data)
            typer.echo(f"{out}: {len(found.rows)} rows, {len(data)} bytes")
