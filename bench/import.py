"""How fast a site's history is imported: lines of queue_log a second, beside a bare loop that splits them.

``python bench/import.py [--calls N] [--seed S]`` makes a queue_log, imports it into a new SQLite store, and prints both
and their ratio. Three rounds each, by turns; the middle one counts.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.importing import HistoryImport
from kpi.importers.log_file import LogFile
from kpi.importers.queue_log import parse_queue_line
from kpi.schema import metadata
from kpi.store import Store
from offhook.database import make_engine

ROUNDS = 3
FIRST = 1_700_000_000


def made_up_lines(calls: int, seed: int) -> Iterator[str]:
    """A queue_log of so many calls: one in eight abandons, one in three rings somebody in vain first."""
    chance, lines = random.Random(seed), []
    for n in range(calls):
        at, callid, agent = FIRST + n * 7, f"{FIRST + n * 7}.{n}", f"SIP/{101 + chance.randrange(20)}"
        lines.append((at, f"{callid}|support|NONE|ENTERQUEUE||+39333{n:07}|1"))
        if chance.random() < 0.33:
            lines.append((at + 5, f"{callid}|support|SIP/{101 + chance.randrange(20)}|RINGNOANSWER|5000"))
        if chance.random() < 0.125:
            lines.append((at + 9, f"{callid}|support|NONE|ABANDON|1|1|9"))
            continue
        talk = chance.randrange(10, 300)
        lines.append((at + 8, f"{callid}|support|{agent}|CONNECT|8|{callid}1|3"))
        lines.append((at + 8 + talk, f"{callid}|support|{agent}|COMPLETECALLER|8|{talk}|1"))
    return (f"{at}|{text}\n" for at, text in sorted(lines))


def split_all(path: Path) -> float:
    """Lines a second of the bare loop."""
    begin, count = time.perf_counter(), 0
    with path.open("rb") as file:
        for line in file:
            line.decode().rstrip("\n").split("|")
            count += 1
    return count / (time.perf_counter() - begin)


async def import_all(path: Path, folder: Path) -> tuple[float, int]:
    """Lines a second of the import, and how many calls it stored."""
    engine = make_engine(f"sqlite:///{folder / 'offhook.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    begin = time.perf_counter()
    log = LogFile("queue_log", path, parse_queue_line)
    done = await HistoryImport(Store(engine), "bench", [log], AsteriskLogs("bench"), name="bench").run()
    seconds = time.perf_counter() - begin
    await engine.dispose()
    return done.lines / seconds, done.calls


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "queue_log"
        path.write_text("".join(made_up_lines(options.calls, options.seed)))
        bare, full = [], []
        for number in range(ROUNDS):
            bare.append(split_all(path))
            folder = Path(place) / str(number)
            folder.mkdir()
            rate, calls = asyncio.run(import_all(path, folder))
            assert calls == options.calls, f"{calls} of {options.calls} calls stored"
            full.append(rate)
    one, other = statistics.median(bare), statistics.median(full)
    print(f"bare split   {one:12,.0f} lines/s")
    print(f"import       {other:12,.0f} lines/s, {options.calls:,} calls with all their parts and tallies, on SQLite")
    print(f"ratio        {other / one:12.4f}")


if __name__ == "__main__":
    main()
