"""All vendors' servers, and adapters opened from settings as the house does: for the contracts all have to keep."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.sources import open_sources
from tests.crm_bridge.vendors.crm_server import CrmServer

VENDORS: dict[str, type[CrmServer]] = {
    info.name: module.Vendor
    for info in pkgutil.iter_modules([str(Path(__file__).parent)])
    if hasattr(module := importlib.import_module(f"tests.crm_bridge.vendors.{info.name}"), "Vendor")
}
Open = Callable[..., Any]


@asynccontextmanager
async def opener(server: CrmServer) -> AsyncIterator[Open]:
    """Opens the adapter of a running server, with options besides the server's own; all are closed at the end.

    Our own database is an empty one: no adapter of a vendor opens it.
    """
    async with AsyncExitStack() as stack:
        engine = create_async_engine("sqlite+aiosqlite:///:memory:")
        stack.push_async_callback(engine.dispose)

        def open_(give_up_s: float = 30.0, **options: object) -> Any:
            source = SourceSettings(name="crm", kind=server.kind, options=server.options() | options)
            settings = CrmSettings(lookup_deadline_s=0.01, lookup_give_up_s=give_up_s, sources=(source,))
            adapter: Any = open_sources(settings, engine)["crm"]
            stack.push_async_callback(adapter.close)
            return adapter

        yield open_
