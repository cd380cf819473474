"""How fast a year is reported: by queue and hour of the day, beside bare SQL on an hourly rollup and beside DuckDB.

``python bench/kpi.py [--calls N] [--queues N] [--agents N] [--rounds N] [--seed S] [--quarters] [--folder DIR]`` makes
the calls of 365 days (10 million) in DuckDB, and what they add to the tallies in SQLite, with an hourly rollup beside
them in both. Of the tallies only those are made that these reports read, by hour and by the hour of seven days, unless
there is ``--quarters``. ``--folder`` keeps the databases for the next run.

Asked is for the numbers that a report has when nobody says which (offered, answered, abandoned, left otherwise, abandon
rate, service level, speed of answer, longest wait, handle time), of the last 90 days and of all 365, in the local time
of Rome with its changes of the clock. ``report`` is the whole way of ``Store.fetch_report``, a new connection included.
Contestants take turns; the middle of the rounds counts, in milliseconds by the clock and of CPU: on a busy machine only
the latter tells. All must come to the same numbers, or nothing is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from cti.model import Call, CallOutcome, Direction, EndedBy, Origin, Party, Stay, StayOutcome, Talk
from kpi import rows, schema
from kpi.columns import EPOCH
from kpi.levels import WEEK, coarser
from kpi.local_time import offsets
from kpi.many_rows import execute_many, inserting
from kpi.measure import Dimension
from kpi.parameters import SiteParameters
from kpi.question import ReportQuestion
from kpi.report import Report
from kpi.schema import TallySpan
from kpi.store import Store
from kpi.tally import Tally, TallyKey, ever, gather, of_agent, plain
from offhook.database import make_engine

DAYS = 365
PERIODS = (90, DAYS)
FIRST = datetime(2025, 9, 29, 22, tzinfo=UTC)  # midnight in Rome, a Tuesday
LAST = FIRST + timedelta(days=DAYS, hours=0)
ZONE = ZoneInfo("Europe/Rome")
WITHIN_S = 20
_MILLISECOND = timedelta(milliseconds=1)
HOUR_MS, QUARTER_MS = 3_600_000, 900_000
CONTESTANTS = ("report", "SQLite, hourly rollup", "DuckDB, hourly rollup", "DuckDB, raw rows")
Rows = list[tuple[Any, ...]]

# More calls at noon than at night, one in ten gives up; waits and conversations are exponential.
CALLS = """
CREATE TABLE calls AS
WITH chances AS (
    SELECT n, hash(n, {seed}, 0) % {queues} AS queue, hash(n, {seed}, 1) % {of_queue} AS agent,
           list_transform(range(2, 9), lambda k: (hash(n, {seed}, k) % 1000000007) / 1000000007.0) AS u
    FROM range({calls}) numbers(n)
)
SELECT n, 'queue-' || (queue + 1) AS queue, CAST(101 + queue * {of_queue} + agent AS VARCHAR) AS agent,
       {first} + CAST(floor(u[1] * {days}) * 86400000 + floor((u[2] + u[3]) / 2 * 86400000) AS BIGINT) AS offered_ms,
       u[4] >= 0.1 AS answered,
       CAST(1 + floor(-ln(1 - u[5]) * CASE WHEN u[4] >= 0.1 THEN 20000 ELSE 45000 END) AS BIGINT) AS wait_ms,
       CAST(10000 + floor(-ln(1 - u[6]) * 180000) AS BIGINT) AS talk_ms
FROM chances ORDER BY offered_ms
"""
# What began in each hour: waits by when they began, conversations by when they began.
ROLLUP = """
CREATE TABLE rollup AS
SELECT hour_ms, queue, CAST(sum(offered) AS BIGINT) AS offered, CAST(sum(answered) AS BIGINT) AS answered,
       CAST(sum(in_time) AS BIGINT) AS in_time, CAST(sum(answered_ms) AS BIGINT) AS answered_ms,
       max(longest_s) AS longest_s, CAST(sum(talks) AS BIGINT) AS talks, CAST(sum(talk_ms) AS BIGINT) AS talk_ms
FROM ({items}) GROUP BY ALL ORDER BY ALL
"""
ITEMS = """
SELECT offered_ms // 3600000 * 3600000 AS hour_ms, queue, 1 AS offered, CAST(answered AS INT) AS answered,
       CAST(answered AND wait_ms <= {within_s} * 1000 AS INT) AS in_time,
       CASE WHEN answered THEN wait_ms ELSE 0 END AS answered_ms, (wait_ms + 999) // 1000 AS longest_s,
       0 AS talks, 0 AS talk_ms
FROM calls WHERE {waits}
UNION ALL
SELECT (offered_ms + wait_ms) // 3600000 * 3600000, queue, 0, 0, 0, 0, NULL, 1, talk_ms
FROM calls WHERE answered AND {talks}
"""
# By queue and hour of the day: the same text for SQLite and DuckDB, from the rollup or from the items themselves.
QUESTION = """
SELECT queue, {hour} AS hour, sum(offered) AS offered, sum(answered), sum(in_time), sum(answered_ms), max(longest_s),
       sum(talks), sum(talk_ms)
FROM {source} GROUP BY 1, 2 ORDER BY 1, 2
"""
WAITS = """
SELECT offered_ms // {step} * {step}, queue, count(*), count(*) FILTER (answered),
       CAST(coalesce(sum(wait_ms) FILTER (answered), 0) AS BIGINT),
       CAST(coalesce(sum(wait_ms) FILTER (NOT answered), 0) AS BIGINT),
       histogram((wait_ms + 999) // 1000) FILTER (answered), histogram((wait_ms + 999) // 1000) FILTER (NOT answered)
FROM calls WHERE offered_ms >= {since} AND offered_ms < {until} GROUP BY 1, 2
"""
TALKS = """
SELECT (offered_ms + wait_ms) // {step} * {step}, queue, {agent}, count(*), CAST(sum(talk_ms) AS BIGINT),
       histogram((talk_ms + 999) // 1000)
FROM calls WHERE answered AND offered_ms + wait_ms >= {since} AND offered_ms + wait_ms < {until} GROUP BY 1, 2, 3
"""


class Times(NamedTuple):
    """Milliseconds of one answer."""

    clock_ms: float
    cpu_ms: float


class Made(NamedTuple):
    """The files of the databases."""

    duck: Path
    sqlite: Path


def ms_of(at: datetime) -> int:
    return (at - EPOCH) // _MILLISECOND


def at_of(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def make_databases(folder: Path, calls: int, queues: int, agents: int, seed: int, *, quarters: bool) -> Made:
    """Both, as far as they are not in the folder yet; with ``quarters`` and agents, or only what long reports read."""
    name = f"{calls}-{queues}-{agents}-{seed}"
    made = Made(folder / f"calls-{name}.duckdb", folder / f"tallies-{name}{'-quarters' * quarters}.sqlite")
    if not made.duck.exists():
        new = made.duck.with_suffix(".new")
        new.unlink(missing_ok=True)
        with duckdb.connect(str(new)) as duck:
            values = {"calls": calls, "queues": queues, "of_queue": max(1, agents // queues), "seed": seed}
            duck.execute(CALLS.format(**values, first=ms_of(FIRST), days=DAYS))
            duck.execute(ROLLUP.format(items=ITEMS.format(within_s=WITHIN_S, waits="true", talks="true")))
        new.rename(made.duck)
    if not made.sqlite.exists():
        new = made.sqlite.with_suffix(".new")
        new.unlink(missing_ok=True)
        with duckdb.connect(str(made.duck), read_only=True) as duck:
            asyncio.run(store_tallies(duck, new, quarters=quarters))
            copy_rollup(duck, new)
        new.rename(made.sqlite)
    return made


async def store_tallies(duck: duckdb.DuckDBPyConnection, path: Path, *, quarters: bool) -> None:
    """What the calls add to the tallies, week by week: what ``kpi.summing.sums_of`` says of the same calls."""
    engine = make_engine(f"sqlite:///{path}")
    async with engine.begin() as connection:
        await connection.run_sync(schema.metadata.create_all)
    step_ms = QUARTER_MS if quarters else HOUR_MS
    week = EPOCH - timedelta(days=3) + (FIRST - EPOCH + timedelta(days=3)) // WEEK * WEEK
    for_ever: dict[TallyKey, Tally] = {}
    while week < LAST + timedelta(days=1):
        found = gather((*waits_of(duck, week, step_ms), *talks_of(duck, week, step_ms)))
        async with engine.begin() as connection:
            await put(connection, found | coarser(found) if quarters else coarser(found))
        of_all = [(ever(key), tally) for key, tally in found.items() if quarters]
        of_all += [(of_agent(key), plain(tally)) for key, tally in found.items() if quarters and key.agent]
        for_ever = gather((*for_ever.items(), *of_all))
        week += WEEK
    async with engine.begin() as connection:
        await put(connection, for_ever)
    await engine.dispose()


async def put(connection: Any, sums: dict[TallyKey, Tally]) -> None:
    values = [
        rows.tally_row(key, sums[key]) for key in sorted(sums, key=lambda key: (key.span, key.starts_at, key[2:5]))
    ]
    await execute_many(connection, inserting, schema.tallies, values)


def waits_of(duck: Any, week: datetime, step_ms: int) -> Iterator[tuple[TallyKey, Tally]]:
    """Calls and their waits, by the quarters (or hours) in which they began."""
    asked = WAITS.format(step=step_ms, since=ms_of(week), until=ms_of(week + WEEK))
    for quarter, queue, offered, answered, answered_ms, abandoned_ms, waits, lost in duck.execute(asked).fetchall():
        counts = {"answered": answered, "abandoned": offered - answered}
        yield (
            key_of(quarter, queue),
            Tally(
                started=offered,
                entered=offered,
                calls={CallOutcome(word): count for word, count in counts.items() if count},
                stays={StayOutcome(word): count for word, count in counts.items() if count},
                answered_wait_ms=answered_ms,
                abandoned_wait_ms=abandoned_ms,
                answered_waits=dict(sorted((waits or {}).items())),
                abandoned_waits=dict(sorted((lost or {}).items())),
            ),
        )


def talks_of(duck: Any, week: datetime, step_ms: int) -> Iterator[tuple[TallyKey, Tally]]:
    """Conversations, by the quarters (or hours) in which they began; their agents with quarters only."""
    agent = "agent" if step_ms == QUARTER_MS else "''"
    asked = TALKS.format(step=step_ms, agent=agent, since=ms_of(week), until=ms_of(week + WEEK))
    for quarter, queue, agent, talks, talk_ms, times in duck.execute(asked).fetchall():
        seconds = dict(sorted(times.items()))
        tally = Tally(talks=talks, talk_ms=talk_ms, talk_times=seconds, handle_times=seconds)
        yield key_of(quarter, queue, agent), tally


def key_of(quarter_ms: int, queue: str, agent: str = "") -> TallyKey:
    return TallyKey(TallySpan.QUARTER, at_of(quarter_ms), "bench", queue, agent, Direction.INBOUND)


def calls_of(duck: Any) -> list[Call]:
    """The same calls as the program itself would have them."""
    asked = "SELECT n, queue, agent, offered_ms, answered, wait_ms, talk_ms FROM calls ORDER BY n"
    return [_call(*row) for row in duck.execute(asked).fetchall()]


def _call(n: int, queue: str, agent: str, offered_ms: int, answered: bool, wait_ms: int, talk_ms: int) -> Call:
    at, left = at_of(offered_ms), at_of(offered_ms + wait_ms)
    ended = at_of(offered_ms + wait_ms + talk_ms) if answered else left
    stay = Stay(queue=queue, joined_at=at, left_at=left, outcome=StayOutcome("answered" if answered else "abandoned"))
    return Call(
        pbx="bench",
        call_id=str(n),
        direction=Direction.INBOUND,
        caller=Party(f"+39333{n:08}"),
        dialled=None,
        offered_at=at,
        origin=Origin("bench", "s1", n, "Hangup"),
        queue=queue,
        queued_at=at,
        answered_at=left if answered else None,
        ended_at=ended,
        outcome=CallOutcome("answered" if answered else "abandoned"),
        ended_by=EndedBy.CUSTOMER,
        stays=(stay,),
        talks=(Talk(agent=agent, started_at=left, ended_at=ended, queue=queue),) if answered else (),
    )


def copy_rollup(duck: Any, path: Path) -> None:
    """The rollup of DuckDB in the SQLite file too, its key the order on disk."""
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE rollup (hour_ms INTEGER, queue TEXT, offered INTEGER, answered INTEGER, in_time INTEGER, "
            "answered_ms INTEGER, longest_s INTEGER, talks INTEGER, talk_ms INTEGER, PRIMARY KEY (hour_ms, queue)) "
            "WITHOUT ROWID"
        )
        found = duck.execute("SELECT * FROM rollup").fetchall()
        database.executemany("INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", found)
    database.close()


def question_of(days: int) -> ReportQuestion:
    since = datetime.combine((LAST - timedelta(days=days)).astimezone(ZONE).date(), datetime.min.time(), ZONE)
    by = (Dimension.QUEUE, Dimension.HOUR)
    return ReportQuestion(since=since.astimezone(UTC), until=LAST, by=by, time_zone=ZONE.key)


def sql_of(question: ReportQuestion, *, raw: bool, division: str) -> str:
    """The same question in SQL; ``division`` is how the database divides whole numbers."""
    since, until = ms_of(question.since), ms_of(question.until)
    *changes, last = offsets(ZONE, question.since, question.until)
    whens = "".join(f"WHEN hour_ms < {ms_of(one.until)} THEN {one.minutes} " for one in changes if one.until)
    ahead = f"CASE {whens}ELSE {last.minutes} END" if whens else str(last.minutes)
    waits = f"offered_ms >= {since} AND offered_ms < {until}"
    talks = f"offered_ms + wait_ms >= {since} AND offered_ms + wait_ms < {until}"
    items = f"({ITEMS.format(within_s=WITHIN_S, waits=waits, talks=talks)}) AS items"
    source = items if raw else f"rollup WHERE hour_ms >= {since} AND hour_ms < {until}"
    return QUESTION.format(source=source, hour=f"(hour_ms + ({ahead}) * 60000) {division} {HOUR_MS} % 24")


def contestants(made: Made, question: ReportQuestion, duck: Any) -> dict[str, Callable[[], Rows]]:
    """What is timed, by name: each gives the numbers as the report has them, or what they are made of."""

    def of_sqlite() -> Rows:
        database = sqlite3.connect(made.sqlite)
        found = database.execute(sql_of(question, raw=False, division="/")).fetchall()
        database.close()
        return found

    def of_duck(raw: bool) -> Rows:
        found: Rows = duck.execute(sql_of(question, raw=raw, division="//")).fetchall()
        return found

    return dict(zip(CONTESTANTS[1:], (of_sqlite, lambda: of_duck(False), lambda: of_duck(True)), strict=True))


async def fetch(store: Store, question: ReportQuestion) -> Report:
    return await store.fetch_report(question, SiteParameters(), LAST)


def expected(found: Rows) -> dict[tuple[str, ...], tuple[float | None, ...]]:
    """The report's rows from the sums of a query."""
    return {
        (queue, f"{hour:02}:00"): (
            offered,
            answered,
            offered - answered,
            0,
            (offered - answered) / offered if offered else None,
            in_time / offered if offered else None,
            answered_ms / 1_000 / answered if answered else None,
            longest_s,
            talk_ms / 1_000 / talks if talks else None,
        )
        for queue, hour, offered, answered, in_time, answered_ms, longest_s, talks, talk_ms in found
    }


def timed(answer: Callable[[], Any]) -> tuple[Any, Times]:
    clock, cpu = time.perf_counter(), time.process_time()
    found = answer()
    return found, Times((time.perf_counter() - clock) * 1_000, (time.process_time() - cpu) * 1_000)


def measure(made: Made, days: int, rounds: int) -> dict[str, Times]:
    """The middle of the rounds, by contestant. Raises AssertionError when they do not come to the same."""
    question = question_of(days)
    times: dict[str, list[Times]] = {name: [] for name in CONTESTANTS}
    with duckdb.connect(str(made.duck), read_only=True) as duck, asyncio.Runner() as runner:
        engine = make_engine(f"sqlite:///{made.sqlite}")
        store = Store(engine)
        others = contestants(made, question, duck)
        for _ in range(rounds):
            report, taken = timed(lambda: runner.run(fetch(store, question)))
            times["report"].append(taken)
            for name, answer in others.items():
                found, taken = timed(answer)
                times[name].append(taken)
                assert {row.key: row.numbers for row in report.rows} == expected(found), f"{name} differs"
        runner.run(engine.dispose())
    return {name: Times(*map(statistics.median, zip(*taken, strict=True))) for name, taken in times.items()}


def lines_of(days: int, times: dict[str, Times]) -> Iterator[str]:
    """What is printed of one period: the ratio is the report's CPU time to the contestant's."""
    mine = times["report"]
    yield f"{f'{days} days by queue and hour':28}{'clock':>10}{'CPU':>10}{'report / this':>16}"
    for name, taken in times.items():
        yield f"{name:28}{taken.clock_ms:>7.0f} ms{taken.cpu_ms:>7.0f} ms{mine.cpu_ms / taken.cpu_ms:>16.2f}"


def size_of(made: Made) -> str:
    database = sqlite3.connect(made.sqlite)
    counted = database.execute("SELECT span, count(*) FROM tallies GROUP BY span ORDER BY 2 DESC").fetchall()
    database.close()
    megabytes = " and ".join(
        f"{path.stat().st_size / 1e6:,.0f} MB of {kind}" for path, kind in zip(made, KINDS, strict=True)
    )
    return f"rows of tallies: {', '.join(f'{count:,} {span}' for span, count in counted)}; {megabytes}"


KINDS = ("DuckDB", "SQLite")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--queues", type=int, default=20)
    parser.add_argument("--agents", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quarters", action="store_true", help="make the rows of quarters and agents too (slow)")
    parser.add_argument("--folder", type=Path, help="where the databases are kept for the next run")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folder = options.folder or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        values = (options.calls, options.queues, options.agents, options.seed)
        made = make_databases(folder, *values, quarters=options.quarters)
        print(f"{options.calls:,} calls in {DAYS} days, {options.queues} queues, {options.agents} agents")
        print(size_of(made))
        for days in PERIODS:
            print()
            print("\n".join(lines_of(days, measure(made, days, options.rounds))))


if __name__ == "__main__":
    main()
