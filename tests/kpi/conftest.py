"""The store on both of its databases: every test that takes ``store`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi.schema import metadata
from kpi.store import Store
from tests.tables import made_tables

settings.register_profile("unhurried", deadline=None)  # a busy machine is no fault
settings.load_profile("unhurried")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with made_tables(database_url, metadata) as made:
        yield made


@pytest.fixture
def store(engine: AsyncEngine) -> Store:
    return Store(engine, e164=lambda number: number if number.startswith("+") else None)
