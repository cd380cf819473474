"""An empty customer book for each test that asks for one, the same tables on both databases, and vendors' servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.schema import metadata
from tests.crm_bridge.vendors.contract import VENDORS, Open, opener
from tests.crm_bridge.vendors.crm_server import CrmServer
from tests.tables import made_tables


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A database with the book's tables in a file of its own."""
    async with made_tables(f"sqlite:///{tmp_path}/book.sqlite", metadata) as made:
        yield made


@pytest.fixture
async def any_engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The same tables once in SQLite, once in PostgreSQL."""
    async with made_tables(database_url, metadata) as made:
        yield made


@pytest.fixture
async def server(kind: str) -> AsyncIterator[CrmServer]:
    """The server of the vendor whose ``kind`` the test names: the contracts name each in turn."""
    async with VENDORS[kind]() as made:
        yield made


@pytest.fixture
async def open_(server: CrmServer) -> AsyncIterator[Open]:
    """Opens this vendor's adapter with further options."""
    async with opener(server) as made:
        yield made
