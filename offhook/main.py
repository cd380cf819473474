"""The ``offhook`` command. Each command imports what it needs when it runs, so that ``--help`` is there at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cti.errors import OffhookError

if TYPE_CHECKING:
    from offhook.settings import Settings

app = typer.Typer(
    help="Exact calls, screen pops and figures from Asterisk and FreeSWITCH.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
customers_app = typer.Typer(help="The embedded customer book.", no_args_is_help=True)
app.add_typer(customers_app, name="customers")

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="OFFHOOK_CONFIG", help="The settings file.", show_default=True)
]
DEFAULT_CONFIG = Path("offhook.toml")


class Kind(StrEnum):
    """What a file for the customer book holds."""

    CUSTOMERS = "customers"
    ORDERS = "orders"
    INCIDENTS = "incidents"


@app.command()
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Watch the PBXs, serve the pages, keep every call. Ctrl-C or SIGTERM stops it."""
    import asyncio

    with complaining():
        settings = _load(config)
        from offhook.logs import set_up_logs
        from offhook.run import Offhook, run as run_house

        def tell(house: Offhook) -> None:
            typer.echo(f"Offhook {_version()} serves its pages at {house.url} (Ctrl-C stops it)")
            sys.stdout.flush()

        _keep_private()
        set_up_logs(settings.log)
        asyncio.run(run_house(settings, config.parent.resolve(), tell))


@app.command()
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    connect: Annotated[bool, typer.Option("--connect", help="Also log in at each PBX once.")] = False,
) -> None:
    """Check the settings and what they name; change nothing."""
    import asyncio

    with complaining():
        settings = _load(config)
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
        settings = _load(config)
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
) -> None:
    """Store the calls of the journal again: into a new database, or after a better version of Offhook."""
    import asyncio

    with complaining():
        settings = _load(config)
        from offhook.journal_commands import rebuild as rebuild_store, rebuilt_lines
        from offhook.logs import set_up_logs

        set_up_logs(settings.log)
        done = asyncio.run(rebuild_store(settings, config.parent.resolve(), since.astimezone() if since else None))
        typer.echo("\n".join(rebuilt_lines(done)))


@app.command()
def demo(
    listen: Annotated[str, typer.Option("--listen", help="Address and port to serve the pages on.")] = "127.0.0.1:8088",
    seconds: Annotated[float | None, typer.Option("--seconds", min=0, help="Stop by itself after so long.")] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=50, help="How much faster than life it goes.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same callers and calls.")] = 1,
    keep: Annotated[Path | None, typer.Option("--keep", help="Keep the demo's files in this empty folder.")] = None,
) -> None:
    """Try Offhook with a simulated PBX, its customers and a month of history. Ctrl-C stops it."""
    with complaining():
        from offhook.demo import run_demo

        run_demo(listen, seconds=seconds, speed=speed, seed=seed, keep=keep)


@customers_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV or vCard file.")],
    config: ConfigOption = DEFAULT_CONFIG,
    kind: Annotated[Kind, typer.Option("--kind", help="What the file holds.")] = Kind.CUSTOMERS,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Import the good rows though others are bad.")] = False,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of the file, where it is not found out by itself.")
    ] = None,
) -> None:
    """Put a file into the customer book: all of it or nothing. The same file again changes nothing."""
    import asyncio

    with complaining():
        settings = _load(config)
        from crm_bridge.headers import ImportKind
        from offhook.customers import import_customers, report_lines

        _keep_private()
        folder, book_kind = config.parent.resolve(), ImportKind(kind)
        work = import_customers(settings, folder, file, book_kind, skip_bad=skip_bad, encoding=encoding)
        report = asyncio.run(work)
        for line in report_lines(report):
            typer.echo(line, err=not report.stored)
        if not report.stored:
            raise typer.Exit(1)


@app.command()
def version() -> None:
    """Tell the version."""
    typer.echo(f"Offhook {_version()}")


@contextmanager
def complaining() -> Iterator[None]:
    """Show an error of ours on stderr in some lines and leave with its exit status; no traceback."""
    try:
        yield
    except OffhookError as error:
        from offhook.complaint import complaint, exit_status

        typer.echo(complaint(error), err=True)
        raise typer.Exit(exit_status(error)) from None


def _keep_private() -> None:
    """What is written from now on holds callers and customers: no other user of this machine is to read it."""
    os.umask(os.umask(0) | 0o007)


def _load(config: Path) -> Settings:
    from offhook.settings import load_settings

    return load_settings(config)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version as installed

    try:
        return installed("offhook")
    except PackageNotFoundError:
        return "from a checkout that is not installed"


if __name__ == "__main__":
    app()
