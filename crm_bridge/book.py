"""The embedded customer book: customers with their numbers, orders and incidents, in Offhook's own database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, and_, func, or_, select, true
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.consent_book import fetch_consents, holding
from crm_bridge.contact import (
    AccountState,
    Contact,
    ContactNumber,
    Incident,
    Money,
    Order,
    SourceError,
)
from crm_bridge.matching import MAX_CANDIDATES, fold
from crm_bridge.number import Number
from crm_bridge.parts import make_whole
from crm_bridge.schema import (
    customer_fields,
    customer_incidents,
    customer_numbers,
    customer_orders,
    customers,
)

#: numbers, fields, orders and incidents of one customer that are read for a card, the open ones first
SHOWN_OF_EACH = 20
_ORDER = customer_orders.c
_INCIDENT = customer_incidents.c
#: the customer himself, or he of whom he is now a part
_WHOLE = func.coalesce(customers.c.merged_into, customers.c.id)


class CustomerBook:
    """Finds customers by number, by any field, and by id. A short connection per question."""

    local = True

    def __init__(self, engine: AsyncEngine, source: str = "book") -> None:
        self._engine = engine
        self._source = source

    async def find(self, number: Number) -> list[Contact]:
        """Customers with this number; if there is none, those whose number ends alike. At most MAX_CANDIDATES + 1.

        Raises SourceError ``book-unreachable`` when the database cannot answer.
        """
        if number.key is None:
            return []
        exact = _with_numbers().where(customer_numbers.c.match_key == number.key)
        return await self._contacts(exact, _with_tail(number))

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Customers with each word of ``text`` in their name, company, e-mail, customer or order number, by name.

        Raises SourceError ``book-unreachable``.
        """
        words = fold(text).split()[:8]
        if not words:
            return []
        by_word = [customers.c.search_text.contains(word, autoescape=True) for word in words]
        references = {text.strip(), text.strip().upper()}
        by_order = customers.c.id.in_(select(_ORDER.customer_id).where(_ORDER.reference.in_(references)))
        found = select(_WHOLE).where(or_(and_(true(), *by_word), by_order))
        return await self._contacts(found.order_by(func.lower(customers.c.name)), limit=limit)

    async def find_own(self, external_id: str) -> list[Contact]:
        """Customers whose own number, that people use, this is. Raises SourceError ``book-unreachable``."""
        return await self._contacts(select(_WHOLE).where(customers.c.external_id == external_id[:255]))

    async def get(self, contact_id: str) -> Contact | None:
        """The customer with this id of the book, or he of whom it is now a part; None if it is gone.

        Raises SourceError ``book-unreachable``.
        """
        if not contact_id.isascii() or not contact_id.isdecimal() or len(contact_id) > 18:
            return None
        found = await self._contacts(select(_WHOLE).where(customers.c.id == int(contact_id)))
        return found[0] if found else None

    async def count(self) -> int:
        """How many customers are in the book.

        Raises SourceError ``book-unreachable``.
        """
        try:
            async with self._engine.connect() as connection:
                asked = select(func.count()).select_from(customers).where(customers.c.merged_into.is_(None))
                return (await connection.execute(asked)).scalar_one()
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error

    async def _contacts(self, *questions: Select[Any] | None, limit: int = MAX_CANDIDATES + 1) -> list[Contact]:
        """The customers whom the first question with an answer gives, complete, in its order."""
        try:
            async with self._engine.connect() as connection:
                for question in questions:
                    if question is None:
                        continue
                    rows = (await connection.execute(question.limit(limit))).scalars()
                    if ids := list(dict.fromkeys(rows)):
                        return await self._complete(connection, ids)
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error
        return []

    async def _complete(self, connection: AsyncConnection, ids: Sequence[int]) -> list[Contact]:
        mine = or_(customers.c.id.in_(ids), customers.c.merged_into.in_(ids))
        rows = (await connection.execute(select(customers).where(mine).order_by(customers.c.id))).all()
        members = [row.id for row in rows]
        numbers = await _by_customer(connection, _first(customer_numbers, members, customer_numbers.c.position))
        fields = await _by_customer(connection, _first(customer_fields, members, customer_fields.c.position))
        orders = await _by_customer(
            connection, _first(customer_orders, members, _ORDER.is_open.desc(), _ORDER.placed_on.desc(), _ORDER.id)
        )
        incidents = await _by_customer(
            connection,
            _first(customer_incidents, members, _INCIDENT.is_open.desc(), _INCIDENT.opened_on.desc(), _INCIDENT.id),
        )
        words = await fetch_consents(connection, members)
        whole: dict[int, list[Contact]] = {one: [] for one in ids}
        for row in sorted(rows, key=lambda row: row.merged_into is not None):
            one = _contact(self._source, row, numbers[row.id], orders[row.id], incidents[row.id], fields[row.id])
            whole[row.merged_into or row.id].append(one)
        said = {
            one: holding(word for part in whole[one] for word in words.get(int(part.contact_id), ())) for one in ids
        }
        return [make_whole(whole[one], said[one], SHOWN_OF_EACH) for one in ids if whole[one]]


def _with_numbers() -> Select[Any]:
    return select(_WHOLE).join(customer_numbers, customer_numbers.c.customer_id == customers.c.id)


def _with_tail(number: Number) -> Select[Any] | None:
    return None if number.tail is None else _with_numbers().where(customer_numbers.c.tail == number.tail)


def _first(table: Table, ids: Sequence[int], *order: ColumnElement[Any]) -> Select[Any]:
    """The first SHOWN_OF_EACH rows of each of these customers in ``order``: one may have thousands of orders."""
    place = func.row_number().over(partition_by=table.c.customer_id, order_by=order).label("place")
    numbered = select(table, place).where(table.c.customer_id.in_(ids)).subquery()
    return select(numbered).where(numbered.c.place <= SHOWN_OF_EACH).order_by(numbered.c.customer_id, numbered.c.place)


async def _by_customer(connection: AsyncConnection, question: Select[Any]) -> Mapping[int, list[Row[Any]]]:
    grouped: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in await connection.execute(question):
        grouped[row.customer_id].append(row)
    return grouped


def _contact(
    source: str,
    row: Row[Any],
    numbers: Iterable[Row[Any]],
    orders: Sequence[Row[Any]],
    incidents: Sequence[Row[Any]],
    fields: Iterable[Row[Any]],
) -> Contact:
    return Contact(
        source=source,
        contact_id=str(row.id),
        name=row.name,
        numbers=tuple(ContactNumber(one.written, one.match_key, one.label) for one in numbers),
        external_id=row.external_id,
        company=row.company,
        email=row.email,
        language=row.language,
        account_state=AccountState(row.account_state),
        account_note=row.account_note,
        balance=_money(row.balance_cents, row.currency),
        orders=tuple(_order(one) for one in orders),
        incidents=tuple(_incident(one) for one in incidents),
        notes=row.notes,
        fields=tuple((one.name, one.value) for one in fields),
    )


def _order(row: Row[Any]) -> Order:
    return Order(
        reference=row.reference,
        title=row.title,
        state=row.state,
        is_open=row.is_open,
        placed_on=row.placed_on,
        due_on=row.due_on,
        total=_money(row.total_cents, row.currency),
    )


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        reference=row.reference,
        title=row.title,
        state=row.state,
        is_open=row.is_open,
        severity=row.severity,
        owner=row.owner,
        opened_on=row.opened_on,
    )


def _money(cents: int | None, currency: str | None) -> Money | None:
    return None if cents is None else Money(cents, currency or "")


def _unreachable(error: BaseException) -> SourceError:
    return SourceError(
        "book-unreachable",
        "the customer book cannot be read",
        str(getattr(error, "orig", None) or error).splitlines()[0],
        "check that the database runs and that offhook may open it",
    )
