"""The store that the settings name, opened for as long as it is worked with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from offhook.database import make_engine, migrate
from offhook.settings import Settings, fetch_secret


@asynccontextmanager
async def open_store(settings: Settings, folder: Path) -> AsyncIterator[AsyncEngine]:
    """The store's engine, its tables brought up to date; closed at the end.

    Raises:
        OffhookError: it cannot be reached, or a newer program made it.
    """
    store = settings.store
    engine = make_engine(store.url, password=fetch_secret(store.password, store.password_file), beside=folder)
    try:
        await migrate(engine)
        yield engine
    finally:
        await engine.dispose()
