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

COLUMNS = ("at s", "direction", "caller", "dialled", "queue", "outcome", "talked", "ended at s", "ended by")

AS_IT_ROUNDS_S = 1.5
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
        ", ".join(_talked(talk) for talk in row["talks"]),
        row["ended_at"],
        row["ended_by"],
    )
    texts = ("" if value is None else str(value) for value in values)
    return [Text(printable(text)) for text in texts]


def _talked(talk: dict[str, Any]) -> str:
    """Who, and for how long by the bridges; what the queue says where it charges him with something else.

    The queue counts whole seconds, and hold as talk.
    """
    if talk["talk_s"] is None:
        return str(talk["agent"])
    text = f"{talk['agent']} {talk['talk_s']:.0f} s"
    said = talk["queue_talk_s"]
    if said is not None and abs(said - talk["talk_s"] - talk["hold_s"]) >= AS_IT_ROUNDS_S:
        text += f" ({talk['queue']} says {said} s)"
    return text
