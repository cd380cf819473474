"""The last word of an agent about a number is kept, whatever the source of the customer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.contact import Choice, SourceError
from crm_bridge.number_choices import NumberChoices
from crm_bridge.schema import customers
from tests.crm_bridge.scene import HOSTILE, START

KEY = "+393351234567"
LATER = START + timedelta(hours=1)


@pytest.fixture
async def choices(engine: AsyncEngine) -> AsyncIterator[NumberChoices]:
    async with engine.begin() as connection:
        rows = [{"id": one, "identity_key": f"id:{one}", "name": HOSTILE, "updated_at": START} for one in (1, 2)]
        await connection.execute(insert(customers), rows)
    yield NumberChoices(engine, ["book"])


async def test_the_last_word_holds(choices: NumberChoices) -> None:
    assert await choices.chosen(KEY) is None
    await choices.store_choice(KEY, Choice("book", "1", HOSTILE[:60], START))
    await choices.store_choice("+391", Choice("book", "1", "Bruno (102)", START))
    last = Choice("book", "2", "Dana (104)", LATER)
    await choices.store_choice(KEY, last)
    assert await choices.chosen(KEY) == last


async def test_a_customer_of_a_crm_is_kept_too_and_an_agents_name_has_its_bounds(choices: NumberChoices) -> None:
    await choices.store_choice(KEY, Choice("crm", "003a-77", "n" * 99, START))
    assert await choices.chosen(KEY) == Choice("crm", "003a-77", "n" * 64, START)


async def test_a_choice_can_be_taken_back(choices: NumberChoices) -> None:
    await choices.store_choice(KEY, Choice("crm", "77", "Dana", START))
    await choices.drop_choice(KEY)
    await choices.drop_choice(KEY)
    assert await choices.chosen(KEY) is None


async def test_it_goes_with_the_customer_of_the_book_when_he_is_merged_or_removed(
    engine: AsyncEngine, choices: NumberChoices
) -> None:
    await choices.store_choice(KEY, Choice("book", "1", "Dana", START))
    async with engine.begin() as connection:
        await connection.execute(update(customers).where(customers.c.id == 1).values(merged_into=2))
    assert await choices.chosen(KEY) == Choice("book", "2", "Dana", START)
    async with engine.begin() as connection:
        await connection.execute(delete(customers).where(customers.c.id == 1))
    assert await choices.chosen(KEY) is None


async def test_a_database_that_cannot_be_used_is_told_without_the_number(
    engine: AsyncEngine, choices: NumberChoices
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE customer_choices"))
    for work in (
        choices.chosen(KEY),
        choices.drop_choice(KEY),
        choices.store_choice(KEY, Choice("c", "1", "D", START)),
    ):
        with pytest.raises(SourceError, match="choices-unreachable") as caught:
            await work
        assert KEY not in str(caught.value)
