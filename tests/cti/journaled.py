"""A journal as the tests fill it: recordings with instants of their own, and streams that can be told again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cti.journal import JournalSettings
from cti.journal_writer import JournalWriter
from cti.recording import Recording

RECORDINGS = Path(__file__).parents[1] / "recordings"
START = datetime(2026, 11, 21, 9, 0, 0, 123457, tzinfo=UTC)
SETTINGS = JournalSettings(sync_s=0, compress=False)

Reads = list[tuple[datetime, bytes]]


def recorded(name: str, start: datetime = START) -> Reads:
    """The reads of a recording such as ``asterisk-22/S01``, as if it had begun at ``start``."""
    return [(start + timedelta(seconds=t), data) for t, data in Recording(RECORDINGS / name).reads()]


def made_up(seed: int, largest: int = 60_000) -> Iterator[tuple[datetime, bytes]]:
    """An endless stream of reads, of any bytes at all; the same for the same seed."""
    chance = random.Random(seed)
    at = START
    while True:
        at += timedelta(microseconds=chance.randint(0, 2_000_000))
        yield at, chance.randbytes(chance.randint(1, largest))


def fill(
    folder: Path, *connections: Reads, pbx: str = "hq", settings: JournalSettings = SETTINGS, kind: str = "asterisk"
) -> list[str]:
    """Write the reads of each connection into the journal; the names of the sessions."""
    writer = JournalWriter(folder, pbx, kind, settings)
    names = []
    for reads in connections:
        names.append(writer.new_session())
        for at, data in reads:
            writer.append(data, at)
    writer.close()
    return names


def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    """Return when ``condition`` holds."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.005)
