"""The store as a whole: all or nothing, hostile text, plain errors; on both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.model import Call, Origin, Party, Transfer, TransferKind
from kpi import schema
from kpi.batch import Batch, Mark, Span
from kpi.columns import NaiveInstantError
from kpi.reading import CallFilter
from kpi.schema import CallSource, SpanKind
from kpi.store import RowRefusedError, Store, StoreAwayError
from tests.kpi.calls import answered_call, at
from tests.kpi.stored import all_tallies, count, recomputed


async def test_a_call_comes_back_as_it_was_stored(store: Store) -> None:
    transfer = Transfer(kind=TransferKind.ATTENDED, by="101", to="102", at=at(20), consulted_at=at(12))
    call = answered_call("1731.7", transfers=(transfer,), offered_at=at(0) + timedelta(microseconds=1))
    stored = await store.store_call(call)
    assert stored.calls == 1
    assert await store.fetch_call("milan", "1731.7") == call
    assert await store.fetch_call("milan", "1731.8") is None
    assert await store.fetch_call("rome", "1731.7") is None


async def test_a_batch_is_all_or_nothing(store: Store, engine: AsyncEngine) -> None:
    naive = answered_call("2", ended_at=datetime(2026, 3, 2, 9, 5))  # noqa: DTZ001
    with pytest.raises(NaiveInstantError, match="no time zone"):
        await store.store(
            Batch(calls=(answered_call("1"), naive), marks=(Mark(pbx="milan", session="s1", byte_offset=9),))
        )
    assert await count(engine, schema.calls) == 0
    assert await all_tallies(engine) == {}
    assert await store.fetch_marks() == {}


async def test_what_is_written_beside_goes_with_the_calls_or_not_at_all(engine: AsyncEngine) -> None:
    told: list[tuple[str, CallSource]] = []

    async def note(connection: AsyncConnection, calls: Sequence[tuple[Call, CallSource]]) -> None:
        told.extend((call.call_id, source) for call, source in calls)
        await connection.execute(insert(schema.mailed_reports).values(name=str(len(told)), due_at=at(0)))
        if len(told) > 2:
            raise NaiveInstantError(datetime(2026, 3, 2))  # noqa: DTZ001

    store = Store(engine, beside=note)
    await store.store_calls([answered_call("1")])
    await store.store_calls([answered_call("1")], source=CallSource.FILLED)  # trusted less: the call stays as it is
    assert told == [("1", CallSource.LIVE)] * 2
    await store.store(Batch(marks=(Mark(pbx="milan", session="s1", byte_offset=9),)))
    with pytest.raises(NaiveInstantError):
        await store.store_calls([answered_call("2")])
    assert await store.fetch_call("milan", "2") is None
    assert await count(engine, schema.mailed_reports) == 2


async def test_a_refused_row_is_told_without_what_is_in_it(store: Store, engine: AsyncEngine) -> None:
    with pytest.raises(RowRefusedError) as refused:
        await store.store(
            Batch(spans=(Span(pbx="milan", agent="101", kind=SpanKind.LOGIN, started_at=at(0), cut=None),))
        )
    assert "101" not in str(refused.value)
    assert refused.value.ref == "store-row-refused"
    assert refused.value.__cause__ is None


HOSTILE = [
    "Robert'); DROP TABLE calls;--",
    "<script>alert(1)</script>\"';-- Žofia Müller 北京",
    '=HYPERLINK("http://x")',
    "a\x00b",
    "lone \ud83d surrogate",
    "pair \ud83d\ude00",
    "n" * 10_240,
    "e\u0301" * 5_000,
    "👩‍👩‍👧" * 500,
    "\u202egnirts",
    "\r\nAction: Originate\r\n",
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_is_stored_and_found_again(store: Store, engine: AsyncEngine, text: str) -> None:
    call = answered_call(
        f"id{text}",
        caller=Party(f"+{text}", text),
        dialled=text,
        queue=text,
        stay_queue=text,
        agent=text,
        transfers=(Transfer(kind=TransferKind.BLIND, by=text, to=text, at=at(9), slot=text),),
        origin=Origin("milan", text, 2**40, text),
    )
    for _ in range(2):
        await store.store_call(call)
    found = await store.fetch_call("milan", f"id{text}")
    assert found is not None
    assert await count(engine, schema.calls) == 1
    assert [one.call_id for one in await store.fetch_calls(CallFilter(queue=text))] == [found.call_id]
    assert [one.call_id for one in await store.fetch_calls(CallFilter(agent=text))] == [found.call_id]
    assert await all_tallies(engine) == recomputed(found)
    if "\x00" not in text and "\ud83d" not in text and len(text) < 100:
        assert (found.caller.name, found.dialled, found.queue) == (text, text, text)
    assert found.caller.name is not None
    assert len(found.caller.name) <= schema.TEXT_CHARS


async def test_two_long_ids_that_begin_alike_stay_two_calls(store: Store, engine: AsyncEngine) -> None:
    one, other = answered_call("x" * 500 + "1"), answered_call("x" * 500 + "2")
    await store.store_calls([one, other])
    assert await count(engine, schema.calls) == 2


async def test_numbers_past_32_bits_do_not_stop_the_batch(store: Store) -> None:
    call = answered_call("1")
    leg = msgspec.structs.replace(call.legs[0], cause=10**15)
    await store.store_call(msgspec.structs.replace(call, legs=(leg,)))
    found = await store.fetch_call("milan", "1")
    assert found is not None
    assert found.legs[0].cause == 2**31 - 1


async def test_instants_keep_their_moment_whatever_their_zone(store: Store) -> None:
    from zoneinfo import ZoneInfo

    rome = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Rome"))
    await store.store_call(answered_call("1", offered_at=rome, ended_at=rome + timedelta(minutes=5)))
    found = await store.fetch_call("milan", "1")
    assert found is not None
    assert found.offered_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert found.offered_at.tzinfo is UTC


async def test_a_missing_schema_is_told_as_a_store_that_is_away(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(schema.metadata.drop_all)
    store = Store(engine)
    with pytest.raises(StoreAwayError, match="store-away"):
        await store.store_call(answered_call("1"))
    with pytest.raises(StoreAwayError, match="calls"):
        await store.fetch_calls(CallFilter())


async def test_a_locked_sqlite_file_is_told_as_a_store_that_is_away(tmp_path) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    path = tmp_path / "locked.sqlite"
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 0.05})
    async with engine.begin() as connection:
        await connection.run_sync(schema.metadata.create_all)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAwayError, match="locked"):
        await Store(engine).store_call(answered_call("1"))
    holder.execute("COMMIT")
    holder.close()
    assert (await Store(engine).store_call(answered_call("1"))).calls == 1
    await engine.dispose()
