"""The embedded customer book: customers with their numbers, orders and incidents, in Offhook's own database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

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
from crm_bridge.quick_reader import Asked, QuickReader
from crm_bridge.schema import (
    customer_consents,
    customer_fields,
    customer_incidents,
    customer_numbers,
    customer_orders,
    customers,
)
from cti.errors import driver_words

#: numbers, fields, orders and incidents of one customer that are read for a card, the open ones first
SHOWN_OF_EACH = 20
_ORDER = customer_orders.c
_INCIDENT = customer_incidents.c
#: the customer himself, or he of whom he is now a part
_WHOLE = func.coalesce(customers.c.merged_into, customers.c.id)


def _first(table: Table, *order: ColumnElement[Any]) -> Select[Any]:
    """The first SHOWN_OF_EACH rows of each customer of ``ids`` in ``order``: one may have thousands of orders."""
    place = func.row_number().over(partition_by=table.c.customer_id, order_by=order).label("place")
    numbered = select(table, place).where(table.c.customer_id.in_(_IDS)).subquery()
    return select(numbered).where(numbered.c.place <= SHOWN_OF_EACH).order_by(numbered.c.customer_id, numbered.c.place)


# Made once: to make a question anew costs more than SQLite takes to answer it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_FOUND = select(_WHOLE).join(customer_numbers, customer_numbers.c.customer_id == customers.c.id)
_BY_KEY = _FOUND.where(customer_numbers.c.match_key == bindparam("key")).limit(MAX_CANDIDATES + 1)
_BY_TAIL = _FOUND.where(customer_numbers.c.tail == bindparam("key")).limit(MAX_CANDIDATES + 1)
# Most customers lack most of these: to ask for what there is not takes longer than to see that it is not there.
_PARTS = (customer_numbers, customer_fields, customer_orders, customer_incidents, customer_consents)
_HAS = [exists().where(one.c.customer_id == customers.c.id).label(f"has_{one.name}") for one in _PARTS]
_RECORDS = (
    select(customers, *_HAS)
    .where(or_(customers.c.id.in_(_IDS), customers.c.merged_into.in_(_IDS)))
    .order_by(customers.c.id)
)
_NUMBERS = _first(customer_numbers, customer_numbers.c.position)
_FIELDS = _first(customer_fields, customer_fields.c.position)
_ORDERS = _first(customer_orders, _ORDER.is_open.desc(), _ORDER.placed_on.desc(), _ORDER.id)
_INCIDENTS = _first(customer_incidents, _INCIDENT.is_open.desc(), _INCIDENT.opened_on.desc(), _INCIDENT.id)


class CustomerBook:
    """Finds customers by number, by any field, and by id. A short connection per question."""

    local = True

    def __init__(self, engine: AsyncEngine, source: str = "book") -> None:
        self._engine = engine
        self._reader = QuickReader(engine)
        self._source = source

    async def find(self, number: Number) -> list[Contact]:
        """Customers with this number; if there is none, those whose number ends alike. At most MAX_CANDIDATES + 1.

        Raises SourceError ``book-unreachable`` when the database cannot answer.
        """
        if number.key is None:
            return []
        asked = [(_BY_KEY, number.key), (_BY_TAIL, number.tail)]
        try:
            return await self._reader.read(partial(self._find, asked))
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error

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

    async def _contacts(self, question: Select[Any], limit: int = MAX_CANDIDATES + 1) -> list[Contact]:
        """The customers whom the question gives, complete, in its order. It may take its time: it has its own way."""
        try:
            async with self._engine.connect() as connection:
                rows = (await connection.execute(question.limit(limit))).scalars()
                ids = list(dict.fromkeys(rows))
                return await self._complete(connection, ids) if ids else []
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error

    async def _find(self, asked: Sequence[tuple[Select[Any], str | None]], connection: Asked) -> list[Contact]:
        """The customers whom the first question with an answer gives, complete, in its order."""
        for question, key in asked:
            if key is not None:
                rows = (await connection.execute(question, {"key": key})).scalars()
                if ids := list(dict.fromkeys(rows)):
                    return await self._complete(connection, ids)
        return []

    async def _complete(self, connection: Asked, ids: Sequence[int]) -> list[Contact]:
        rows = (await connection.execute(_RECORDS, {"ids": ids})).all()
        questions = (_NUMBERS, _FIELDS, _ORDERS, _INCIDENTS)
        numbers, fields, orders, incidents = [
            await _by_customer(connection, question, _having(rows, part))
            for question, part in zip(questions, _PARTS, strict=False)
        ]
        words = await fetch_consents(connection, _having(rows, customer_consents))
        whole: dict[int, list[Contact]] = {one: [] for one in ids}
        for row in sorted(rows, key=lambda row: row.merged_into is not None):
            one = _contact(self._source, row, numbers[row.id], orders[row.id], incidents[row.id], fields[row.id])
            whole[row.merged_into or row.id].append(one)
        said = {
            one: holding(word for part in whole[one] for word in words.get(int(part.contact_id), ())) for one in ids
        }
        return [make_whole(whole[one], said[one], SHOWN_OF_EACH) for one in ids if whole[one]]


async def _by_customer(connection: Asked, question: Select[Any], ids: Sequence[int]) -> Mapping[int, list[Row[Any]]]:
    grouped: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    if ids:
        for row in await connection.execute(question, {"ids": ids}):
            grouped[row.customer_id].append(row)
    return grouped


def _having(rows: Sequence[Row[Any]], part: Table) -> list[int]:
    return [row.id for row in rows if row._mapping[f"has_{part.name}"]]


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
        driver_words(error),
        "check that the database runs and that offhook may open it",
    )
