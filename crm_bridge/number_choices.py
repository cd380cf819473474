"""What agents said about numbers: this one is that customer, of whatever source. Kept in Offhook's own database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.contact import Choice, SourceError
from crm_bridge.schema import customer_choices, customers
from cti.errors import driver_words

#: characters of an agent's name that are kept
_MAX_NAME: Final = 64
_COLUMN: Final = customer_choices.c
_WHOLE: Final = func.coalesce(customers.c.merged_into, customers.c.id)


class NumberChoices:
    """The last word of an agent about each number. ``books`` are the sources that are the customer book itself:

    a choice among its customers goes with the customer when he is merged or removed. Every method raises SourceError
    ``choices-unreachable`` when the database cannot answer.
    """

    def __init__(self, engine: AsyncEngine, books: Sequence[str] = ("book",)) -> None:
        self._engine = engine
        self._books = tuple(books)

    async def chosen(self, key: str) -> Choice | None:
        """Whom an agent chose for this match key, if anybody; he of whom that customer of the book is now a part."""
        asked = select(customer_choices, _WHOLE.label("whole_id")).outerjoin(customers)
        try:
            async with self._engine.connect() as connection:
                row = (await connection.execute(asked.where(_COLUMN.match_key == key))).first()
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error
        if row is None:
            return None
        source = row.source or next(iter(self._books), "book")
        return Choice(source, row.contact_id or str(row.whole_id), row.chosen_by, row.chosen_at)

    async def store_choice(self, key: str, choice: Choice) -> None:
        """Keep a choice in place of an earlier one for the same key."""
        await self._write(key, self._row(key, choice))

    async def drop_choice(self, key: str) -> None:
        """Forget what was chosen for this key."""
        await self._write(key, None)

    def _row(self, key: str, choice: Choice) -> dict[str, Any]:
        own = choice.source in self._books and choice.contact_id.isdecimal()
        return {
            "match_key": key,
            "customer_id": int(choice.contact_id) if own else None,
            "source": choice.source[:100],
            "contact_id": None if own else choice.contact_id[:255],
            "chosen_by": choice.chosen_by[:_MAX_NAME],
            "chosen_at": choice.chosen_at,
        }

    async def _write(self, key: str, row: dict[str, Any] | None) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.execute(delete(customer_choices).where(_COLUMN.match_key == key))
                if row is not None:
                    await connection.execute(insert(customer_choices).values(row))
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error


def _unreachable(error: BaseException) -> SourceError:
    return SourceError(
        "choices-unreachable",
        "what agents chose for a number cannot be read or kept",
        driver_words(error),
        "check that the database runs and that offhook may write to it",
    )
