"""How long a look at the quality of a book takes, by its size: a list twice as long must not take four times as long.

    .venv/bin/python bench/quality.py [--customers 100000 200000 1000000]

Makes books of so many customers in SQLite files, one in fifty of them twice with a slip in the name, one number of a
thousand customers, every second one with an e-mail address, one in three of a company of twenty, one in a hundred of a
big company that grows with the book. Each book is looked through in a process of its own. Printed for each size:
seconds, customers per second, seconds of processor time, the duplicates told of those that were made, and the most
memory that the process took; last processor time and memory per customer, as ratios to those of the first size.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
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
OF_A_COMPANY = 20
BIG = 100  # one in so many is of the one big company
BATCH = 20_000
SYLLABLES = ("an", "be", "ca", "do", "el", "fi", "go", "ha", "il", "ju", "ka", "lo", "mi", "no", "ot", "pe", "ro", "su")


class Outcome(NamedTuple):
    """What one size gave; ``told`` of ``made`` duplicates were found."""

    customers: int
    took_s: float
    busy_s: float
    told: int
    made: int
    memory_mb: int


class Person(NamedTuple):
    """What the book has of one customer."""

    name: str
    number: str
    email: str | None
    company: str | None


def people(count: int) -> Iterator[Person]:
    """So many customers, the twice ones included."""
    dice = random.Random(6)
    last: Person | None = None
    for n in range(count):
        if last is not None and n % TWICE == 0:
            yield last._replace(name=last.name[:-1])
            last = None
            continue
        name = "".join(dice.choices(SYLLABLES, k=3)).title() + " " + dice.choice(LAST_NAMES)
        number = "+390221000100" if n < CROWD else f"+39335{n:07}"
        last = Person(name, number, f"p{n}@example.org" if n % 2 else None, _company(n))
        yield last


def _company(n: int) -> str | None:
    if n % BIG == 0:
        return "The big one"
    return f"Company {n // (3 * OF_A_COMPANY)}" if n % 3 == 0 else None


async def fill(engine: AsyncEngine, count: int) -> None:
    """A book of so many."""
    rows: list[dict[str, object]] = []
    numbers: list[dict[str, object]] = []
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for n, one in enumerate(people(count), 1):
            own = {"id": n, "identity_key": f"id:{n}", "external_id": str(n), "updated_at": NOW}
            rows.append(own | {"name": one.name, "email": one.email, "company": one.company})
            numbers.append({"customer_id": n, "position": 0, "written": one.number, "match_key": one.number})
            if len(rows) >= BATCH or n == count:
                await connection.execute(insert(customers), rows)
                await connection.execute(insert(customer_numbers), numbers)
                rows, numbers = [], []


async def measure(count: int, folder: Path) -> Outcome:
    """One look at a book of so many."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / f'{count}.sqlite'}")
    await fill(engine, count)
    began, busy = time.monotonic(), time.process_time()
    report = await Look(BookRecords(engine), "IT").report()
    took_s, busy_s = time.monotonic() - began, time.process_time() - busy
    await engine.dispose()
    made = (count - 1) // TWICE
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Outcome(count, took_s, busy_s, report.counts[TaskKind.DUPLICATE], made, memory_mb)


def measured(count: int, folder: Path) -> Outcome:
    """The same in a process of its own, whose memory is nobody else's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (count, folder))


def _measure(count: int, folder: Path) -> Outcome:
    return asyncio.run(measure(count, folder))


def main() -> None:
    """Measure each size and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[50_000, 100_000, 200_000])
    sizes = parser.parse_args().customers
    ratios = f"{'CPU each':>8} {'MB each':>8}"
    print(f"{'customers':>10} {'seconds':>8} {'per s':>8} {'CPU s':>8} {'told / made':>16} {'MB':>6} {ratios}")
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            one = measured(size, Path(folder))
            first = first or one
            more = one.customers / first.customers
            ratios = f"x{one.busy_s / first.busy_s / more:>7.2f} x{one.memory_mb / first.memory_mb / more:>7.2f}"
            told = f"{one.told:,} / {one.made:,}"
            speed = f"{one.took_s:>8.1f} {size / one.took_s:>8,.0f} {one.busy_s:>8.1f}"
            print(f"{size:>10,} {speed} {told:>16} {one.memory_mb:>6} {ratios}", flush=True)


if __name__ == "__main__":
    main()
