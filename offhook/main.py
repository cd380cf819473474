"""The ``offhook`` command. Each command imports what it needs when it runs, so that ``--help`` is there at once."""

from __future__ import annotations

import importlib
import pkgutil

import typer

from offhook import commands

app = typer.Typer(
    help="Exact calls, screen pops and figures from Asterisk and FreeSWITCH.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _module in sorted(one.name for one in pkgutil.iter_modules(commands.__path__)):
    app.add_typer(importlib.import_module(f"{commands.__name__}.{_module}").app)


if __name__ == "__main__":
    app()
