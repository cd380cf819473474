"""The migrations against the tables that the code uses, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.schema import metadata as crm_metadata
from kpi.partitions import is_partition
from kpi.schema import metadata as kpi_metadata
from offhook.database import (
    StoreError,
    StoreSettings,
    alembic_config,
    fetch_answer,
    fetch_revision,
    head,
    make_engine,
    migrate,
    parse_store_url,
    shown_url,
)
from tests.pbx.lab.processes import free_port
from tests.postgresql import PostgresqlServer


def _same_default(*arguments: Any) -> bool:
    """Whether the defaults differ, in SQLite: there Alembic itself takes ``('')`` for another default than ``''``."""
    inspected, wanted = arguments[3], arguments[5]
    return bool((inspected or "").strip("()'") != (wanted or "").strip("'"))


def differences(connection: Connection) -> list[Any]:
    compare_default = _same_default if connection.dialect.name == "sqlite" else True

    def is_compared(_: Any, name: str | None, kind: str, *__: Any) -> bool:
        """Partitions are made while the program runs; PostgreSQL alone has BRIN."""
        if kind == "table":
            return not is_partition(name or "")
        return connection.dialect.name == "postgresql" or not (name or "").startswith("brin_")

    options = {"compare_type": True, "compare_server_default": compare_default, "include_object": is_compared}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, [kpi_metadata, crm_metadata]))  # type: ignore[arg-type]


async def test_migrated_tables_are_those_of_the_code(database_url: str) -> None:
    engine = make_engine(database_url)
    assert await fetch_revision(engine) is None
    assert await migrate(engine) == head()
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    engine = make_engine(database_url)
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO journal_marks (pbx) VALUES ('main')"))
    assert await migrate(engine) == head()
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT pbx FROM journal_marks"))).scalar() == "main"
    await engine.dispose()


async def test_programs_that_start_at_once_migrate_one_after_the_other(database_url: str) -> None:
    engines = [make_engine(database_url) for _ in range(4)]
    assert await asyncio.gather(*(migrate(engine) for engine in engines)) == [head()] * 4
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_programs_that_open_a_new_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """SQLite itself does not wait for who changes a file's journal mode: one try of six was refused."""
    for number in range(20):
        engines = [make_engine(f"sqlite:///{tmp_path}/{number}.sqlite") for _ in range(4)]
        assert await asyncio.gather(*(fetch_revision(engine) for engine in engines)) == [None] * 4
        await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_the_way_down_leaves_no_table(database_url: str) -> None:
    engine = make_engine(database_url)
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.run_sync(lambda one: command.downgrade(alembic_config(one), "base"))
        left = await connection.run_sync(lambda one: inspect(one).get_table_names())
    assert left == ["alembic_version"]
    await engine.dispose()


async def test_a_migration_that_fails_leaves_nothing(database_url: str) -> None:
    engine = make_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE customer_orders (id INTEGER)"))
    with pytest.raises(StoreError, match="store-unreachable"):
        await migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda one: inspect(one).get_table_names()) == ["customer_orders"]
    await engine.dispose()


async def test_a_newer_programs_database_is_refused(database_url: str) -> None:
    engine = make_engine(database_url)
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="9999") as caught:
        await migrate(engine)
    assert caught.value.ref == "store-newer"
    await engine.dispose()


async def refusal(engine: AsyncEngine) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await fetch_revision(engine)
    await engine.dispose()
    return caught.value


async def test_a_database_that_cannot_be_used_is_named_without_its_password(
    tmp_path: Path, postgresql_server: PostgresqlServer
) -> None:
    nowhere = await refusal(make_engine(f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}"))
    assert nowhere.ref == "store-unreachable"
    assert "unable to open" in nowhere.why
    closed = await refusal(make_engine(f"postgresql://offhook:s3cret@127.0.0.1:{free_port()}/x"))
    assert "s3cret" not in str(closed)
    missing = await refusal(make_engine(f"postgresql://offhook@127.0.0.1:{postgresql_server.port}/none"))
    assert '"none" does not exist' in missing.why


async def test_a_database_that_is_there_answers(database_url: str, postgresql_server: PostgresqlServer) -> None:
    engine = make_engine(database_url)
    await fetch_answer(engine)
    await engine.dispose()
    missing = make_engine(f"postgresql://offhook@127.0.0.1:{postgresql_server.port}/none")
    with pytest.raises(StoreError, match="does not exist"):
        await fetch_answer(missing)
    await missing.dispose()


async def test_sqlite_is_set_up_for_readers_beside_a_writer(tmp_path: Path) -> None:
    engine = make_engine("sqlite:///here.sqlite", beside=tmp_path)
    async with engine.connect() as connection:
        found = [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in PRAGMAS]
    assert dict(zip(PRAGMAS, found, strict=True)) == PRAGMAS
    assert (tmp_path / "here.sqlite").exists()
    await engine.dispose()


PRAGMAS = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}


def test_urls_are_given_the_drivers_of_the_house() -> None:
    assert parse_store_url("sqlite:///x.sqlite").drivername == "sqlite+aiosqlite"
    assert parse_store_url("postgres://u@h/d").drivername == "postgresql+asyncpg"
    assert shown_url("postgresql://u:pw@h/d") == "postgresql://u:***@h/d"
    assert "pw" not in repr(StoreSettings(url="postgresql://u:pw@h/d", password="pw"))


@pytest.mark.parametrize("wrong", ["x", "sqlite://", "mysql://u@h/d", "postgresql://h"])
def test_other_urls_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"expected|names no|not supported"):
        StoreSettings(url=wrong)
