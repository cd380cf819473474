"""What ``offhook replay`` prints of a recording: JSON lines for programs, a table for people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from offhook.replay import replay, rows
from offhook.terminal import printable

COLUMNS = ("at s", "direction", "caller", "dialled", "queue", "outcome", "answered by", "ended at s", "ended by")

WIDTH = 130  # of a table that goes to a file or a narrow terminal: a cut number is of no use


def print_json(folder: Path, trunks: tuple[str, ...] = ()) -> None:
    """One JSON object a line: calls as they end, then agents' states."""
    for row in rows(replay(folder, trunks)):
        sys.stdout.write(msgspec.json.encode(row).decode() + "\n")


def print_table(folder: Path, trunks: tuple[str, ...] = ()) -> None:
    """The calls of the recording, a line each."""
    table = Table(*COLUMNS, title=Text(str(folder)), title_justify="left", box=SIMPLE)
    for row in rows(replay(folder, trunks)):
        if row["type"] == "call":
            table.add_row(*_cells(row))
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table)


def _cells(row: dict[str, Any]) -> list[Text]:
    """Plain text: nothing a caller sent is read as markup, or moves the cursor."""
    values = (
        row["offered_at"],
        row["direction"],
        row["caller"] or "withheld",
        row["dialled"],
        row["queue"],
        row["outcome"],
        ", ".join(row["answered_by"]),
        row["ended_at"],
        row["ended_by"],
    )
    texts = ("" if value is None else str(value) for value in values)
    return [Text(printable(text)) for text in texts]
