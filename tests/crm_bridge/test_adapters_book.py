"""The book as a source."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.adapters.book import Options, open_adapter
from crm_bridge.number import parse_number
from crm_bridge.settings import CrmSettings
from crm_bridge.sources import Surroundings
from tests.crm_bridge.imported import fill


async def test_it_answers_under_the_name_it_was_given(engine: AsyncEngine, tmp_path: Path) -> None:
    await fill(engine, tmp_path, "name,phone\nAnna,3351234567\n")
    source = open_adapter("sales", Options(), Surroundings(engine, CrmSettings()))
    assert [(one.source, one.name) for one in await source.find(parse_number("3351234567", "IT"))] == [
        ("sales", "Anna")
    ]
