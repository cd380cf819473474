"""``offhook outbox``: what CRMs and webhooks have yet to be told."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, keep_private, load

app = typer.Typer()
outbox_app = typer.Typer(help="What CRMs and webhooks have yet to be told of calls.", no_args_is_help=True)
app.add_typer(outbox_app, name="outbox")

TargetOption = Annotated[
    str | None, typer.Option("--target", help="Only what is for this one: crm:NAME or webhook:NAME.")
]


@outbox_app.command("list")
def list_(
    config: ConfigOption = DEFAULT_CONFIG,
    dead: Annotated[bool, typer.Option("--dead", help="Each dead letter, with why it did not arrive.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Each call that waits, with why not yet.")] = False,
    target: TargetOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many rows, the newest.")] = 100,
) -> None:
    """Tell how much has arrived, waits and was given up, for each target. Status 1: there are dead letters."""
    import asyncio
    from datetime import UTC, datetime

    with complaining():
        settings = load(config)
        from crm_bridge.outbox import Outbox, State
        from offhook.outbox_list import backlog_table, rows_table, with_outbox
        from offhook.terminal import wide_console

        keep_private()
        folder, now, console = config.parent.resolve(), datetime.now(UTC), wide_console()
        states = [state for state, wanted in ((State.DEAD, dead), (State.WAITING, waiting)) if wanted]
        backlog = asyncio.run(with_outbox(settings, folder, Outbox.fetch_backlog))
        backlog = [one for one in backlog if target in (None, one.target)]
        console.print(backlog_table(backlog, now) if backlog else "nothing")
        for state in states:
            fetch = partial(Outbox.fetch, state=state, target=target, limit=limit)
            rows = asyncio.run(with_outbox(settings, folder, fetch))
            console.print(f"\n{state.value}:", rows_table(rows, now) if rows else "none")
        if any(one.state is State.DEAD for one in backlog):
            raise typer.Exit(1)


@outbox_app.command("retry")
def retry(
    row: Annotated[int | None, typer.Argument(metavar="ID", help="Only this one, be it dead or waiting.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    target: TargetOption = None,
) -> None:
    """Have dead letters told again by the running program: all, those of one target, or one by its id."""
    import asyncio
    from datetime import UTC, datetime

    with complaining():
        settings = load(config)
        from crm_bridge.outbox import Outbox
        from offhook.outbox_list import with_outbox

        keep_private()
        work = partial(Outbox.retry, now=datetime.now(UTC), target=target, row_id=row)
        count = asyncio.run(with_outbox(settings, config.parent.resolve(), work))
        typer.echo(f"{count} to be told again" if count else "there is none")


@outbox_app.command("drop")
def drop(
    row: Annotated[int, typer.Argument(metavar="ID", help="Its id, as `offhook outbox list --dead` shows it.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Never tell this one. Status 1: there is none with this id that has not arrived."""
    import asyncio
    from datetime import UTC, datetime

    with complaining():
        settings = load(config)
        from crm_bridge.outbox import Outbox
        from offhook.outbox_list import with_outbox

        keep_private()
        work = partial(Outbox.drop, now=datetime.now(UTC), row_id=row)
        dropped = asyncio.run(with_outbox(settings, config.parent.resolve(), work))
        typer.echo("dropped" if dropped else "there is none that has not arrived")
        if not dropped:
            raise typer.Exit(1)
