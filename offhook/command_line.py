"""What the commands share: the option for the settings, how an error is shown, and who may read what is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cti.errors import OffhookError

if TYPE_CHECKING:
    from offhook.settings import Settings

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="OFFHOOK_CONFIG", help="The settings file.", show_default=True)
]
DEFAULT_CONFIG = Path("offhook.toml")


@contextmanager
def complaining() -> Iterator[None]:
    """Show an error of ours on stderr in some lines and leave with its exit status; no traceback."""
    try:
        yield
    except OffhookError as error:
        from offhook.complaint import complaint, exit_status

        typer.echo(complaint(error), err=True)
        raise typer.Exit(exit_status(error)) from None


def keep_private() -> None:
    """What is written from now on holds callers and customers: no other user of this machine is to read it."""
    os.umask(os.umask(0) | 0o007)


def load(config: Path) -> Settings:
    """The settings of the file. Raises SettingsError with every problem found."""
    from offhook.settings import load_settings

    return load_settings(config)


def log_in_name() -> str:
    """Who gives the command, by the system's own word; "command line" where it knows none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # OSError from 3.13 on
        return "command line"


def version_text() -> str:
    """The version that is installed, such as ``0.1.0``."""
    from importlib.metadata import PackageNotFoundError, version as installed

    try:
        return installed("offhook")
    except PackageNotFoundError:
        return "from a checkout that is not installed"
