"""Somebody else's table: there or not, in a schema or not, and errors that hold no row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import column, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kpi.importers.foreign_table import ForeignTable
from kpi.importers.source import SourceError


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'pbx.sqlite'}")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE cdr (uniqueid TEXT, duration INTEGER)"))
        await connection.execute(text("INSERT INTO cdr VALUES ('1.1', 3), ('1.2', 4)"))
    yield engine
    await engine.dispose()


@pytest.mark.parametrize("name", ["cdr", "main.cdr"])
async def test_a_table_with_and_without_its_schema(engine: AsyncEngine, name: str) -> None:
    table = ForeignTable(engine, name, "the CDRs")
    assert (await table.exists(), await table.size()) == (True, 2)
    async with table.connection() as connection:
        assert list(await table.columns(connection)) == ["uniqueid", "duration"]
        assert (await table.has(connection), await table.has(connection, "_json")) == (True, False)
    assert str(table.bare(column("uniqueid"), suffix="_json").select()) == (
        f"SELECT {name}_json.uniqueid \nFROM {name}_json"
    )


async def test_what_fails_names_the_table_and_no_statement(engine: AsyncEngine) -> None:
    table = ForeignTable(engine, "calls", "the calls")
    assert not await table.exists()
    with pytest.raises(SourceError, match="the calls") as raised:
        await table.size()
    assert "SELECT" not in str(raised.value)
