"""A store is opened with its tables, and told of when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect

from offhook.database import StoreError, StoreSettings
from offhook.open_store import open_store
from offhook.settings import Settings


async def test_a_new_store_has_its_tables(tmp_path: Path) -> None:
    async with open_store(Settings(), tmp_path) as engine, engine.connect() as connection:
        tables = await connection.run_sync(lambda one: inspect(one).get_table_names())
    assert {"calls", "customers", "outbox"} <= set(tables)
    assert (tmp_path / "offhook.sqlite").exists()


async def test_a_store_that_cannot_be_is_told(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(url="sqlite:///nowhere/offhook.sqlite"))
    with pytest.raises(StoreError, match="cannot be used"):
        async with open_store(settings, tmp_path):
            pytest.fail("it was opened")
