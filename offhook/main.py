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


class History(StrEnum):
    """What a PBX's own log is."""

    QUEUE_LOG = "queue-log"
    CDR = "cdr"
    CEL = "cel"
    ASTERISKCDRDB = "asteriskcdrdb"


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
        settings = _load(config)
        from offhook.auditing import audit_day, audit_report, wide_console
        from offhook.journal_commands import choose_pbx

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
        settings = _load(config)
        from offhook.auditing import fetch_oddities, oddities_table, wide_console

        begin = since.astimezone() if since else None
        found = asyncio.run(fetch_oddities(settings, config.parent.resolve(), begin, pbx))
        wide_console().print(oddities_table(found) if found else "none")


@app.command("import")
def import_history(
    kind: Annotated[History, typer.Argument(help="What is imported.")],
    source: Annotated[str, typer.Argument(help="A file, or a database: mysql://USER@HOST/asteriskcdrdb.")],
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
        settings = _load(config)
        from offhook.history import HistoryKind, HistoryOrder, import_history as bring_in, report_lines
        from offhook.journal_commands import choose_pbx

        _keep_private()
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
