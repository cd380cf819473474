"""Questions to the store, on a real SQLite and a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import CallOutcome, Direction, Party
from kpi import rows, schema
from kpi.batch import Batch, Span
from kpi.reading import CallFilter, Window, fetch_packed
from kpi.schema import SpanKind
from kpi.store import Store
from kpi.tally import ever, total
from offhook.database import make_engine
from tests.kpi.calls import NINE, abandoned_call, answered_call, at
from tests.kpi.stored import all_tallies, for_all_time, recomputed

DAY = Window(since=NINE - timedelta(hours=9), until=NINE + timedelta(hours=15))


async def test_pages_go_through_all_calls_once_newest_first(store: Store) -> None:
    twins = [answered_call(f"{n:02}", start=60 * (n // 2)) for n in range(11)]
    await store.store_calls(twins)
    seen: list[str] = []
    after = None
    while page := await store.fetch_calls(CallFilter(), limit=4, after=after):
        seen += [call.call_id for call in page]
        after = page[-1]
    assert seen == [f"{n:02}" for n in reversed(range(11))]


async def test_filters(store: Store) -> None:
    refused = answered_call(
        "refused", start=300, stay_queue="support", stays=(), rings=(), talks=(), outcome=CallOutcome.REFUSED
    )
    outgoing = answered_call("out", start=400, direction=Direction.OUTBOUND, queue=None, stays=(), dialled="+390277")
    await store.store_calls([answered_call("a"), abandoned_call("b", start=100), refused, outgoing])

    async def ids(**conditions: object) -> set[str]:
        return {call.call_id for call in await store.fetch_calls(CallFilter(**conditions))}

    assert await ids(queue="sales") == {"a", "b"}
    assert await ids(queue="support") == {"refused"}
    assert await ids(outcome=CallOutcome.ABANDONED) == {"b"}
    assert await ids(direction=Direction.OUTBOUND) == {"out"}
    assert await ids(agent="101") == {"a", "b", "out"}
    assert await ids(since=at(100), until=at(400)) == {"b", "refused"}
    assert await ids(pbx="rome") == set()
    assert await ids(customer_e164="+390277") == {"out"}


async def test_the_last_calls_of_a_customer_whichever_way_he_was_reached(store: Store) -> None:
    outgoing = answered_call("2", start=100, direction=Direction.OUTBOUND, caller=Party("101"), dialled="+390255501")
    withheld = answered_call("3", start=200, caller=Party(None, "Anonymous"))
    extension = answered_call("4", start=300, caller=Party("104"))
    await store.store_calls([answered_call("1"), outgoing, withheld, extension])
    assert [call.call_id for call in await store.fetch_last_calls("+390255501", 5)] == ["2", "1"]
    assert [call.call_id for call in await store.fetch_last_calls("+390255501", 1)] == ["2"]
    assert await store.fetch_last_calls("+39000", 5) == []


async def test_the_day_by_queue_agent_and_quarter(store: Store) -> None:
    batch = [
        answered_call("1", wait=7, talk=60),
        answered_call("2", start=60, wait=21, talk=30, agent="102"),
        abandoned_call("3", start=1_000, wait=4.2),
        answered_call("4", start=2_000, direction=Direction.OUTBOUND, queue=None, stays=(), rings=(), talks=()),
        answered_call("5", start=100, stay_queue="support", agent="105"),
        answered_call("x", start=-90_000),
    ]
    await store.store_calls(batch)
    queues = await store.fetch_queues(DAY.since, DAY.until)
    assert set(queues) == {"sales", "support", ""}
    sales = queues["sales"]
    assert (sales.entered, sales.answered, sales.abandoned, sales.difference) == (3, 2, 1, 0)
    assert (sales.answered_waits, sales.abandoned_waits) == ({7: 1, 21: 1}, {5: 1})
    assert (sales.answered_wait_ms, sales.abandoned_wait_ms, sales.talk_ms) == (28_000, 4_200, 90_000)
    assert (queues[""].started, queues[""].entered) == (1, 0)
    agents = await store.fetch_agents(DAY.since, DAY.until)
    assert {agent: (tally.rung, tally.talks) for agent, tally in agents.items()} == {
        "101": (2, 1),
        "102": (1, 1),
        "105": (1, 1),
    }
    quarters = await store.fetch_tallies(msgspec.structs.replace(DAY, queue="sales"), by=("starts_at",))
    assert {start: tally.entered for (start,), tally in quarters.items()} == {at(0): 2, at(900): 1}
    whole = await store.fetch_tallies(DAY, by=())
    assert whole[()] == total(queues.values())
    assert await store.fetch_tallies(Window(since=at(-9e5), until=at(-8e5)), by=()) == {}


async def test_totals_are_the_sum_of_all_quarters(store: Store, engine: AsyncEngine) -> None:
    await store.store_calls([answered_call("1"), answered_call("2", start=4_000), abandoned_call("3", start=90_000)])
    totals = await store.fetch_totals()
    quarters = {key: tally for key, tally in (await all_tallies(engine)).items() if key.span == "quarter"}
    assert totals == for_all_time(quarters)
    assert totals[ever(next(iter(quarters)))].entered == 3


async def test_spans_open_close_and_are_found_by_time(store: Store) -> None:
    login = Span(pbx="milan", agent="101", kind=SpanKind.LOGIN, queue="sales", started_at=at(0))
    pause = Span(
        pbx="milan",
        agent="101",
        kind=SpanKind.PAUSE,
        queue="sales",
        started_at=at(60),
        ended_at=at(120),
        reason="caffè",
    )
    await store.store(Batch(spans=(login, pause)))
    assert await store.fetch_spans(at(0), at(300)) == [login, pause]
    closed = msgspec.structs.replace(login, ended_at=at(200))
    await store.store(Batch(spans=(login, closed)))
    assert await store.fetch_spans(at(130), at(300), agent="101") == [closed]
    assert await store.fetch_spans(at(0), at(300), agent="102") == []


async def test_what_the_database_cannot_add_is_found_by_the_tallies_keys(store: Store, engine: AsyncEngine) -> None:
    stored = [answered_call("1"), answered_call("2", stay_queue="support", agent="105")]
    await store.store_calls(stored)
    wanted = recomputed(stored[0])
    crossed = [key._replace(queue="support") for key in wanted]
    async with engine.connect() as connection:
        found = await fetch_packed(connection, wanted)
        assert {key: dict(zip(rows.PACKED, packed, strict=True)) for key, packed in found.items()} == {
            key: {name: getattr(tally, name) for name in rows.PACKED} for key, tally in wanted.items()
        }
        assert set(await fetch_packed(connection, crossed)) == {key for key in crossed if not key.agent}
        assert await fetch_packed(connection, [next(iter(wanted))._replace(pbx="rome")]) == {}


async def test_no_question_reads_a_whole_table(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'plans.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(schema.metadata.create_all)
    store, asked = Store(engine, e164=str), list[tuple[str, Any]]()

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        asked.append((statement, parameters[0] if many else parameters))

    await store.store_calls([answered_call(str(n), start=n * 300) for n in range(20)])
    await store.store_calls([answered_call("3", start=900, talk=90)])
    page = await store.fetch_calls(CallFilter(queue="sales", agent="101", since=at(0)), limit=3)
    await store.fetch_calls(CallFilter(since=at(0)), limit=3, after=page[-1])
    await store.fetch_call("milan", "7")
    await store.fetch_last_calls("+390255501")
    await store.fetch_queues(DAY.since, DAY.until)
    await store.fetch_totals()
    plans: list[str] = []
    async with engine.connect() as connection:
        for statement, parameters in asked.copy():
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))
                plans += [row[-1] for row in plan]
    assert len(plans) > 30
    assert [step for step in plans if "SCAN" in step] == []
    await engine.dispose()


async def test_an_answer_is_of_one_moment_while_calls_are_written(store: Store) -> None:
    """The rows of a call, and a tally's counts and histograms, come from several statements."""
    versions = [answered_call("1", wait=n + 1, talk=1_000 + n, agent=str(100 + n)) for n in range(60)]
    await store.store_call(versions[0])

    async def write() -> None:
        for n, version in enumerate(versions):
            await store.store_calls([version, answered_call(f"other {n}", start=n)])

    writer = asyncio.create_task(write())
    seen = 0
    while not writer.done():
        call = await store.fetch_call("milan", "1")
        assert call in versions
        day = (await store.fetch_tallies(DAY, by=()))[()]
        assert sum(day.answered_waits.values()) == day.answered
        seen += 1
    await writer
    assert seen > 10
