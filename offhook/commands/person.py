"""``offhook person``: what is kept about one person, given out or erased."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load

if TYPE_CHECKING:
    from offhook.privacy.erasing import Erased
    from offhook.privacy.whole_person import WholePerson
    from offhook.settings import Settings

app = typer.Typer()
person_app = typer.Typer(help="What is kept about one person: given out, or erased.", no_args_is_help=True)
app.add_typer(person_app, name="person")

CustomerOption = Annotated[
    list[int] | None, typer.Option("--customer", help="Which customer, where several have the number.")
]
AllNumbersOption = Annotated[
    bool, typer.Option("--all-numbers", help="Besides, by all other numbers that the book has of the customer.")
]
SharedTooOption = Annotated[
    bool, typer.Option("--shared-too", help="Of his other numbers those, too, that another customer has as well.")
]


class _Asked(NamedTuple):
    """Who is meant: a number, the customers with it, and whether by their other numbers too."""

    number: str
    customers: list[int]
    all_numbers: bool
    shared_too: bool


@person_app.command("export")
def export(
    number: Annotated[str, typer.Argument(help="The person's public number, in any form.")],
    config: ConfigOption = DEFAULT_CONFIG,
    customer: CustomerOption = None,
    all_numbers: AllNumbersOption = False,
    shared_too: SharedTooOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder to make, with person.json and person.html in it.")
    ] = None,
) -> None:
    """Give out all that is kept about the person with this number. Left to itself it prints JSON."""
    import asyncio
    from datetime import UTC, datetime

    asked = _asked(number, customer, all_numbers, shared_too)
    with complaining():
        settings = load(config)
        from offhook.privacy.export import export_json, write_export

        keep_private()
        person = asyncio.run(_fetch(settings, config.parent.resolve(), asked))
        at = datetime.now(UTC)
        if out is None:
            typer.echo(export_json(person, at).decode(), nl=False)
        else:
            for path in write_export(person, out, at):
                typer.echo(f"{path}: {path.stat().st_size:,} bytes")
        _tell_places(person)


@person_app.command("erase")
def erase(
    number: Annotated[str | None, typer.Argument(help="The person's public number, in any form.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    customer: CustomerOption = None,
    all_numbers: AllNumbersOption = False,
    shared_too: SharedTooOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Erase whoever was erased before and is back; no number is given.")
    ] = False,
) -> None:
    """Erase all that is kept about the person with this number. Shows what that is, and asks."""
    if again == (number is not None):
        raise typer.BadParameter("give a number, or --again")
    import asyncio

    asked = None if number is None else _asked(number, customer, all_numbers, shared_too)
    with complaining():
        settings = load(config)
        keep_private()
        folder = config.parent.resolve()
        if asked is None:
            _tell(*asyncio.run(_erase_again(settings, folder)))
            return
        person = asyncio.run(_fetch(settings, folder, asked))
        _show(person)
        from offhook.privacy.erasing import check_choice

        check_choice(person.main, asked.customers)
        if person.is_empty:
            return
        if not yes:
            typer.confirm("Erase all of this? It cannot be undone", abort=True)
        _tell(*asyncio.run(_erase(settings, folder, person)))


def _asked(number: str, customers: list[int] | None, all_numbers: bool, shared_too: bool) -> _Asked:
    if shared_too and not all_numbers:
        raise typer.BadParameter("--shared-too goes with --all-numbers")
    return _Asked(number, customers or [], all_numbers, shared_too)


def _show(person: WholePerson) -> None:
    from offhook.privacy.whole_person import whole_lines
    from offhook.terminal import printable

    for line in whole_lines(person):
        typer.echo(printable(line))


def _tell_places(person: WholePerson) -> None:
    from offhook.privacy.whole_person import left_lines
    from offhook.terminal import printable

    for kept in (person.main, *person.others):
        typer.echo(f"about {kept.number.key}:", err=True)
        for place in kept.places():
            typer.echo(f"{place.found:>6}  {place.name}", err=True)
    for line in left_lines(person):
        typer.echo(printable(line), err=True)


def _tell(*erased: Erased) -> None:
    from offhook.privacy.erasing import erased_lines
    from offhook.terminal import printable

    if not erased:
        typer.echo("nobody who was erased is back")
    for one in erased:
        for line in erased_lines(one):
            typer.echo(printable(line))


async def _fetch(settings: Settings, folder: Path, asked: _Asked) -> WholePerson:
    from offhook.privacy.kept import fetch_kept, find_number
    from offhook.privacy.whole_person import WholePerson, fetch_whole
    from offhook.run import open_store

    number, only = find_number(asked.number, settings.crm), asked.customers
    async with open_store(settings, folder) as engine:
        if asked.all_numbers:
            return await fetch_whole(settings, folder, engine, number, only, shared_too=asked.shared_too)
        return WholePerson(main=await fetch_kept(settings, folder, engine, number, only))


async def _erase(settings: Settings, folder: Path, person: WholePerson) -> list[Erased]:
    from offhook.privacy.whole_person import erase_whole
    from offhook.run import open_store

    async with open_store(settings, folder) as engine:
        return await erase_whole(settings, folder, engine, person)


async def _erase_again(settings: Settings, folder: Path) -> list[Erased]:
    from offhook.privacy.erasing_again import erase_again
    from offhook.run import open_store

    async with open_store(settings, folder) as engine:
        return await erase_again(settings, folder, engine, lambda line: typer.echo(line, err=True))
