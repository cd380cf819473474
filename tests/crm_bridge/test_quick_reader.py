"""Short questions are answered from one thread, and nothing is left open when the engine is gone."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.quick_reader import Asked, QuickReader
from crm_bridge.schema import call_notes, customers, metadata
from tests.crm_bridge.scene import START
from tests.postgresql import PostgresqlServer
from tests.tables import made_tables


async def count(connection: Asked) -> int:
    first = await connection.execute(select(customers.c.id))
    again = await connection.execute(text("SELECT :more"), {"more": 10})
    return len(first.all()) + int(again.scalar_one())


def reader_threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("offhook-reader")]


async def add(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(customers).values(identity_key="id:1", name="A", updated_at=START))


async def test_a_work_of_several_questions_sees_what_was_written_before(engine: AsyncEngine) -> None:
    reader = QuickReader(engine)
    assert await reader.read(count) == 10
    await add(engine)
    assert await asyncio.gather(*(reader.read(count) for _ in range(20))) == [11] * 20
    assert len(reader_threads()) == 1


async def test_the_thread_ends_with_the_engine_and_comes_again(engine: AsyncEngine) -> None:
    reader = QuickReader(engine)
    await reader.read(count)
    await engine.dispose()
    assert reader_threads() == []
    assert await reader.read(count) == 10


async def test_an_error_is_the_databases_own_and_the_next_question_is_answered(engine: AsyncEngine) -> None:
    async def wrong(connection: Asked) -> None:
        await connection.execute(text("SELECT * FROM nowhere"))

    reader = QuickReader(engine)
    with pytest.raises(OperationalError, match="nowhere"):
        await reader.read(wrong)
    assert await reader.read(count) == 10


async def test_a_work_that_waits_for_something_else_is_refused(engine: AsyncEngine) -> None:
    async def waits(_: Asked) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="something else"):
        await QuickReader(engine).read(waits)


async def test_what_is_no_file_is_read_the_usual_way(postgresql_server: PostgresqlServer) -> None:
    async with made_tables("sqlite:///:memory:", metadata) as memory:
        assert await QuickReader(memory).read(count) == 10
    async with made_tables(postgresql_server.make_database(), metadata) as engine:

        async def notes(connection: Asked) -> int:
            return len((await connection.execute(select(call_notes))).all())

        assert await QuickReader(engine).read(notes) == 0
        assert reader_threads() == []
