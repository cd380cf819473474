"""``offhook customers``: the embedded customer book."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load, log_in_name

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


class ConsentChannel(StrEnum):
    """A way to a customer."""

    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    POST = "post"
    ANY = "any"


@customers_app.command("consent")
def consent(
    who: Annotated[str, typer.Argument(help="A telephone number, the customer's own number, or id:12.")],
    config: ConfigOption = DEFAULT_CONFIG,
    channel: Annotated[ConsentChannel, typer.Option("--channel", help="By which way.")] = ConsentChannel.PHONE,
    given: Annotated[bool, typer.Option("--given", help="He agrees.")] = False,
    refused: Annotated[bool, typer.Option("--refused", help="He says no.")] = False,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="He takes back that he agreed.")] = False,
    source: Annotated[str, typer.Option("--source", help="Who says so: letter of 3 March, told on the phone ...")] = "",
    date: Annotated[str, typer.Option("--date", help="The day he said it, like 2026-03-03; today if left out.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="For what, such as marketing; all if left out.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who writes it down; your log-in name if left out.")] = "",
) -> None:
    """Show what a customer wants, or write down that he agrees, says no or takes it back."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.customer_consent import consent_lines, said_of, tell_consent

        keep_private()
        chosen = {"given": given, "refused": refused, "withdrawn": withdrawn}
        said = said_of(channel.value, [name for name, is_set in chosen.items() if is_set], source, date, purpose)
        told = asyncio.run(tell_consent(settings, config.parent.resolve(), who, said, by or log_in_name()))
        for line in consent_lines(*told):
            typer.echo(line)


@customers_app.command("merge")
def merge(
    keep: Annotated[str, typer.Argument(help="Who stays: a telephone number, his own number, or id:12.")],
    gone: Annotated[str, typer.Argument(help="Who becomes a part of him.")],
    config: ConfigOption = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who does it; your log-in name if left out.")] = "",
) -> None:
    """Make two customers of the book one: shows what will be, asks, and can be undone."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.customer_merges import fetch_two, merge_line, merge_two, preview_lines

        keep_private()
        folder = config.parent.resolve()
        two = asyncio.run(fetch_two(settings, folder, keep, gone))
        for line in preview_lines(*two):
            typer.echo(line)
        if not yes and not typer.confirm("Make them one?"):
            typer.echo("nothing was changed")
            raise typer.Exit(1)
        made = asyncio.run(merge_two(settings, folder, *two, by or log_in_name()))
        typer.echo(merge_line(made))
        typer.echo(f"to undo it: offhook customers unmerge {made.merge_id}")


@customers_app.command("unmerge")
def unmerge(
    merge_id: Annotated[int, typer.Argument(help="The number of the merge, from: offhook customers merges.")],
    config: ConfigOption = DEFAULT_CONFIG,
    by: Annotated[str, typer.Option("--by", help="Who does it; your log-in name if left out.")] = "",
) -> None:
    """Part two customers who were made one: each is again what his own record says."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.customer_merges import merge_line, part_two

        keep_private()
        typer.echo(merge_line(asyncio.run(part_two(settings, config.parent.resolve(), merge_id, by or log_in_name()))))


@customers_app.command("merges")
def merges(
    config: ConfigOption = DEFAULT_CONFIG,
    undone: Annotated[bool, typer.Option("--undone", help="Those too that were undone.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many, the newest first.")] = 50,
) -> None:
    """List who was made one with whom, by whom and when."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.customer_merges import list_merges, merge_line

        keep_private()
        found = asyncio.run(list_merges(settings, config.parent.resolve(), most, undone=undone))
        for one in found:
            typer.echo(merge_line(one))
        if not found:
            typer.echo("nobody was made one with anybody")


class QualityForm(StrEnum):
    """What the to-do list is written as."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@customers_app.command("quality")
def quality(
    config: ConfigOption = DEFAULT_CONFIG,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this one: book, or a file's name; give it for each.")
    ] = None,
    form: Annotated[QualityForm | None, typer.Option("--format", "-f", help="By the file's name if left out.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write it to this file.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Lines of each kind in the table.")] = 20,
) -> None:
    """Look for unusable numbers and e-mails, shared numbers and customers who are there twice: a to-do list."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.customer_quality import look_over_all, quality_form, quality_table
        from offhook.quality_list import write_quality

        keep_private()
        chosen = quality_form(form, out)
        report = asyncio.run(look_over_all(settings, config.parent.resolve(), source or ()))
        if chosen == "table":
            from offhook.terminal import wide_console

            wide_console().print(*quality_table(report, most), sep="\n")
            return
        data = write_quality(report, chosen)
        if out is None:
            sys.stdout.buffer.write(data)
        else:
            out.write_bytes(data)
            typer.echo(f"{out}: {len(report.tasks)} tasks, {len(data)} bytes")
