"""``offhook version``."""

from __future__ import annotations

import typer

from offhook.command_line import version_text

app = typer.Typer()


@app.command()
def version() -> None:
    """Tell the version."""
    typer.echo(f"Offhook {version_text()}")
