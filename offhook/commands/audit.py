"""``offhook audit`` and ``offhook oddities``: can the calls be trusted?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, load

app = typer.Typer()


@app.command()
def audit(
    config: ConfigOption = DEFAULT_CONFIG,
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="The day; yesterday if left out.")
    ] = None,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Which PBX, where there are several.")] = None,
) -> None:
    """Hold a day's calls against what the PBX wrote itself. Status 1: there are differences that nobody can explain."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.auditing import audit_day, audit_report
        from offhook.journal_commands import choose_pbx
        from offhook.terminal import wide_console

        chosen = choose_pbx(settings, pbx)
        date, found = asyncio.run(audit_day(settings, chosen, config.parent.resolve(), day.date() if day else None))
        wide_console().print(audit_report(chosen.name, date, found))
        if found.unexplained:
            raise typer.Exit(1)


@app.command()
def oddities(
    config: ConfigOption = DEFAULT_CONFIG,
    since: Annotated[datetime | None, typer.Option("--since", help="Only those since then, by this clock.")] = None,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Only those of this PBX.")] = None,
) -> None:
    """List the events that the call model did not expect, by kind, with the latest of each."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.auditing import fetch_oddities, oddities_table
        from offhook.terminal import wide_console

        begin = since.astimezone() if since else None
        found = asyncio.run(fetch_oddities(settings, config.parent.resolve(), begin, pbx))
        wide_console().print(oddities_table(found) if found else "none")
