"""``offhook outbox``: what CRMs and webhooks have yet to be told, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from rich.table import Table

from crm_bridge.outbox import Backlog, Outbox, Row, State
from offhook.open_store import open_store
from offhook.settings import Settings
from offhook.terminal import printable

_Answer = TypeVar("_Answer")


async def with_outbox(settings: Settings, folder: Path, work: Callable[[Outbox], Awaitable[_Answer]]) -> _Answer:
    """What ``work`` gives for the outbox in the settings' store.

    Raises:
        OffhookError: the store cannot be used.
    """
    async with open_store(settings, folder) as engine:
        return await work(Outbox(engine))


def backlog_table(backlog: Sequence[Backlog], now: datetime) -> Table:
    """How much of each target is in each state, and how old the oldest is."""
    table = Table("target", "state", "calls", "oldest", box=None)
    for one in backlog:
        age = age_text((now - one.oldest_at).total_seconds()) if one.state in (State.WAITING, State.DEAD) else ""
        table.add_row(printable(one.target), one.state.value, f"{one.count:,}", age)
    return table


def rows_table(rows: Sequence[Row], now: datetime) -> Table:
    """Row by row: its id for ``retry`` and ``drop``, its call, how often it was tried, why it did not arrive."""
    table = Table("id", "target", "call", "waits for", "tried", "why", box=None)
    for row in rows:
        age = age_text((now - row.waiting_since).total_seconds())
        why = printable(row.last_error or "")
        table.add_row(str(row.id), printable(row.target), printable(row.key), age, str(row.attempts), why)
    return table


def age_text(seconds: float) -> str:
    """A time in its two largest units.

    >>> age_text(42), age_text(3720), age_text(200_000)
    ('42 s', '1 h 2 min', '2 d 7 h')
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    units = (("d", whole // 86_400), ("h", whole // 3_600 % 24), ("min", whole // 60 % 60))
    shown = [f"{count} {unit}" for unit, count in units]
    first = next(n for n, (_, count) in enumerate(units) if count)
    return " ".join(shown[first : first + 2])
