"""``kind = "espocrm"``: contacts, accounts and leads of an EspoCRM.

Needs an API user with a role that has the permission to read these (Administration, API Users).
https://docs.espocrm.com/development/api/ and https://docs.espocrm.com/development/api-search-params/.

Calls: an entity Call, which the role has to let create, read and edit; it is found again by the last line of its
description. A contact is an attendee of it, an account or lead its parent. Times are UTC.
https://docs.espocrm.com/development/api/crud/.

With ``about`` the role has to let read, too: opportunities (or sales orders of the Sales Pack, ``orders_from``) for
orders, cases for incidents, activities, e-mails and meetings for contacts. What is told is described in
crm_bridge/espocrm_about.py; of kinds of records other than contacts, accounts and leads nothing is told.
https://docs.espocrm.com/development/api/relationships/.

Numbers: asked with a pattern that allows anything between the digits, over all numbers of a record.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge import espocrm_about
from crm_bridge.about import Part, Teller
from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.belonging import Belonging
from crm_bridge.call_record import cleaned, holds, is_inbound, utc_text, was_answered
from crm_bridge.consent import Channel, says_no
from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.forms import loose_pattern
from crm_bridge.found import Record, first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.rows import MAX_NUMBERS
from crm_bridge.sources import Surroundings

#: records whose further numbers are fetched, one question each
MOST_DETAILS: Final = 5
#: kinds of records that have orders, and kinds that have cases and a history
_BUYERS: Final = ("Contact", "Account")
_CUSTOMERS: Final = (*_BUYERS, "Lead")
_SALES: Final = {"opportunities": espocrm_about.OPPORTUNITIES, "sales_orders": espocrm_about.SALES_ORDERS}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which EspoCRM, and what is looked through."""

    token: Annotated[str | None, msgspec.Meta(description="API key of the API user.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds the key on its first line.")] = None
    entities: Annotated[tuple[str, ...], msgspec.Meta(description="Kinds of records that are looked through.")] = (
        "Contact",
        "Account",
        "Lead",
    )
    assigned_user: Annotated[
        str,
        msgspec.Meta(description="Id of the user whom written calls belong to; needed where the field is required."),
    ] = ""
    about: Annotated[
        tuple[Literal["orders", "incidents", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()
    orders_from: Annotated[
        Literal["opportunities", "sales_orders"],
        msgspec.Meta(description="What the orders are: `sales_orders` needs the extension Sales Pack."),
    ] = "opportunities"


class _Listed(msgspec.Struct):
    rows: Records = msgspec.field(name="list")


class _Made(msgspec.Struct):
    id: str


class Espo(HttpAdapter):
    """The records of one EspoCRM. An id is the kind and Espo's own: ``Contact/5f…``."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"X-Api-Key": options.token or ""}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._entities = options.entities
        self._assigned_user = options.assigned_user
        self._sales = _SALES[options.orders_from]
        self._accounts = self.hold(Belonging(self.get, nobody=""))
        tellers: dict[Part, Teller] = {Part.ORDERS: self._orders, Part.INCIDENTS: self._incidents}
        self.ask_about(options.about, tellers | {Part.CONTACTS: self._contacts})

    async def find(self, number: Number) -> list[Contact]:
        """Records with this number."""
        if number.e164 is None:
            return []
        found = await self._listed("like", "phoneNumber", loose_pattern(number), MAX_CANDIDATES + 1)
        lacking = [one for one in found if number.key not in {each.key for each in one.numbers}][:MOST_DETAILS]
        whole = await gather_all(*(self.get(one.contact_id) for one in lacking))
        better = {one.contact_id: one for one in whole if one is not None}
        return [better.get(one.contact_id, one) for one in found]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Records with this text in their name."""
        return await self._listed("contains", "name", text, limit)

    async def get(self, contact_id: str) -> Contact | None:
        """One record with all of its numbers."""
        entity, _, own = contact_id.partition("/")
        if entity not in self._entities or not own:
            return None
        path = f"/api/v1/{segment(entity)}/{segment(own)}"
        reply = await self.http.fetch("GET", path, expect=frozenset({404}))
        return None if reply.status == 404 else self._contact(entity, self.http.parse_as(dict[str, Any], reply))

    async def write_call(self, activity: CallActivity) -> str:
        """An entity Call, with its customer where there is one."""
        call = cleaned(activity)
        where = {"where[0][type]": "like", "where[0][attribute]": "description"}
        params = where | {"where[0][value]": f"%{call.marker}", "select": "id,description", "maxSize": "5"}
        listed = await self.http.fetch_as(_Listed, "GET", "/api/v1/Call", params=params)
        known = next((text_of(one.get("id"), 60) for one in listed.rows if holds(one.get("description"), call)), "")
        method, path = ("PUT", f"/api/v1/Call/{segment(known)}") if known else ("POST", "/api/v1/Call")
        return (await self.http.store_as(_Made, method, path, json=self._record(call))).id

    async def _orders(self, contact: Contact) -> list[Order]:
        entity, own = self._parts_of(contact)
        if entity not in _BUYERS:
            return []
        sales = self._sales
        account = own if entity == "Account" else await self._accounts.of(contact.contact_id)
        newest = {"select": sales.select, "orderBy": sales.newest, "order": "desc"}
        where = espocrm_about.whose(sales, own if entity == "Contact" else "", account)
        path, asked = f"/api/v1/{sales.entity}", newest | where
        filters = (sales.is_open, sales.is_done)
        now, done = await gather_all(*(self._newest(path, asked | {"primaryFilter": one}) for one in filters))
        return [*(sales.read(one, True) for one in now), *(sales.read(one, False) for one in done)]

    async def _incidents(self, contact: Contact) -> list[Incident]:
        entity, own = self._parts_of(contact)
        if entity not in _CUSTOMERS:
            return []
        path, asked = f"/api/v1/{entity}/{segment(own)}/cases", espocrm_about.CASES
        now, latest = await gather_all(self._newest(path, asked | {"primaryFilter": "open"}), self._newest(path, asked))
        known = {one.get("id") for one in now}
        incidents = [espocrm_about.incident_of(one, True) for one in now]
        return incidents + [espocrm_about.incident_of(one, False) for one in latest if one.get("id") not in known]

    async def _contacts(self, contact: Contact) -> list[Touch]:
        entity, own = self._parts_of(contact)
        if entity not in _CUSTOMERS:
            return []
        history = f"/api/v1/Activities/{entity}/{segment(own)}/history/list"
        emails, meetings = await gather_all(
            self._newest(f"{history}/Email", espocrm_about.EMAILS),
            self._newest(f"{history}/Meeting", espocrm_about.MEETINGS),
        )
        touches = [touch for one in emails for touch in espocrm_about.touches_of_email(one, contact)]
        return [*touches, *(touch for one in meetings for touch in espocrm_about.touches_of_meeting(one))]

    def _parts_of(self, contact: Contact) -> tuple[str, str]:
        """The kind of record and Espo's own id; two empty texts where it is none of ours."""
        entity, _, own = contact.contact_id.partition("/")
        return (entity, own) if entity in self._entities and own else ("", "")

    async def _newest(self, path: str, params: dict[str, str]) -> Records:
        asked = params | {"maxSize": str(MAX_NUMBERS)}
        return (await self.http.fetch_as(_Listed, "GET", path, params=asked)).rows

    def _record(self, call: CallActivity) -> dict[str, Any]:
        entity, _, own = (call.contact_id or "").partition("/")
        is_contact = entity == "Contact" and bool(own)
        assigned = {"assignedUserId": self._assigned_user} if self._assigned_user else {}
        return assigned | {
            "name": title_of(call),
            "status": "Held" if was_answered(call) else "Not Held",
            "direction": "Inbound" if is_inbound(call) else "Outbound",
            "dateStart": utc_text(call.answered_at or call.started_at),
            "dateEnd": utc_text(call.ended_at),
            "description": words_of(call),
            "contactsIds": [own] if is_contact else [],
            "parentType": entity if own and not is_contact else None,
            "parentId": own if own and not is_contact else None,
        }

    async def _listed(self, kind: str, attribute: str, value: str, limit: int) -> list[Contact]:
        where = {"where[0][type]": kind, "where[0][attribute]": attribute, "where[0][value]": value}
        asked = [self._one_kind(entity, where | {"maxSize": str(limit)}) for entity in self._entities]
        return [one for found in await gather_all(*asked) for one in found][:limit]

    async def _one_kind(self, entity: str, params: dict[str, str]) -> list[Contact]:
        listed = await self.http.fetch_as(_Listed, "GET", f"/api/v1/{segment(entity)}", params=params)
        return [self._contact(entity, one) for one in listed.rows]

    def _contact(self, entity: str, one: Record) -> Contact:
        own = text_of(one.get("id"), 60)
        data = one.get("phoneNumberData")
        more = [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []
        self._accounts.note(f"{entity}/{own}", text_of(one.get("accountId"), 60))
        return make_contact(
            self.name,
            self.region,
            contact_id=f"{entity}/{own}",
            name=text_of(one.get("name")),
            phones=[
                ("", one.get("phoneNumber")),
                *((text_of(each.get("type")), each.get("phoneNumber")) for each in more),
            ],
            company=first_text(one, "accountName"),
            email=text_of(one.get("emailAddress")),
            notes=one.get("description"),
            url=f"{self.http.base}/#{segment(entity)}/view/{segment(own)}",
            fields=[("Kind", entity), ("Title", one.get("title"))],
            consents=[
                *says_no(one.get("doNotCall"), Channel.PHONE, "says EspoCRM"),
                *says_no(one.get("phoneNumberIsOptedOut"), Channel.PHONE, "says EspoCRM"),
                *says_no(one.get("emailAddressIsOptedOut"), Channel.EMAIL, "says EspoCRM"),
            ],
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Espo:
    """EspoCRM as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Espo(name, options, surroundings)
