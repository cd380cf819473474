"""``offhook run``: the program itself."""

from __future__ import annotations

import sys

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load, version_text

app = typer.Typer()


@app.command()
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Watch the PBXs, serve the pages, keep every call. Ctrl-C or SIGTERM stops it."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.logs import set_up_logs
        from offhook.run import Offhook, run as run_house

        def tell(house: Offhook) -> None:
            typer.echo(f"Offhook {version_text()} serves its pages at {house.url} (Ctrl-C stops it)")
            sys.stdout.flush()

        keep_private()
        set_up_logs(settings.log)
        asyncio.run(run_house(settings, config.parent.resolve(), tell))
