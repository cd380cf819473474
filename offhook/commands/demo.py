"""``offhook demo``: all of it on a simulated PBX."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from offhook.command_line import complaining

app = typer.Typer()


class Simulated(StrEnum):
    """What the demo's PBX is."""

    ASTERISK = "asterisk"
    FREESWITCH = "freeswitch"


@app.command()
def demo(
    pbx: Annotated[Simulated, typer.Option("--pbx", help="Which PBX is simulated.")] = Simulated.ASTERISK,
    listen: Annotated[str, typer.Option("--listen", help="Address and port to serve the pages on.")] = "127.0.0.1:8088",
    seconds: Annotated[float | None, typer.Option("--seconds", min=0, help="Stop by itself after so long.")] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=50, help="How much faster than life it goes.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same callers and calls.")] = 1,
    keep: Annotated[Path | None, typer.Option("--keep", help="Keep the demo's files in this empty folder.")] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="Try the CRMs and webhooks of this offhook.toml with it.")
    ] = None,
) -> None:
    """Try Offhook with a simulated PBX, its customers and a month of history. Ctrl-C stops it."""
    with complaining():
        from offhook.demo import run_demo

        run_demo(listen, pbx=pbx.value, seconds=seconds, speed=speed, seed=seed, keep=keep, settings=settings)
