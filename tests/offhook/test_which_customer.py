"""Whom a person means on the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.settings import CrmSettings
from cti.errors import OffhookError
from offhook.which_customer import customer_line, which_customer
from tests.offhook.filled_book import filled_book

CRM = CrmSettings(default_region="IT")
ROWS = """id,name,phone,mobile
A1,Anna Rossi,02 21000100,335 1234567
B7,Rossi Anna,02 21000100,
2,Two,,340 1112223
"""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with filled_book(tmp_path, ROWS) as made:
        yield made


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("335/1234567", "Anna Rossi"),
        ("+393351234567", "Anna Rossi"),
        ("B7", "Rossi Anna"),
        ("id:2", "Rossi Anna"),
        ("2", "Two"),
    ],
)
async def test_number_own_number_or_id(engine: AsyncEngine, text: str, name: str) -> None:
    assert (await which_customer(engine, CRM, text)).name == name


@pytest.mark.parametrize(
    "text", ["", "id:", "id:99", "id:1; DROP TABLE customers", "nobody", "+390000000", "9351234567"]
)
async def test_nobody_is_told_with_what_to_do(engine: AsyncEngine, text: str) -> None:
    with pytest.raises(OffhookError, match="no customer") as caught:
        await which_customer(engine, CRM, text)
    assert caught.value.ref == "customer-not-found"


async def test_several_are_listed_never_the_first_taken(engine: AsyncEngine) -> None:
    with pytest.raises(OffhookError, match="2 customers") as caught:
        await which_customer(engine, CRM, "0221000100")
    assert caught.value.ref == "customer-ambiguous"
    assert "id:1 Anna Rossi" in caught.value.why
    assert "id:2 Rossi Anna" in caught.value.why


async def test_the_line_names_what_he_can_be_told_by(engine: AsyncEngine) -> None:
    line = customer_line(await which_customer(engine, CRM, "A1"))
    assert line == "id:1 Anna Rossi, No. A1, 02 21000100 / 335 1234567"
