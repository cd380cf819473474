"""``offhook record``, ``scrub`` and ``rebuild``: what the PBX said, kept, made anonymous, and told again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, load

if TYPE_CHECKING:
    from offhook.settings import Settings

app = typer.Typer()


@app.command()
def record(
    folder: Annotated[Path, typer.Argument(help="The folder to make: a recording for `offhook replay`.")],
    config: ConfigOption = DEFAULT_CONFIG,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Which PBX, where there are several.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop by itself after so long.")] = None,
) -> None:
    """Write what a PBX says to a file, over a connection of its own. Ctrl-C ends it."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.journal_commands import choose_pbx, record as record_to, recorded_lines
        from offhook.logs import set_up_logs

        set_up_logs(settings.log)
        done = asyncio.run(record_to(choose_pbx(settings, pbx), folder, seconds))
        typer.echo("\n".join(recorded_lines(done, folder)))


@app.command()
def scrub(
    recording: Annotated[Path, typer.Argument(help="The folder of a recording, or of one connection of the journal.")],
    out: Annotated[Path, typer.Argument(help="The folder to make.")],
    keep: Annotated[list[str] | None, typer.Option("--keep", help="A word to keep wherever it stands.")] = None,
    hide: Annotated[list[str] | None, typer.Option("--hide", help="A word to replace wherever it stands.")] = None,
) -> None:
    """Make a recording fit to be passed on: the same calls, of fictional people."""
    with complaining():
        from cti.scrub import scrub as scrub_to
        from offhook.journal_commands import scrubbed_lines

        typer.echo("\n".join(scrubbed_lines(scrub_to(recording, out, keep or (), hide or ()), out)))


@app.command()
def rebuild(
    config: ConfigOption = DEFAULT_CONFIG,
    since: Annotated[
        datetime | None, typer.Option("--from", help="Only calls that began then or later, by this machine's clock.")
    ] = None,
    tallies: Annotated[
        bool, typer.Option("--tallies", help="Only make the sums of the reports anew, from the calls that are stored.")
    ] = False,
) -> None:
    """Store the calls of the journal again: into a new database, or after a better version of Offhook."""
    import asyncio

    with complaining():
        settings = load(config)
        if tallies:
            _rebuild_tallies(settings, config)
            return
        from offhook.journal_commands import rebuild as rebuild_store, rebuilt_lines
        from offhook.logs import set_up_logs

        set_up_logs(settings.log)
        done = asyncio.run(rebuild_store(settings, config.parent.resolve(), since.astimezone() if since else None))
        typer.echo("\n".join(rebuilt_lines(done)))


def _rebuild_tallies(settings: Settings, config: Path) -> None:
    import asyncio

    from offhook.rebuilding import rebuild_tallies, rebuilt_lines

    typer.echo("\n".join(rebuilt_lines(asyncio.run(rebuild_tallies(settings, config.parent.resolve())))))
