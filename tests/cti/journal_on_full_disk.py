"""A program whose files may not grow for a while: the disk is full, as far as it can tell. Prints what it saw."""

from __future__ import annotations

import resource
import sys
from itertools import islice
from pathlib import Path

import msgspec

from cti.journal import JournalSettings
from cti.journal_writer import JournalLoss, JournalWriter
from tests.cti.journaled import made_up, until

SETTINGS = JournalSettings(max_waiting_mib=1, compress=False)


class Seen(msgspec.Struct):
    """``waited`` tells whether a full disk alone lost nothing; ``failing`` is the cause it gave."""

    waited: bool
    failing: str | None
    losses: list[JournalLoss]
    reads_lost: int
    bytes_lost: int
    failing_afterwards: str | None
    fits: int
    too_many: int
    later: int


def main(folder: Path, seed: int, *, ends_full: bool) -> None:
    losses: list[JournalLoss] = []
    writer = JournalWriter(folder, "hq", "asterisk", SETTINGS, lost=losses.append)
    reads = made_up(seed, largest=4_000)

    def append(count: int) -> int:
        for at, data in islice(reads, count):
            writer.append(data, at)
        return count

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    append(50)
    until(lambda: not writer.health().bytes_waiting)
    resource.setrlimit(resource.RLIMIT_FSIZE, (110_000, most))
    fits = 50 + append(300)
    until(lambda: writer.health().failing is not None)
    waited, failing = not writer.health().bytes_lost, writer.health().failing
    too_many = append(500)
    later = 0
    if not ends_full:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        until(lambda: not writer.health().bytes_waiting)
        later = append(50)
    writer.close()
    health = writer.health()
    seen = Seen(waited, failing, losses, health.reads_lost, health.bytes_lost, health.failing, fits, too_many, later)
    sys.stdout.buffer.write(msgspec.json.encode(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), ends_full=sys.argv[3] == "full")
