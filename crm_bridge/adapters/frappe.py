"""``kind = "frappe"``: the contacts of an ERPNext or Frappe CRM.

Needs the API key and secret of a user with the permission to read the DocType Contact (role "Sales User").
https://docs.frappe.io/framework/user/en/api/rest.

Calls: a Call Log of ERPNext, whose name is the call's id; the user needs the permission to read, create and write them,
which "System Manager" has and the Role Permission Manager gives to others.
https://docs.frappe.io/erpnext/user/manual/en/telephony.

About a contact, each by one question over the first customer that he is linked with, or over himself where he has none:
Sales Orders with their delivery status (open but for Completed, Closed and Cancelled; title: the customer's own order
number), items of those that were submitted, Issues (open but for Resolved and Closed; owner: whom it is assigned to),
and Communications of the customer or the contact but for those by phone. Orders and Issues are ERPNext's. Frappe itself
keeps e-mails back from a user who is no "Super Email User".
https://github.com/frappe/erpnext/blob/develop/erpnext/selling/doctype/sales_order/sales_order.json and
erpnext/support/doctype/issue/issue.json; https://github.com/frappe/frappe/blob/develop/frappe/core/doctype/communication
(communication.json, communication.py); https://docs.frappe.io/framework-git/rest-api/filters-fields-pagination.

Numbers: asked with a pattern that allows anything between the digits, over all numbers of a contact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from crm_bridge.about import Part, Teller
from crm_bridge.activity import CallActivity, text_of as words_of
from crm_bridge.belonging import Belonging
from crm_bridge.call_record import cleaned, is_inbound, safe_id, talk_s, was_answered
from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.forms import loose_pattern
from crm_bridge.found import Record, date_of, make_contact, money_of, text_of, touch_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.rows import MAX_NUMBERS, MAX_REFERENCE, MAX_VALUE
from crm_bridge.sources import Surroundings

#: contacts that are fetched whole, one question each, for their further numbers and their customer
MOST_DETAILS: Final = 10
_FIELDS: Final = '["name","first_name","last_name","company_name","email_id","phone","mobile_no"]'
_CONTACT: Final = "/api/resource/Contact"
_CALLS: Final = "/api/resource/Call%20Log"
_MAX_NAME: Final = 140
_SETTLED: Final = ("Completed", "Closed", "Cancelled", "Resolved")
_ORDER: Final = (
    "name", "po_no", "status", "delivery_status", "transaction_date", "delivery_date", "grand_total", "currency",
)  # fmt: skip
_ISSUE: Final = ("name", "subject", "status", "priority", "opening_date", "_assign")
_SAID: Final = ("name", "communication_date", "communication_medium", "subject", "sent_or_received", "sender_full_name")
_MEDIA: Final = {"Email": "e-mail", "Chat": "chat", "Meeting": "meeting", "Visit": "visit", "Other": ""}
_STATUS: Final = {"answered": "Completed", "busy": "Busy", "failed": "Failed", "abandoned": "Canceled"}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which site."""

    api_key: Annotated[Text, msgspec.Meta(description="API key of the user: User, Settings, API Access.")]
    token: Annotated[str | None, msgspec.Meta(description="API secret of the user.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    time_zone: Annotated[
        str, msgspec.Meta(description="Time zone of its System Settings, in which calls are written: `Europe/Rome`.")
    ] = "UTC"
    about: Annotated[
        tuple[Literal["orders", "incidents", "products", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"time_zone: no time zone is called {self.time_zone!r}") from None


class _Listed(msgspec.Struct):
    data: Records


class _One(msgspec.Struct):
    data: dict[str, Any]


class Frappe(HttpAdapter):
    """The contacts of one site."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"Authorization": f"token {options.api_key}:{options.token}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._zone = ZoneInfo(options.time_zone)
        self._customers = self.hold(Belonging(self.get, nobody=""))
        tellers: dict[Part, Teller] = {
            Part.ORDERS: self._orders,
            Part.INCIDENTS: self._incidents,
            Part.PRODUCTS: self._products,
            Part.CONTACTS: self._touches,
        }
        self.ask_about(options.about, tellers)

    async def find(self, number: Number) -> list[Contact]:
        """Contacts with this number."""
        if number.e164 is None:
            return []
        found = await self._listed([["Contact Phone", "phone", "like", loose_pattern(number)]], MAX_CANDIDATES + 1)
        whole = await gather_all(*(self.get(one.contact_id) for one in found[:MOST_DETAILS]))
        return [better or listed for better, listed in zip(whole, found, strict=False)] + found[MOST_DETAILS:]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Contacts with this text in their full name."""
        plain = text.replace("%", "").replace("_", " ").strip()
        return await self._listed([["Contact", "full_name", "like", f"%{plain}%"]], limit) if plain else []

    async def get(self, contact_id: str) -> Contact | None:
        """One contact with all of its numbers and its customer."""
        reply = await self.http.fetch("GET", f"{_CONTACT}/{segment(contact_id)}", expect=frozenset({404}))
        return None if reply.status == 404 else self._contact(self.http.parse_as(_One, reply).data)

    async def write_call(self, activity: CallActivity) -> str:
        """A Call Log, linked with its contact where there is one."""
        call = cleaned(activity)
        own = call.call_id if len(call.call_id) <= _MAX_NAME else safe_id(call.call_id)[:_MAX_NAME]
        record, path = self._log(call), f"{_CALLS}/{segment(own)}"
        known = await self.http.fetch("GET", path, expect=frozenset({404}))
        if known.status == 404:
            made = await self.http.store("POST", _CALLS, json=record | {"id": own}, expect=frozenset({409}))
            if made.status != 409:  # else somebody was quicker
                self.http.parse_as(_One, made)
                return own
        await self.http.store_as(_One, "PUT", path, json=record)
        return own

    def _log(self, call: CallActivity) -> dict[str, Any]:
        ours = (call.agents[0] if call.agents else "") or call.queue or ""
        ends = (call.number, ours) if is_inbound(call) else (ours, call.number)
        links = [{"link_doctype": "Contact", "link_name": call.contact_id}] if call.contact_id else []
        return {
            "from": ends[0][:_MAX_NAME],
            "to": ends[1][:_MAX_NAME],
            "medium": (call.queue or "")[:_MAX_NAME],
            "type": "Incoming" if is_inbound(call) else "Outgoing",
            "status": _STATUS.get(call.outcome, "No Answer"),
            "start_time": f"{call.started_at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}",
            "end_time": f"{call.ended_at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}",
            "duration": talk_s(call) if was_answered(call) else 0,
            "recording_url": call.recording_url if len(call.recording_url or "") <= _MAX_NAME else None,
            "summary": words_of(call),
            "links": links,
        }

    async def _orders(self, contact: Contact) -> list[Order]:
        whose = await self._whose("Sales Order", "contact_person", contact)
        return [_order(one) for one in await self._newest("Sales Order", [whose], _ORDER, "transaction_date")]

    async def _products(self, contact: Contact) -> list[str]:
        bought = [await self._whose("Sales Order", "contact_person", contact), ["Sales Order", "docstatus", "=", 1]]
        rows = await self._newest("Sales Order", bought, ("`tabSales Order Item`.`item_name`",), "transaction_date")
        return [text_of(one.get("item_name")) for one in rows]

    async def _incidents(self, contact: Contact) -> list[Incident]:
        whose = await self._whose("Issue", "contact", contact)
        return [_incident(one) for one in await self._newest("Issue", [whose], _ISSUE, "opening_date")]

    async def _touches(self, contact: Contact) -> list[Touch]:
        """Those linked with the customer and with the contact; one with both comes twice."""
        names = [contact.contact_id, *filter(None, [await self._customers.of(contact.contact_id)])]
        said: list[list[object]] = [
            ["Communication Link", "link_doctype", "in", ["Contact", "Customer"]],
            ["Communication Link", "link_name", "in", names],
            ["Communication", "communication_type", "=", "Communication"],
            ["Communication", "communication_medium", "!=", "Phone"],
        ]
        rows = await self._newest("Communication", said, _SAID, "communication_date", 2 * MAX_NUMBERS)
        once = {text_of(row.get("name")): row for row in rows}
        return [touch for row in once.values() for touch in _touch(row)]

    async def _newest(
        self, doctype: str, filters: list[list[object]], fields: Sequence[str], day: str, most: int = MAX_NUMBERS
    ) -> Records:
        params = {
            "filters": msgspec.json.encode(filters).decode(),
            "fields": msgspec.json.encode(fields).decode(),
            "order_by": f"`tab{doctype}`.`{day}` desc",
            "limit_page_length": str(most),
        }
        return (await self.http.fetch_as(_Listed, "GET", f"/api/resource/{segment(doctype)}", params=params)).data

    async def _whose(self, doctype: str, person: str, contact: Contact) -> list[object]:
        """The filter for what is the customer's, or the contact's own where he has no customer."""
        customer = await self._customers.of(contact.contact_id)
        return [doctype, "customer", "=", customer] if customer else [doctype, person, "=", contact.contact_id]

    async def _listed(self, filters: list[list[str]], limit: int) -> list[Contact]:
        asked = msgspec.json.encode(filters).decode()
        params = {"filters": asked, "fields": _FIELDS, "limit_page_length": str(limit)}
        rows = (await self.http.fetch_as(_Listed, "GET", _CONTACT, params=params)).data
        once = {text_of(row.get("name")): row for row in rows}  # a contact comes once for each of its numbers
        return [self._contact(row) for row in once.values()]

    def _contact(self, one: Record) -> Contact:
        rows = one.get("phone_nos")
        more = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        links = one.get("links")
        linked = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
        customer = next(
            (text_of(link.get("link_name")) for link in linked if link.get("link_doctype") == "Customer"), ""
        )
        own = text_of(one.get("name"))
        if isinstance(links, list):  # a list of contacts does not tell them
            self._customers.note(own, customer)
        return make_contact(
            self.name,
            self.region,
            contact_id=own,
            name=f"{text_of(one.get('first_name'))} {text_of(one.get('last_name'))}".strip() or own,
            phones=[
                ("", one.get("phone")),
                ("mobile", one.get("mobile_no")),
                *(("", row.get("phone")) for row in more),
            ],
            company=text_of(one.get("company_name")) or customer,
            email=text_of(one.get("email_id")),
            external_id=customer,
            url=f"{self.http.base}/app/contact/{segment(own)}",
            fields=[("Designation", one.get("designation")), ("Status", one.get("status"))],
        )


def _order(one: Record) -> Order:
    status, delivery = text_of(one.get("status"), 40), text_of(one.get("delivery_status"), 40)
    return Order(
        reference=text_of(one.get("name"), MAX_REFERENCE),
        title=text_of(one.get("po_no"), MAX_VALUE),
        state=", ".join(dict.fromkeys(filter(None, (status, delivery)))),
        is_open=status not in _SETTLED,
        placed_on=date_of(one.get("transaction_date")),
        due_on=date_of(one.get("delivery_date")),
        total=money_of(one.get("grand_total"), text_of(one.get("currency"), 3)),
    )


def _incident(one: Record) -> Incident:
    status = text_of(one.get("status"), 60)
    return Incident(
        reference=text_of(one.get("name"), MAX_REFERENCE),
        title=text_of(one.get("subject"), MAX_VALUE),
        state=status,
        is_open=status not in _SETTLED,
        severity=text_of(one.get("priority"), 40),
        owner=_assigned(one.get("_assign")) or None,
        opened_on=date_of(one.get("opening_date")),
    )


def _assigned(value: object) -> str:
    """The users in a text like ``["dana@example.com"]``, as Frappe keeps whom a document is assigned to."""
    try:
        users = msgspec.json.decode(value, type=list[str]) if isinstance(value, str) else []
    except msgspec.MsgspecError:
        return ""
    return text_of(", ".join(users), 100)


def _touch(one: Record) -> Iterator[Touch]:
    direction = text_of(one.get("sent_or_received"), 20)
    medium = text_of(one.get("communication_medium"), 40)
    by = one.get("sender_full_name") if direction == "Sent" else ""
    yield from touch_of(
        one.get("communication_date"), _MEDIA.get(medium, medium), one.get("subject"), direction=direction, by=by
    )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Frappe:
    """A Frappe site as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Frappe(name, options, surroundings)
