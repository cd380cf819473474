"""``offhook replay``: what a recording tells."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from offhook.command_line import complaining

app = typer.Typer()


@app.command()
def replay(
    paths: Annotated[list[Path], typer.Argument(help="Folders of recordings: events.ami and timing.jsonl.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: calls, then agents' states.")
    ] = False,
    trunk: Annotated[
        list[str] | None, typer.Option("--trunk", help="An endpoint that is a trunk; give it for each one.")
    ] = None,
) -> None:
    """Tell the calls of recordings, without a PBX and without settings."""
    with complaining():
        from offhook.replay_report import print_json, print_table

        show = print_json if as_json else print_table
        for path in paths:
            show(path, tuple(trunk or ()))
