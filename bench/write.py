"""How fast calls are stored: calls a second with parts and tallies, beside a bare ``executemany`` of the same rows.

``python bench/write.py [--calls N] [--batch N] [--queues N] [--agents N] [--rounds N] [--seed S]`` makes a contact
centre's calls, writes them through the store into a new SQLite file, a batch a transaction as the recorder does, then
the rows that came of it (each tally once, as it is at last) through ``sqlite3`` alone into another, as many calls a
transaction. By turns; the middle round counts. At last the same calls once more, which changes nothing. Beside the
clock's seconds stand the CPU's: on a busy machine only those tell.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from cti.model import (
    Call,
    CallOutcome,
    Direction,
    EndedBy,
    Leg,
    LegRole,
    Origin,
    Party,
    Ring,
    RingResult,
    Stay,
    StayOutcome,
    Talk,
)
from kpi.batch import Batch, Mark
from kpi.recorder import BATCH_ENTRIES
from kpi.schema import metadata
from kpi.store import Store
from offhook.database import make_engine

FIRST = datetime(2026, 3, 2, 8, tzinfo=UTC)
CALLS_A_SECOND = 4  #: that come in
BARE, STORE, AGAIN = "bare executemany", "store, with parts and tallies", "store, known calls once more"
TEAM = 15  #: agents of a queue; some are in the next queue too
TABLES = ("calls", "stays", "rings", "talks", "legs", "tallies")
PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")


def made_up_calls(count: int, queues: int, agents: int, seed: int) -> list[Call]:
    """Inbound calls: each waits in a queue, one in three rings somebody in vain first, one in eight gives up."""
    chance = random.Random(seed)
    teams = [[str(101 + (queue * agents // queues + n) % agents) for n in range(TEAM)] for queue in range(queues)]
    return [_call(chance, n, f"queue-{n % queues + 1}", teams[n % queues]) for n in range(count)]


def _call(chance: random.Random, n: int, queue: str, team: Sequence[str]) -> Call:
    agent, number = chance.choice(team), f"+39333{n:07}"
    at = FIRST + timedelta(seconds=n / CALLS_A_SECOND)
    answered = at + timedelta(seconds=chance.uniform(1, 40))
    end = answered + timedelta(seconds=chance.uniform(10, 300))
    call_id, gave_up = f"{1_772_438_400 + n}.{n}", chance.random() < 0.125
    left = StayOutcome.ABANDONED if gave_up else StayOutcome.ANSWERED
    result = RingResult.CANCELLED if gave_up else RingResult.ANSWERED
    last = Ring(agent=agent, queue=queue, started_at=at, ended_at=answered, result=result)
    agents_leg = _leg(f"{call_id}.2", f"PJSIP/{agent}-{n:08x}", LegRole.AGENT, agent, answered, end)
    return Call(
        pbx="bench",
        call_id=call_id,
        direction=Direction.INBOUND,
        caller=Party(number, "Anna Rossi"),
        dialled="+390221000100",
        offered_at=at,
        origin=Origin("bench", "s1", n * 4_000, "Hangup"),
        queue=queue,
        queued_at=at,
        answered_at=None if gave_up else answered,
        ended_at=answered if gave_up else end,
        outcome=CallOutcome.ABANDONED if gave_up else CallOutcome.ANSWERED,
        ended_by=EndedBy.CUSTOMER,
        stays=(Stay(queue=queue, joined_at=at, left_at=answered, outcome=left, agent=None if gave_up else agent),),
        rings=_rings(chance.choice(team), last, vain=chance.random() < 1 / 3),
        talks=() if gave_up else (Talk(agent=agent, started_at=answered, ended_at=end, queue=queue),),
        legs=(
            _leg(call_id, f"PJSIP/trunk-{n:08x}", LegRole.CUSTOMER, number, at, end),
            *(() if gave_up else (agents_leg,)),
        ),
    )


def _rings(other: str, last: Ring, *, vain: bool) -> tuple[Ring, ...]:
    return (msgspec.structs.replace(last, agent=other, result=RingResult.MISSED), last) if vain else (last,)


def _leg(leg_id: str, channel: str, role: LegRole, number: str, at: datetime, end: datetime) -> Leg:
    return Leg(
        leg_id=leg_id, channel=channel, role=role, number=number, started_at=at, answered_at=at, ended_at=end, cause=16
    )


class Rate(NamedTuple):
    """Calls a second by the clock, and a second of the CPU."""

    clock: float
    cpu: float


@contextmanager
def timed(calls: int) -> Iterator[list[Rate]]:
    """One rate, when it is over."""
    rates: list[Rate] = []
    began, began_cpu = time.perf_counter(), time.process_time()
    yield rates
    rates.append(Rate(calls / (time.perf_counter() - began), calls / (time.process_time() - began_cpu)))


def middle(rates: Sequence[Rate]) -> Rate:
    return Rate(*(statistics.median(some) for some in zip(*rates, strict=True)))


async def store_all(calls: Sequence[Call], batch: int, path: Path) -> list[Rate]:
    """The store's rates, the first time and the second."""
    engine = make_engine(f"sqlite:///{path}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    store = Store(engine, e164=lambda number: number)
    rates = [await _store_once(store, calls, batch) for _ in range(2)]
    await engine.dispose()
    return rates


async def _store_once(store: Store, calls: Sequence[Call], batch: int) -> Rate:
    with timed(len(calls)) as rates:
        for start in range(0, len(calls), batch):
            some = tuple(calls[start : start + batch])
            mark = Mark(pbx="bench", session="s1", byte_offset=some[-1].origin.offset, seen_at=some[-1].ended_at)
            await store.store(Batch(calls=some, marks=(mark,)))
    return rates[0]


def insert_all(made: Path, path: Path, calls: Sequence[Call], batch: int) -> Rate:
    """The rate of ``executemany`` alone: the rows of ``made`` into the same tables elsewhere."""
    source, target = sqlite3.connect(made), sqlite3.connect(path)
    schema = [sql for (sql,) in source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")]
    parts = _in_batches(source, {call.call_id: n // batch for n, call in enumerate(calls)})
    source.close()
    for statement in (*(f"PRAGMA {pragma}" for pragma in PRAGMAS), *schema):
        target.execute(statement)
    with timed(len(calls)) as rates:
        for part in parts:
            for table, some in part.items():
                target.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(some[0]))})", some)
            target.commit()
    target.close()
    return rates[0]


def _in_batches(source: sqlite3.Connection, batch_of: dict[str, int]) -> list[dict[str, list[tuple[object, ...]]]]:
    """The rows of each batch by table; the tallies are spread evenly."""
    parts: list[dict[str, list[tuple[object, ...]]]] = [{} for _ in range(max(batch_of.values()) + 1)]
    for table in TABLES:
        for n, row in enumerate(source.execute(f"SELECT * FROM {table}")):
            part = n % len(parts) if table == "tallies" else batch_of[row[1]]
            parts[part].setdefault(table, []).append(row)
    return parts


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=BATCH_ENTRIES, help="calls a transaction")
    parser.add_argument("--queues", type=int, default=20)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    calls = made_up_calls(options.calls, options.queues, options.agents, options.seed)
    gc.freeze()  # else the calls that are still to come are looked through again and again
    rates: dict[str, list[Rate]] = {BARE: [], STORE: [], AGAIN: []}
    with tempfile.TemporaryDirectory() as place:
        for number in range(options.rounds):
            made = Path(place) / f"{number}.sqlite"
            first, second = asyncio.run(store_all(calls, options.batch, made))
            bare = insert_all(made, Path(place) / f"{number}-bare.sqlite", calls, options.batch)
            for name, rate in ((STORE, first), (AGAIN, second), (BARE, bare)):
                rates[name].append(rate)
    print(f"{options.calls:,} calls, batches of {options.batch}, {options.queues} queues, {options.agents} agents")
    for name, of_rounds in rates.items():
        print(f"{name:32}{middle(of_rounds).clock:9,.0f} calls/s {middle(of_rounds).cpu:9,.0f} calls/CPU-s")
    one, other = middle(rates[BARE]), middle(rates[STORE])
    print(f"{'ratio':32}{other.clock / one.clock:9.4f}         {other.cpu / one.cpu:9.4f}   (goal: 5,000 calls/s)")


if __name__ == "__main__":
    main()
