"""A customer book filled as ``offhook customers import`` fills it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.headers import ImportKind
from crm_bridge.import_customers import import_file


async def fill(engine: AsyncEngine, folder: Path, rows: str, kind: ImportKind = ImportKind.CUSTOMERS) -> None:
    """Import the rows of a CSV text, by a file of this kind's name in ``folder``; each has to be good."""
    path = folder / f"{kind}.csv"
    path.write_text(rows, encoding="utf-8")
    report = await import_file(engine, path, kind, region="IT")
    assert report.stored, report.bad
