"""What HubSpot knows about a contact: deals or orders, tickets, line items of won deals, e-mails and meetings.

All are found by the search for ``associations.contact``
(https://developers.hubspot.com/docs/api-reference/legacy/crm/search-the-crm, "Search through associations"): what hangs
on the contact himself, not what hangs on his company only. Calls are not asked for, so none of Offhook's own is told.

Open is what its pipeline's stage says: ``isClosed`` of a deal's, ``ticketState`` of a ticket's, ``state`` of an order's
(https://developers.hubspot.com/docs/api-reference/legacy/crm/pipelines/guide and ``…/crm/objects/orders/guide``).
Where the stage is not to be had: ``hs_is_closed`` of the deal, ``closed_date`` of the ticket; an order counts as open.
Deals that were lost are left out. The day of a deal is that of its making. An order's delivery is
``hs_fulfillment_status``; it says nowhere that it was cancelled but in the name of its stage.

E-mails: ``…/crm/activities/emails/guide``; which way one went is ``hs_email_direction``. Meetings: until now, without
those that were cancelled or missed (``…/crm/activities/meetings/guide``). Who of the house had them are the owners'
names (``…/crm/owners/guide``), none if the app may not read them.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from crm_bridge.bucket import Bucket
from crm_bridge.contact import Contact, Incident, Order, SourceSparedError, Touch
from crm_bridge.found import Record, date_of, first_text, money_of, text_of, touch_of
from crm_bridge.http_source import HttpClient, gather_all, segment
from crm_bridge.rows import MAX_NUMBERS, MAX_REFERENCE

#: how long names of stages and owners are kept, in seconds: they hardly ever change
KEPT_S: Final = 3_600.0
MOST_OWNERS: Final = 500
#: how long a part of a customer waits for its turn, in seconds: who calls next is asked for behind it
MOST_WAIT_S: Final = 4.0
#: what HubSpot takes in one batch
MOST_LINES: Final = 100
_ID: Final = re.compile(r"[0-9]{1,20}")
_UNSENT: Final = frozenset({"BOUNCED", "FAILED", "SCHEDULED", "SENDING"})
_UNHELD: Final = frozenset({"CANCELED", "NO_SHOW", "RESCHEDULED"})
_WAYS: Final = {"EMAIL": "out", "INCOMING_EMAIL": "in"}


class Item(msgspec.Struct):
    """A record of any kind."""

    id: str
    properties: dict[str, Any]


class _Found(msgspec.Struct):
    results: list[Item]


class _Stage(msgspec.Struct):
    id: str
    label: str
    metadata: dict[str, Any] = {}

    @property
    def is_open(self) -> bool:
        told = self.metadata
        return told.get("isClosed") != "true" and "CLOSED" not in (told.get("ticketState"), told.get("state"))


class _Pipeline(msgspec.Struct):
    stages: list[_Stage]


class _Pipelines(msgspec.Struct):
    results: list[_Pipeline]


class _Owner(msgspec.Struct):
    id: str
    first: str | None = msgspec.field(name="firstName", default=None)
    last: str | None = msgspec.field(name="lastName", default=None)
    email: str | None = None

    @property
    def name(self) -> str:
        return f"{text_of(self.first)} {text_of(self.last)}".strip() or text_of(self.email)


class _Owners(msgspec.Struct):
    results: list[_Owner]


class _To(msgspec.Struct):
    id: int | str = msgspec.field(name="toObjectId")


class _From(msgspec.Struct):
    to: list[_To]


class _Links(msgspec.Struct):
    results: list[_From]


class PacedSearch:
    """HubSpot's search, for all kinds of records together asked no more often than HubSpot lets it be."""

    def __init__(self, http: HttpClient, per_s: float) -> None:
        self._http = http
        self._bucket = Bucket(per_s)

    async def fetch(self, kind: str, question: dict[str, Any], longest_s: float = float("inf")) -> list[Item]:
        """Records of a kind, ``contacts`` or ``deals``, once it is this question's turn.

        Raises SourceError, SourceSparedError where its turn would come after ``longest_s``.
        """
        wait_s = self._bucket.reserve(time.monotonic(), longest_s)
        if wait_s is None:
            what, why = "HubSpot may not be asked so often", f"its turn would come in more than {longest_s:g} s"
            raise SourceSparedError("crm-too-many-questions", what, why, "name fewer parts in about of this source")
        await asyncio.sleep(wait_s)
        return (await self._http.fetch_as(_Found, "POST", f"/crm/v3/objects/{kind}/search", json=question)).results

    async def fetch_of(
        self, contact: Contact, kind: str, newest_by: str, properties: Iterable[str], *alternatives: dict[str, str]
    ) -> list[Item]:
        """The newest records that hang on a contact, of which one of the ``alternatives`` is true, if there are any."""
        if not _ID.fullmatch(contact.contact_id):
            return []
        own = {"propertyName": "associations.contact", "operator": "EQ", "value": contact.contact_id}
        groups = [{"filters": [own, other]} for other in alternatives] or [{"filters": [own]}]
        newest = [{"propertyName": newest_by, "direction": "DESCENDING"}]
        asked = {"filterGroups": groups, "sorts": newest, "properties": [*properties], "limit": MAX_NUMBERS}
        return await self.fetch(kind, asked, MOST_WAIT_S)


class HubSpotRecords:
    """The tellers of one account. Each raises SourceError."""

    def __init__(self, http: HttpClient, search: PacedSearch, orders_from: str) -> None:
        self._http = http
        self._search = search
        self._orders_from = orders_from
        self._stages: dict[str, tuple[float, dict[str, _Stage]]] = {}
        self._owners: tuple[float, dict[str, str]] = (float("-inf"), {})

    async def orders(self, contact: Contact) -> list[Order]:
        """Deals that are open or won, or the orders of a shop."""
        return await (self._deals(contact) if self._orders_from == "deals" else self._shop_orders(contact))

    async def incidents(self, contact: Contact) -> list[Incident]:
        """Tickets."""
        names = ("subject", "hs_pipeline_stage", "hs_ticket_priority", "createdate", "closed_date", "hubspot_owner_id")
        tickets = await self._search.fetch_of(contact, "tickets", "createdate", names)
        stages, owners = await self._stages_of("tickets", tickets), await self._owners_of(tickets)
        return [_incident(one, stages.get(_stage_id(one)), owners) for one in tickets]

    async def products(self, contact: Contact) -> list[str]:
        """Names of the line items of deals that were won, the latest deal's first."""
        won = {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}
        deals = await self._search.fetch_of(contact, "deals", "closedate", ("dealname",), won)
        if not deals:
            return []
        asked = {"inputs": [{"id": deal.id} for deal in deals]}
        links = await self._http.fetch_as(
            _Links, "POST", "/crm/v4/associations/deals/line_items/batch/read", json=asked
        )
        wanted = [{"id": str(to.id)} for link in links.results for to in link.to][:MOST_LINES]
        if not wanted:
            return []
        named = {"inputs": wanted, "properties": ["name"]}
        lines = await self._http.fetch_as(_Found, "POST", "/crm/v3/objects/line_items/batch/read", json=named)
        return [text_of(line.properties.get("name")) for line in lines.results]

    async def touches(self, contact: Contact) -> list[Touch]:
        """E-mails, and meetings that were held."""
        emails, meetings = await gather_all(self._emails(contact), self._meetings(contact))
        owners = await self._owners_of([*emails, *meetings])
        return [
            *(touch for one in emails for touch in _mailed(one.properties, owners)),
            *(touch for one in meetings for touch in _met(one.properties, owners)),
        ]

    async def _deals(self, contact: Contact) -> list[Order]:
        names = ("dealname", "dealstage", "amount", "deal_currency_code", "createdate", "hs_is_closed")
        open_, won = (
            {"propertyName": name, "operator": "EQ", "value": value}
            for name, value in (("hs_is_closed", "false"), ("hs_is_closed_won", "true"))
        )
        deals = await self._search.fetch_of(contact, "deals", "createdate", names, open_, won)
        stages = await self._stages_of("deals", deals)
        return [_deal(one, stages.get(_stage_id(one))) for one in deals]

    async def _shop_orders(self, contact: Contact) -> list[Order]:
        names = (
            *("hs_order_name", "hs_pipeline_stage", "hs_fulfillment_status", "hs_total_price", "hs_currency_code"),
            *("hs_external_created_date", "hs_createdate"),
        )
        orders = await self._search.fetch_of(contact, "order", "hs_createdate", names)
        stages = await self._stages_of("order", orders)
        return [_shop_order(one, stages.get(_stage_id(one))) for one in orders]

    async def _emails(self, contact: Contact) -> list[Item]:
        names = ("hs_timestamp", "hs_email_subject", "hs_email_direction", "hs_email_status", "hubspot_owner_id")
        return await self._search.fetch_of(contact, "emails", "hs_timestamp", names)

    async def _meetings(self, contact: Contact) -> list[Item]:
        names = ("hs_timestamp", "hs_meeting_title", "hs_meeting_outcome", "hubspot_owner_id")
        now = str(round(datetime.now(UTC).timestamp() * 1000))
        past = {"propertyName": "hs_timestamp", "operator": "LTE", "value": now}
        return await self._search.fetch_of(contact, "meetings", "hs_timestamp", names, past)

    async def _stages_of(self, kind: str, records: list[Item]) -> dict[str, _Stage]:
        """All stages of this kind, by id; none if the app may not read them."""
        read_at, stages = self._stages.get(kind, (float("-inf"), {}))
        if not records or time.monotonic() - read_at < KEPT_S:
            return stages
        reply = await self._http.fetch("GET", f"/crm/v3/pipelines/{segment(kind)}", expect=frozenset({403}))
        told = [] if reply.status == 403 else self._http.parse_as(_Pipelines, reply).results
        stages = {stage.id: stage for pipeline in told for stage in pipeline.stages}
        self._stages[kind] = (time.monotonic(), stages)
        return stages

    async def _owners_of(self, records: list[Item]) -> dict[str, str]:
        """The names of those who have these records, by id; none if the app may not read them."""
        read_at, owners = self._owners
        wanted = any(one.properties.get("hubspot_owner_id") for one in records)
        if not wanted or time.monotonic() - read_at < KEPT_S:
            return owners
        params = {"limit": str(MOST_OWNERS)}
        reply = await self._http.fetch("GET", "/crm/v3/owners", params=params, expect=frozenset({403}))
        told = [] if reply.status == 403 else self._http.parse_as(_Owners, reply).results
        self._owners = (time.monotonic(), {one.id: one.name for one in told})
        return self._owners[1]


def _stage_id(item: Item) -> str:
    return first_text(item.properties, "dealstage", "hs_pipeline_stage")


def _deal(item: Item, stage: _Stage | None) -> Order:
    one = item.properties
    return Order(
        reference=text_of(item.id, MAX_REFERENCE),
        title=text_of(one.get("dealname")),
        state=text_of(stage.label, 100) if stage else text_of(one.get("dealstage"), 100),
        is_open=stage.is_open if stage else one.get("hs_is_closed") != "true",
        placed_on=date_of(one.get("createdate")),
        total=money_of(one.get("amount"), text_of(one.get("deal_currency_code"))),
    )


def _shop_order(item: Item, stage: _Stage | None) -> Order:
    one = item.properties
    states = (text_of(stage.label, 100) if stage else "", text_of(one.get("hs_fulfillment_status"), 100))
    return Order(
        reference=first_text(one, "hs_order_name")[:MAX_REFERENCE] or text_of(item.id, MAX_REFERENCE),
        state=", ".join(dict.fromkeys(filter(None, states))),
        is_open=stage.is_open if stage else True,
        placed_on=date_of(one.get("hs_external_created_date")) or date_of(one.get("hs_createdate")),
        total=money_of(one.get("hs_total_price"), text_of(one.get("hs_currency_code"))),
    )


def _incident(item: Item, stage: _Stage | None, owners: dict[str, str]) -> Incident:
    one = item.properties
    return Incident(
        reference=text_of(item.id, MAX_REFERENCE),
        title=text_of(one.get("subject")),
        state=text_of(stage.label, 100) if stage else text_of(one.get("hs_pipeline_stage"), 100),
        is_open=stage.is_open if stage else not one.get("closed_date"),
        severity=text_of(one.get("hs_ticket_priority"), 100).lower(),
        owner=_owner(one, owners) or None,
        opened_on=date_of(one.get("createdate")),
    )


def _mailed(one: Record, owners: dict[str, str]) -> Iterator[Touch]:
    if one.get("hs_email_status") not in _UNSENT:
        way = _WAYS.get(text_of(one.get("hs_email_direction"), 40), "")
        title = one.get("hs_email_subject")
        yield from touch_of(one.get("hs_timestamp"), "e-mail", title, direction=way, by=_owner(one, owners))


def _met(one: Record, owners: dict[str, str]) -> Iterator[Touch]:
    if one.get("hs_meeting_outcome") not in _UNHELD:
        yield from touch_of(one.get("hs_timestamp"), "meeting", one.get("hs_meeting_title"), by=_owner(one, owners))


def _owner(one: Record, owners: dict[str, str]) -> str:
    return owners.get(text_of(one.get("hubspot_owner_id"), 40), "")
