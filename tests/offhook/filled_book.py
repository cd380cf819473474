"""A customer book as ``offhook customers import`` fills it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from offhook.database import make_engine, migrate
from tests.crm_bridge.imported import fill


@asynccontextmanager
async def filled_book(folder: Path, rows: str) -> AsyncIterator[AsyncEngine]:
    """The site's database in ``folder``, with the customers of a CSV text."""
    engine = make_engine(f"sqlite:///{folder / 'offhook.sqlite'}")
    try:
        await migrate(engine)
        await fill(engine, folder, rows)
        yield engine
    finally:
        await engine.dispose()
