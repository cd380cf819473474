"""``offhook import``: the years before Offhook."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load

app = typer.Typer()


class History(StrEnum):
    """What a PBX's own log is."""

    QUEUE_LOG = "queue-log"
    CDR = "cdr"
    CEL = "cel"
    ASTERISKCDRDB = "asteriskcdrdb"
    FREESWITCH_CDR = "freeswitch-cdr"


@app.command("import")
def import_history(
    kind: Annotated[History, typer.Argument(help="What is imported.")],
    source: Annotated[str, typer.Argument(help="A file, a folder, or a database: mysql://USER@HOST/asteriskcdrdb.")],
    config: ConfigOption = DEFAULT_CONFIG,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Which PBX wrote it, where there are several.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="Only what was written since then.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Only what was written up to then.")] = None,
    queue_log: Annotated[str | None, typer.Option("--queue-log", help="A queue_log to read beside it.")] = None,
    cdr: Annotated[str | None, typer.Option("--cdr", help="Call detail records to read beside it.")] = None,
    cel: Annotated[str | None, typer.Option("--cel", help="Channel events to read beside it.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin at the beginning, not where the last stopped.")] = False,
) -> None:
    """Bring the years before Offhook into the reports, from the PBX's own logs. The same again changes nothing."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.history import HistoryKind, HistoryOrder, import_history as bring_in, report_lines
        from offhook.journal_commands import choose_pbx

        keep_private()
        others = {name: place for name, place in (("queue_log", queue_log), ("cdr", cdr), ("cel", cel)) if place}
        order = HistoryOrder(
            kind=HistoryKind(kind),
            source=source,
            others=others,
            since=since.astimezone() if since else None,
            until=until.astimezone() if until else None,
            anew=anew,
        )
        work = bring_in(settings, choose_pbx(settings, pbx), config.parent.resolve(), order)
        for line in report_lines(asyncio.run(work)):
            typer.echo(line)
