"""``offhook customers``: the embedded customer book."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load

app = typer.Typer()
customers_app = typer.Typer(help="The embedded customer book.", no_args_is_help=True)
app.add_typer(customers_app, name="customers")


class Kind(StrEnum):
    """What a file for the customer book holds."""

    CUSTOMERS = "customers"
    ORDERS = "orders"
    INCIDENTS = "incidents"


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
        settings = load(config)
        from crm_bridge.headers import ImportKind
        from offhook.customers import import_customers, report_lines

        keep_private()
        folder, book_kind = config.parent.resolve(), ImportKind(kind)
        work = import_customers(settings, folder, file, book_kind, skip_bad=skip_bad, encoding=encoding)
        report = asyncio.run(work)
        for line in report_lines(report):
            typer.echo(line, err=not report.stored)
        if not report.stored:
            raise typer.Exit(1)


@customers_app.command("find")
def find(
    number: Annotated[str, typer.Argument(help="A number as the PBX sends it.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Ask every source of customers for a number, and show what each said and how long it took."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.find_customer import find_customer, finding_lines

        keep_private()
        finding = asyncio.run(find_customer(settings, config.parent.resolve(), number))
        for line in finding_lines(finding):
            typer.echo(line)
        if not finding.complete:
            raise typer.Exit(1)
