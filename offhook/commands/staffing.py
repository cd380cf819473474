"""``offhook staffing``: how many agents are needed when."""

from __future__ import annotations

from typing import Annotated

import typer

from offhook.command_line import DEFAULT_CONFIG, ConfigOption, complaining, load

app = typer.Typer()


@app.command()
def staffing(
    config: ConfigOption = DEFAULT_CONFIG,
    queue: Annotated[str | None, typer.Option("--queue", help="Of this queue; of all together if left out.")] = None,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Of this PBX; of all together if left out.")] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="A day or a week: 2026-11-24, 2026-W48. Next Monday.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="So many days.")] = 7,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=104, help="From so many weeks of the past.")] = 8,
    target: Annotated[str, typer.Option("--target", help="Per cent of the calls within so many seconds.")] = "80/20",
    shrinkage: Annotated[
        float, typer.Option("--shrinkage", min=0, max=95, help="Per cent of paid time away from the phone.")
    ] = 0.0,
    max_occupancy: Annotated[
        float, typer.Option("--max-occupancy", min=1, max=100, help="Per cent of the time calls may take at most.")
    ] = 100.0,
    as_csv: Annotated[bool, typer.Option("--csv", help="Every half-hour with its numbers, for a spreadsheet.")] = False,
) -> None:
    """Tell how many agents are needed per half-hour, from the calls of the same weekdays (Erlang C)."""
    import asyncio
    from datetime import datetime

    with complaining():
        settings = load(config)
        from kpi.staffing import StaffingQuestion
        from offhook.staffing import fetch_plan, first_day_of, plan_csv, plan_table, summary, target_of
        from offhook.terminal import wide_console

        zone = settings.kpi.zone
        question = StaffingQuestion(
            first_day=first_day_of(begin, datetime.now(zone).date()),
            days=days,
            zone=zone,
            queue=queue,
            pbx=pbx,
            weeks=weeks,
            target=target_of(target, shrinkage=shrinkage, max_occupancy=max_occupancy),
            closed=settings.kpi.holidays_of(queue),
        )
        needs = asyncio.run(fetch_plan(settings, config.parent.resolve(), question))
        if as_csv:
            typer.echo(plan_csv(needs), nl=False)
        else:
            wide_console().print(plan_table(needs), summary(question, needs))
