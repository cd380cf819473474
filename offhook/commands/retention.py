"""``offhook retention``: what is old let go of, or only counted."""

from __future__ import annotations

from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, load

app = typer.Typer()


@app.command()
def retention(
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how much would go.")] = False,
) -> None:
    """Let go of what is older than [retention] says; `offhook run` does so once an hour."""
    import asyncio
    from datetime import UTC, datetime

    with complaining():
        settings = load(config)
        from offhook.privacy.retention import count_old, let_go, retention_lines
        from offhook.run import open_store

        now = datetime.now(UTC)

        async def work() -> dict[str, int]:
            async with open_store(settings, config.parent.resolve()) as engine:
                return await (count_old if dry_run else let_go)(engine, settings.retention, now)

        for line in retention_lines(settings.retention, asyncio.run(work()), now, dry=dry_run):
            typer.echo(line)
