"""``offhook check``: are the settings right, and does the PBX let us in?"""

from __future__ import annotations

from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, load

app = typer.Typer()


@app.command()
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    connect: Annotated[bool, typer.Option("--connect", help="Also log in at each PBX once.")] = False,
) -> None:
    """Check the settings and what they name; change nothing."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.check import examine
        from offhook.complaint import EXIT_ACT, complaint

        report = asyncio.run(examine(settings, config.parent.resolve(), connect=connect))
        width = max(len(subject) for subject, _ in report.lines)
        for subject, text in report.lines:
            typer.echo(f"{subject:<{width}}  {text}")
        for problem in report.problems:
            typer.echo(complaint(problem), err=True)
        if report.problems:
            raise typer.Exit(EXIT_ACT)
        typer.echo("ok")
