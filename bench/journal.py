"""What the journal costs the task that reads: written there, or given to a thread; on a disk that works or stalls.

    .venv/bin/python bench/journal.py [--seconds 5] [--stall 0.7]

Reads of 2,000 bytes come 1,000 times a second. ``--stall`` freezes the file system for so many seconds in the middle:
it needs root, and makes a file system of its own for it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cti.journal import JournalSettings
from cti.journal_files import SessionFiles
from cti.journal_writer import JournalWriter
from cti.recording import SessionInfo

RATE, SIZE = 1000, 2000
MAX_BYTES = 64 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--stall", type=float, default=0.0)
    wanted = parser.parse_args()
    print(f"{'us in the reading task':<28}{'median':>10}{'p99':>10}{'p99.9':>10}{'worst':>12}")
    for name, measure in (("written in that task", in_the_task), ("given to a thread", in_a_thread)):
        with tempfile.TemporaryDirectory() as folder, file_system(Path(folder), wanted.stall) as place:
            freezer = threading.Thread(target=freeze, args=(place, wanted.seconds / 2, wanted.stall))
            if wanted.stall:
                freezer.start()
            costs = measure(place, wanted.seconds)
            if wanted.stall:
                freezer.join()
        print(
            f"{name:<28}"
            + "".join(f"{cost:>{width}.1f}" for cost, width in zip(summary(costs), (10, 10, 10, 12), strict=True))
        )


def in_the_task(place: Path, seconds: float) -> list[float]:
    files = SessionFiles(place / "s", SessionInfo(pbx="x", kind="asterisk", started_at=datetime.now(UTC)), MAX_BYTES)
    offset = 0

    def take(data: bytes, at: datetime) -> None:
        nonlocal offset
        files.write([files.piece(at, offset, data)])
        offset += len(data)

    costs = paced(take, seconds)
    files.close()
    return costs


def in_a_thread(place: Path, seconds: float) -> list[float]:
    writer = JournalWriter(place, "x", "asterisk", JournalSettings(compress=False))
    writer.new_session()
    costs = paced(writer.append, seconds)
    writer.close()
    assert writer.health().bytes_written == len(costs) * SIZE
    return costs


def paced(take: Callable[[bytes, datetime], None], seconds: float) -> list[float]:
    """Seconds that each read took."""
    data, costs = random.Random(1).randbytes(SIZE), []
    started = time.perf_counter()
    for i in range(int(seconds * RATE)):
        time.sleep(max(0.0, started + i / RATE - time.perf_counter()))
        at = datetime.now(UTC)
        before = time.perf_counter()
        take(data, at)
        costs.append(time.perf_counter() - before)
    return costs


def summary(costs: list[float]) -> tuple[float, float, float, float]:
    """Microseconds."""
    cuts = statistics.quantiles(costs, n=1000)
    return statistics.median(costs) * 1e6, cuts[989] * 1e6, cuts[998] * 1e6, max(costs) * 1e6


def freeze(place: Path, after: float, seconds: float) -> None:
    time.sleep(after)
    subprocess.run(["fsfreeze", "-f", place], check=True)
    time.sleep(seconds)
    subprocess.run(["fsfreeze", "-u", place], check=True)


@contextmanager
def file_system(folder: Path, stall: float) -> Iterator[Path]:
    if not stall:
        yield folder
        return
    image, place = folder / "disk", folder / "mounted"
    place.mkdir()
    subprocess.run(["truncate", "-s", "256M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


if __name__ == "__main__":
    main()
