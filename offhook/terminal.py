"""What may be shown on a terminal: nothing that a PBX, a CRM or a file wrote moves the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 150  # of a table that goes to a file: a cut id is of no use


def printable(text: str) -> str:
    """The text on one line, with ``?`` for what is no visible character.

    >>> printable("Anna\\x1b[2J\\nRossi")
    'Anna?[2J?Rossi'
    """
    return "".join(mark if mark.isprintable() else "?" for mark in text)


def wide_console() -> Console:
    """The terminal, wide enough for a table."""
    from rich.console import Console

    console = Console()
    console.width = max(console.width, WIDTH)
    return console
