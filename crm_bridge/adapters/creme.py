"""``kind = "creme"``: contacts and organisations of a Creme 2.x, from its database.

Creme has no interface for other programs, so this needs a database user with the permission to SELECT from the tables
``persons_contact``, ``persons_organisation`` and ``creme_core_cremeentity``, and nothing else. Deleted entities are
left out; Creme's own rules of who may see what do not apply. https://github.com/HybirdCorp/creme_crm.

What else is told (``about``), and where it is read: ``crm_bridge/creme_about.py``. It needs more tables, which
docs/crm/own-server.md names for each part; of ``creme_core_cremeuser``, which holds passwords, the names only.

Numbers: asked with a pattern that allows anything between the digits.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge import creme_about as about
from crm_bridge.about import Part, Teller, Telling
from crm_bridge.adapters import sql
from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.http_source import gather_all
from crm_bridge.number import Number
from crm_bridge.options import AdapterOptions, Text
from crm_bridge.sources import Surroundings

_ENTITY: Final = "JOIN creme_core_cremeentity e ON e.id = p.cremeentity_ptr_id WHERE NOT e.is_deleted AND"
_CONTACTS: Final = " ".join(
    (
        "SELECT p.cremeentity_ptr_id AS id, p.first_name AS first_name, p.last_name AS last_name, '' AS company,",
        "p.phone AS phone, p.mobile AS mobile, p.email AS email, e.description AS notes, 'contact' AS kind",
        "FROM persons_contact p",
        _ENTITY,
    )
)
_ORGANISATIONS: Final = " ".join(
    (
        "UNION ALL SELECT p.cremeentity_ptr_id, '', '', p.name, p.phone, '', p.email, e.description, 'organisation'",
        "FROM persons_organisation p",
        _ENTITY,
    )
)
_FIND: Final = f"{_CONTACTS} (p.phone LIKE :pattern OR p.mobile LIKE :pattern) {_ORGANISATIONS} p.phone LIKE :pattern"
_SEARCH: Final = " ".join(
    (
        _CONTACTS,
        "(lower(p.last_name) LIKE lower(:text) OR lower(p.first_name) LIKE lower(:text))",
        _ORGANISATIONS,
        "lower(p.name) LIKE lower(:text)",
    )
)
_GET: Final = f"{_CONTACTS} p.cremeentity_ptr_id = :id {_ORGANISATIONS} p.cremeentity_ptr_id = :id"


class Options(AdapterOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Creme, and its database."""

    url: Annotated[Text, msgspec.Meta(description="SQLAlchemy's address of Creme's database, without the password.")]
    password: Annotated[str | None, msgspec.Meta(description="Password of the database user.")] = None
    password_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    pages_url: Annotated[
        str, msgspec.Meta(description="Address of Creme itself, for the link to the customer; empty: no link.")
    ] = ""
    about: Annotated[
        tuple[Literal["orders", "incidents", "products", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()
    orders_done: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Names of statuses of orders and quotes that say that nothing is left to do."),
    ] = ()


class Creme(Telling):
    """The people and organisations of one Creme. An id is that of Creme's entity."""

    def __init__(self, database: sql.Database, options: Options, region: str) -> None:
        self._database = database
        self._pages = options.pages_url.rstrip("/")
        self._done = frozenset(options.orders_done)
        self._region = region
        tellers: dict[Part, Teller] = {
            Part.ORDERS: self._orders,
            Part.INCIDENTS: self._incidents,
            Part.PRODUCTS: self._products,
            Part.CONTACTS: self._touches,
        }
        self.ask_about(options.about, tellers)

    async def find(self, number: Number) -> list[Contact]:
        """Entities with this number. Raises SourceError."""
        return [] if number.e164 is None else [self._linked(one) for one in await self._database.find(number)]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Entities with this text in a name. Raises SourceError."""
        return [self._linked(one) for one in await self._database.search(text, limit)]

    async def get(self, contact_id: str) -> Contact | None:
        """One entity. Raises SourceError."""
        if not _is_id(contact_id):
            return None
        found = await self._database.get(contact_id)
        return None if found is None else self._linked(found)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    async def _orders(self, contact: Contact) -> list[Order]:
        return list(about.orders(await self._rows(about.ORDERS, contact), self._region, self._done))

    async def _incidents(self, contact: Contact) -> list[Incident]:
        return list(about.incidents(await self._rows(about.TICKETS, contact), self._region))

    async def _products(self, contact: Contact) -> list[Any]:
        return [row["item"] for row in await self._rows(about.PRODUCTS, contact)]

    async def _touches(self, contact: Contact) -> list[Touch]:
        mails, activities = await gather_all(self._rows(about.MAILS, contact), self._rows(about.ACTIVITIES, contact))
        return list(about.touches([*mails, *activities], self._region))

    async def _rows(self, query: str, contact: Contact) -> list[dict[str, Any]]:
        return await self._database.fetch_rows(query, contact.contact_id) if _is_id(contact.contact_id) else []

    def _linked(self, contact: Contact) -> Contact:
        """With the link to Creme's page, which is another for each kind of entity."""
        kind = dict(contact.fields).get("kind", "")
        url = f"{self._pages}/persons/{kind}/{contact.contact_id}" if self._pages and kind else None
        return msgspec.structs.replace(contact, url=url, fields=())


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Creme:
    """Creme as a source. Raises OffhookError ``crm-options`` or ``crm-extra``."""
    asked = sql.Options(
        url=options.url, password=options.password, query=_FIND, search_query=_SEARCH, get_query=_GET, id_is_number=True
    )
    return Creme(sql.open_adapter(name, asked, surroundings), options, surroundings.region)


def _is_id(contact_id: str) -> bool:
    return contact_id.isdecimal() and contact_id.isascii() and len(contact_id) <= 18
