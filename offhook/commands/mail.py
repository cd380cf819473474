"""``offhook mail``: a report of the settings sent now, to see whether mails arrive."""

from __future__ import annotations

from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, load

app = typer.Typer()


@app.command()
def mail(
    name: Annotated[str, typer.Argument(help="The report's name in [[mail.report]].")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send one of the mailed reports now, whenever it is due: to see whether it arrives."""
    import asyncio

    with complaining():
        settings = load(config)
        from offhook.mailing import mail_now

        recipients = asyncio.run(mail_now(settings, config.parent.resolve(), name))
        typer.echo(f"{name}: the mail server took it for {recipients} recipients")
