"""How fast a number is matched in a big book, beside a bare indexed SELECT of the same file.

    .venv/bin/python bench/match.py [--customers 1000000] [--lookups 2000] [--rounds 5]

A book of so many customers is made in a SQLite file, each with one number, one in ten with an order. Numbers of it,
drawn at random, are matched one after the other: by a bare ``SELECT`` of the customer's row by its indexed key through
``sqlite3``, in the same thread; by an empty errand to another thread and back, which is what the machine takes for
itself; and by ``CustomerBook.find``, which brings the whole card from a thread: customer, numbers, fields, orders,
incidents, consents. By turns; of each the round with the best p99 counts, as other programs' work can only add to it.
Printed are p50 and p99 in milliseconds, and their ratios to the bare SELECT.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from crm_bridge.book import CustomerBook
from crm_bridge.number import Number, parse_number
from crm_bridge.schema import metadata
from offhook.database import make_engine

BARE, ERRAND, FIND = "bare SELECT of the row", "errand to a thread", "CustomerBook.find, whole card"
BASE = 3_930_000_000
SELECT = (
    "SELECT c.* FROM customer_numbers n JOIN customers c ON c.id = n.customer_id WHERE n.match_key = ? ORDER BY c.id"
)


class Outcome(NamedTuple):
    """One round, in milliseconds."""

    p50_ms: float
    p99_ms: float


def key_of(customer: int) -> str:
    return f"+39{BASE - 600_000_000 + customer}"


def fill(path: Path, customers: int) -> None:
    """The book's rows, a number each and an order for one in ten."""
    at = "2026-11-21 09:00:00.000000"
    ids = range(1, customers + 1)
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT INTO customers (id, identity_key, name, search_text, updated_at) VALUES (?, ?, ?, ?, ?)",
            ((one, f"id:{one}", f"Customer {one}", f"customer {one}", at) for one in ids),
        )
        database.executemany(
            "INSERT INTO customer_numbers (customer_id, position, written, match_key, tail) VALUES (?, 0, ?, ?, ?)",
            ((one, key_of(one), key_of(one), key_of(one)[-8:]) for one in ids),
        )
        database.executemany(
            "INSERT INTO customer_orders (customer_id, reference, title, is_open) VALUES (?, ?, ?, 1)",
            ((one, f"O-{one}", "Heat pump") for one in ids[::10]),
        )
    database.close()


def measure_bare(path: Path, numbers: Sequence[Number]) -> Outcome:
    database = sqlite3.connect(path)
    taken = []
    for number in numbers:
        began = time.perf_counter()
        rows = database.execute(SELECT, (number.key,)).fetchall()
        taken.append(time.perf_counter() - began)
        assert len(rows) == 1, number
    database.close()
    return outcome_of(taken)


async def measure_errand(numbers: Sequence[Number]) -> Outcome:
    loop, taken = asyncio.get_running_loop(), []
    with ThreadPoolExecutor(1) as thread:
        for number in numbers:
            began = time.perf_counter()
            assert await loop.run_in_executor(thread, id, number)
            taken.append(time.perf_counter() - began)
    return outcome_of(taken)


async def measure_find(book: CustomerBook, numbers: Sequence[Number]) -> Outcome:
    taken = []
    for number in numbers:
        began = time.perf_counter()
        found = await book.find(number)
        taken.append(time.perf_counter() - began)
        assert [one.numbers[0].key for one in found] == [number.key], number
    return outcome_of(taken)


def outcome_of(taken_s: Sequence[float]) -> Outcome:
    cuts = statistics.quantiles(taken_s, n=100)
    return Outcome(cuts[49] * 1000, cuts[98] * 1000)


async def contest(folder: Path, customers: int, lookups: int, rounds: int) -> dict[str, Outcome]:
    engine = make_engine("sqlite:///book.sqlite", beside=folder)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    fill(folder / "book.sqlite", customers)
    book, drawn, best = CustomerBook(engine), random.Random(7), dict[str, Outcome]()
    for _ in range(rounds):
        numbers = [parse_number(key_of(drawn.randint(1, customers)), "IT") for _ in range(lookups)]
        bare, errand = measure_bare(folder / "book.sqlite", numbers), await measure_errand(numbers)
        for name, one in ((BARE, bare), (ERRAND, errand), (FIND, await measure_find(book, numbers))):
            best[name] = min(best.get(name, one), one, key=lambda outcome: outcome.p99_ms)
    await engine.dispose()
    return best


def report(outcomes: dict[str, Outcome], customers: int) -> list[str]:
    """The lines that are printed."""
    base = outcomes[BARE]
    lines = [f"{customers:,} customers", "", f"{'':32}{'p50':>10}{'p99':>10}{'p50 / bare':>12}{'p99 / bare':>12}"]
    for name, one in outcomes.items():
        ratios = f"{one.p50_ms / base.p50_ms:>12.1f}{one.p99_ms / base.p99_ms:>12.1f}"
        lines.append(f"{name:32}{one.p50_ms:>7.3f} ms{one.p99_ms:>7.3f} ms{ratios}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lookups", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = asyncio.run(contest(Path(folder), args.customers, args.lookups, args.rounds))
    print("\n".join(report(outcomes, args.customers)))


if __name__ == "__main__":
    main()
