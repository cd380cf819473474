"""A CSV file that another program writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.adapters.csv import Options, open_adapter
from crm_bridge.number import parse_number
from crm_bridge.settings import CrmSettings
from crm_bridge.sources import Surroundings
from crm_bridge.watched_file import WatchedFile


@pytest.fixture
async def source(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[WatchedFile]:
    text = "Codice cliente;Ragione sociale;Telefono;Stato;Città\nC-1;Rossi Srl;02 21000100;bloccato;Milano\n"
    (tmp_path / "clienti.csv").write_text(text, encoding="cp1252")
    made = open_adapter("erp", Options(path="clienti.csv"), Surroundings(engine, CrmSettings(), tmp_path))
    yield made
    await made.close()


async def test_its_headings_are_understood_as_by_an_import(source: WatchedFile) -> None:
    [rossi] = await source.find(parse_number("+390221000100", "IT"))
    assert (rossi.source, rossi.contact_id, rossi.name, rossi.account_state.value) == (
        "erp",
        "C-1",
        "Rossi Srl",
        "stopped",
    )
    assert rossi.fields == (("Città", "Milano"),)


async def test_by_name_he_is_found_and_fetched_again(source: WatchedFile) -> None:
    [rossi] = await source.search("ROSSI", 5)
    assert await source.get(rossi.contact_id) == rossi
    assert await source.get("C-2") is None
