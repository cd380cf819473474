"""``offhook person``: what is kept about one person, given out or erased."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load

if TYPE_CHECKING:
    from offhook.privacy.erasing import Erased
    from offhook.privacy.kept import Kept
    from offhook.settings import Settings

app = typer.Typer()
person_app = typer.Typer(help="What is kept about one person: given out, or erased.", no_args_is_help=True)
app.add_typer(person_app, name="person")


@person_app.command("export")
def export(
    number: Annotated[str, typer.Argument(help="The person's public number, in any form.")],
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder to make, with person.json and person.html in it.")
    ] = None,
) -> None:
    """Give out all that is kept about the person with this number. Left to itself it prints JSON."""
    import asyncio
    from datetime import UTC, datetime

    with complaining():
        settings = load(config)
        from offhook.privacy.export import export_json, write_export

        keep_private()
        kept = asyncio.run(_fetch(settings, config.parent.resolve(), number, ()))
        at = datetime.now(UTC)
        if out is None:
            typer.echo(export_json(kept, at).decode(), nl=False)
        else:
            for path in write_export(kept, out, at):
                typer.echo(f"{path}: {path.stat().st_size:,} bytes")
        for place in kept.places():
            typer.echo(f"{place.found:>6}  {place.name}", err=True)


@person_app.command("erase")
def erase(
    number: Annotated[str | None, typer.Argument(help="The person's public number, in any form.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    customer: Annotated[
        list[int] | None, typer.Option("--customer", help="Which customer, where several have the number.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Erase whoever was erased before and is back; no number is given.")
    ] = False,
) -> None:
    """Erase all that is kept about the person with this number. Shows what that is, and asks."""
    if again == (number is not None):
        raise typer.BadParameter("give a number, or --again")
    import asyncio

    with complaining():
        settings = load(config)
        keep_private()
        folder, chosen = config.parent.resolve(), customer or []
        if number is None:
            _tell(*asyncio.run(_erase_again(settings, folder)))
            return
        kept = asyncio.run(_fetch(settings, folder, number, chosen))
        _show(kept)
        from offhook.privacy.erasing import check_choice

        check_choice(kept, chosen)
        if kept.is_empty:
            return
        if not yes:
            typer.confirm("Erase all of this? It cannot be undone", abort=True)
        _tell(asyncio.run(_erase(settings, folder, kept)))


def _show(kept: Kept) -> None:
    from offhook.privacy.erasing import kept_lines
    from offhook.terminal import printable

    for line in kept_lines(kept):
        typer.echo(printable(line))


def _tell(*erased: Erased) -> None:
    from offhook.privacy.erasing import erased_lines
    from offhook.terminal import printable

    if not erased:
        typer.echo("nobody who was erased is back")
    for one in erased:
        for line in erased_lines(one):
            typer.echo(printable(line))


async def _fetch(settings: Settings, folder: Path, text: str, only: list[int] | tuple[()]) -> Kept:
    from offhook.privacy.kept import fetch_kept, find_number
    from offhook.run import open_store

    number = find_number(text, settings.crm)
    async with open_store(settings, folder) as engine:
        return await fetch_kept(settings, folder, engine, number, only)


async def _erase(settings: Settings, folder: Path, kept: Kept) -> Erased:
    from offhook.privacy.erasing import erase as erase_kept
    from offhook.run import open_store

    async with open_store(settings, folder) as engine:
        return await erase_kept(settings, folder, engine, kept)


async def _erase_again(settings: Settings, folder: Path) -> list[Erased]:
    from offhook.privacy.erasing import erase_again
    from offhook.run import open_store

    async with open_store(settings, folder) as engine:
        return await erase_again(settings, folder, engine, lambda line: typer.echo(line, err=True))
