"""Kills of the program and cuts of its line at random moments, and what the ledger of gaps knows meanwhile."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path

from tests.cti.link_contract import until as until_within
from tests.faults.faulty_line import Cut, FaultyLine
from tests.faults.site_under_fire import Program

BOUND_S = 300.0

until = partial(until_within, bound_s=BOUND_S)


class Storm:
    """Kills and cuts, at random moments."""

    def __init__(self, program: Program, line: FaultyLine, seed: int) -> None:
        self.program, self.line = program, line
        self._chance = random.Random(seed)

    async def kill_until(self, kills: int) -> None:
        """At any moment: while it begins, while it reads what it missed, while all is well."""
        while self.program.kills < kills:
            await self.program.begin()
            if self._chance.random() < 0.7:
                await until(lambda: self.line.up or not self.program.running)
            await asyncio.sleep(self._chance.uniform(0.1, 3.0))  # the moment of the kill
            await self.program.kill()

    async def cut(self) -> None:
        """Each way to be cut in turn, whenever the line is up and has been for a little."""
        while True:
            await until(lambda: self.line.up)
            await asyncio.sleep(self._chance.uniform(0.5, 5.0))  # the moment of the cut
            self.line.cut(list(Cut)[self.line.cuts % len(Cut)])


@asynccontextmanager
async def cut_again_and_again(storm: Storm) -> AsyncIterator[None]:
    cutting = asyncio.create_task(storm.cut())
    try:
        yield
    finally:
        cutting.cancel()
        with suppress(asyncio.CancelledError):
            await cutting


def known_gaps(folder: Path) -> set[str]:
    """The causes in the ledger; none while there is no ledger."""
    if not (folder / "offhook.sqlite").exists():
        return set()
    with closing(sqlite3.connect(folder / "offhook.sqlite", timeout=30.0)) as database, suppress(sqlite3.Error):
        return {cause for (cause,) in database.execute("SELECT cause FROM gaps")}
    return set()
