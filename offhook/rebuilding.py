"""``offhook rebuild --tallies``: the sums of the reports made anew from the stored calls; each difference is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kpi.rebuild import Progress as Told, Rebuilt
from kpi.store import Store
from kpi.tally import TallyKey
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable


async def rebuild_tallies(settings: Settings, folder: Path) -> Rebuilt:
    """Make the tallies of the store of ``settings`` anew and mend them, with a progress bar on stderr.

    Raises:
        OffhookError: the store cannot be used.
    """
    async with open_store(settings, folder) as engine:
        with _progress() as progress:
            return await Store(engine).rebuild_tallies(progress=progress)


def rebuilt_lines(rebuilt: Rebuilt) -> Iterator[str]:
    """What came of it, for the terminal: differences first."""
    for one in rebuilt.differences:
        fields = msgspec.structs.asdict(one.added).items()
        added = ", ".join(f"{name} {value}" for name, value in fields if value)
        yield printable(f"{_place(one.key)}: added {added}")
    if rebuilt.different > len(rebuilt.differences):
        yield f"... and {rebuilt.different - len(rebuilt.differences)} more"
    result = "all of them as they were" if not rebuilt.different else f"{rebuilt.different} of them put right"
    yield f"{rebuilt.calls} calls and {rebuilt.spans} spans of agents read; {rebuilt.rows} tallies, {result}"


def _place(key: TallyKey) -> str:
    names = (f"{name} {value}" for name, value in key._asdict().items() if value and name not in ("span", "starts_at"))
    return f"{key.span} {key.starts_at:%Y-%m-%d %H:%M}, {', '.join(names)}"


@contextmanager
def _progress() -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
