"""How long a look at the quality of a book takes, by its size: a list twice as long must not take four times as long.

    .venv/bin/python bench/quality.py [--customers 100000 200000 1000000]

Makes books of so many customers in SQLite files, one in fifty of them twice with a slip in the name, one number of a
thousand customers, and looks them through. Printed for each size: seconds, customers per second, the duplicates told of
those that were made, the memory that the process has taken in all, and the seconds per customer as a ratio to those of
the first size.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crm_bridge.quality.book_records import BookRecords
from crm_bridge.quality.look import Look
from crm_bridge.quality.task import TaskKind
from crm_bridge.schema import customer_numbers, customers, metadata
from offhook.simulator.people import LAST_NAMES

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TWICE = 50  # one in so many is there twice
CROWD = 1_000  # customers who share one number
BATCH = 20_000
SYLLABLES = ("an", "be", "ca", "do", "el", "fi", "go", "ha", "il", "ju", "ka", "lo", "mi", "no", "ot", "pe", "ro", "su")


class Outcome(NamedTuple):
    """What one size gave; ``told`` of ``made`` duplicates were found."""

    customers: int
    took_s: float
    told: int
    made: int
    memory_mb: int


def people(count: int) -> Iterator[tuple[str, str]]:
    """Name and mobile number of ``count`` customers, the twice ones included."""
    dice = random.Random(6)
    last: tuple[str, str] | None = None
    for n in range(count):
        if last is not None and n % TWICE == 0:
            name, number = last
            yield name[:-1], number
            last = None
            continue
        name = "".join(dice.choices(SYLLABLES, k=3)).title() + " " + dice.choice(LAST_NAMES)
        last = name, ("+390221000100" if n < CROWD else f"+39335{n:07}")
        yield last


async def fill(engine: AsyncEngine, count: int) -> None:
    """A book of so many."""
    rows: list[dict[str, object]] = []
    numbers: list[dict[str, object]] = []
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for n, (name, number) in enumerate(people(count), 1):
            rows.append({"id": n, "identity_key": f"id:{n}", "name": name, "updated_at": NOW, "external_id": str(n)})
            numbers.append({"customer_id": n, "position": 0, "written": number, "match_key": number})
            if len(rows) >= BATCH or n == count:
                await connection.execute(insert(customers), rows)
                await connection.execute(insert(customer_numbers), numbers)
                rows, numbers = [], []


async def measure(count: int, folder: Path) -> Outcome:
    """One look at a book of so many."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / f'{count}.sqlite'}")
    await fill(engine, count)
    began = time.monotonic()
    report = await Look(BookRecords(engine), "IT").report()
    took_s = time.monotonic() - began
    await engine.dispose()
    made = (count - 1) // TWICE
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Outcome(count, took_s, report.counts[TaskKind.DUPLICATE], made, memory_mb)


def main() -> None:
    """Measure each size and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[50_000, 100_000, 200_000])
    sizes = parser.parse_args().customers
    print(f"{'customers':>10} {'seconds':>8} {'per s':>8} {'told / made':>16} {'MB':>6} {'per customer':>13}")
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            one = asyncio.run(measure(size, Path(folder)))
            first = first or one
            ratio = (one.took_s / one.customers) / (first.took_s / first.customers)
            told = f"{one.told:,} / {one.made:,}"
            speed = f"{one.took_s:>8.1f} {size / one.took_s:>8,.0f}"
            print(f"{size:>10,} {speed} {told:>16} {one.memory_mb:>6} x{ratio:>12.2f}")


if __name__ == "__main__":
    main()
