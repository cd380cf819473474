"""A customer book as ``offhook customers import`` fills it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.import_customers import import_file
from offhook.database import make_engine, migrate


@asynccontextmanager
async def filled_book(folder: Path, rows: str) -> AsyncIterator[AsyncEngine]:
    """The site's database in ``folder``, with the customers of a CSV text."""
    engine = make_engine(f"sqlite:///{folder / 'offhook.sqlite'}")
    try:
        await migrate(engine)
        (folder / "c.csv").write_text(rows)
        assert (await import_file(engine, folder / "c.csv", region="IT")).stored
        yield engine
    finally:
        await engine.dispose()
