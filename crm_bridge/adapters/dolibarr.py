"""``kind = "dolibarr"``: contacts and third parties of a Dolibarr.

Needs the API key of a user with the permission to read third parties and contacts; the module "API/Web services REST"
has to be on. https://wiki.dolibarr.org/index.php?title=Module_Web_Services_API_REST_(developer).

Calls: an event of the agenda of the type "Phone call" (``AC_TEL``), for which the user needs the permission to create
his own events and to read them; it is found again by the last line of its note.
https://github.com/Dolibarr/dolibarr/blob/develop/htdocs/comm/action/class/api_agendaevents.class.php.

About a customer, each by one question over the third party, a contact's own company (and the contact's own events):
orders (title: the customer's reference; open: draft, validated, shipment in process; not open: delivered, canceled;
due: planned delivery), products in the lines of orders that were validated, tickets (all but closed and canceled ones
are open), and events of the agenda that are not to do: e-mails, meetings and whatever else people enter, no phone
calls; of what Dolibarr enters itself only the documents sent by mail. Who had an event is read from the users.
https://github.com/Dolibarr/dolibarr/blob/develop/htdocs/commande/class/api_orders.class.php and commande.class.php
(``STATUS_``), htdocs/ticket/class/api_tickets.class.php and ticket.class.php, api_agendaevents.class.php; types of
events: htdocs/install/mysql/data/llx_c_actioncomm.sql.

Numbers: asked with a pattern (``sqlfilters``, operator ``like``) that allows anything between the digits.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge.about import Part, Teller
from crm_bridge.activity import CallActivity, title_of
from crm_bridge.belonging import Belonging
from crm_bridge.call_record import cleaned, epoch_s, holds, html_of
from crm_bridge.contact import AccountState, Contact, Incident, Order, Touch
from crm_bridge.dolibarr_about import (
    BY_MAIL,
    ORDER_FIELDS,
    TICKET_FIELDS,
    incident_of,
    order_of,
    person_of,
    products_of,
    touches_of,
)
from crm_bridge.forms import loose_pattern
from crm_bridge.found import Record, first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.rows import MAX_NUMBERS
from crm_bridge.sources import Surroundings

_PHONES: Final = {
    "contacts": {"t.phone": "phone_pro", "t.phone_mobile": "phone_mobile", "t.phone_perso": "phone_perso"},
    "thirdparties": {"t.phone": "phone"},
}
_LABELS: Final = {"phone_pro": "work", "phone_mobile": "mobile", "phone_perso": "home", "phone": ""}
_API: Final = "/api/index.php"
_EVENTS: Final = f"{_API}/agendaevents"
#: events by the ids of their types: neither to do (0 %) nor phone calls (1) nor, but for mails, entered by itself (40)
_TOUCHES: Final = f"(t.percent:!=:0) and (t.fk_action:!=:1) and ((t.fk_action:!=:40) or (t.code:like:'%{BY_MAIL}'))"
_NAMES: Final = {"contacts": ("t.lastname", "t.firstname"), "thirdparties": ("t.nom", "t.code_client")}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Dolibarr."""

    token: Annotated[str | None, msgspec.Meta(description="API key of the user.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    objects: Annotated[
        tuple[str, ...], msgspec.Meta(description="What is looked through: `contacts`, `thirdparties`.")
    ] = ("contacts", "thirdparties")
    about: Annotated[
        tuple[Literal["orders", "incidents", "products", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)
        if unknown := [one for one in self.objects if one not in _PHONES]:
            raise ValueError(f"objects: expected contacts or thirdparties, got {unknown[0]}")


class Dolibarr(HttpAdapter):
    """The records of one Dolibarr. An id is the kind and Dolibarr's own: ``contacts/12``."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"DOLAPIKEY": options.token or ""}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._objects = options.objects
        self._own_id = ""
        self._companies = self.hold(Belonging(self.get, nobody=""))
        self._users: dict[str, str] = {}
        tellers: dict[Part, Teller] = {
            Part.ORDERS: self._orders,
            Part.INCIDENTS: self._incidents,
            Part.PRODUCTS: self._products,
            Part.CONTACTS: self._touches,
        }
        self.ask_about(options.about, tellers)

    async def find(self, number: Number) -> list[Contact]:
        """Records with this number."""
        if number.e164 is None:
            return []
        pattern = loose_pattern(number)
        asked = [self._listed(kind, tuple(_PHONES[kind]), pattern, MAX_CANDIDATES + 1) for kind in self._objects]
        return [one for found in await gather_all(*asked) for one in found][: MAX_CANDIDATES + 1]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Records with this text in a name or customer code. Signs that mean something in a filter are left out."""
        plain = "".join(c for c in text if c.isalnum() or c in " .@-").strip()
        if not plain:
            return []
        asked = [self._listed(kind, _NAMES[kind], f"%{plain}%", limit) for kind in self._objects]
        return [one for found in await gather_all(*asked) for one in found][:limit]

    async def get(self, contact_id: str) -> Contact | None:
        """One record."""
        kind, _, own = contact_id.partition("/")
        if kind not in self._objects or not own.isdecimal():
            return None
        reply = await self.http.fetch("GET", f"/api/index.php/{kind}/{segment(own)}", expect=frozenset({404}))
        return None if reply.status == 404 else self._contact(kind, self.http.parse_as(dict[str, Any], reply))

    async def write_call(self, activity: CallActivity) -> str:
        """An event that is done, with its customer where there is one."""
        call = cleaned(activity)
        params = {"sqlfilters": f"(t.note:like:'%{call.marker}%')", "limit": "5"}
        reply = await self.http.fetch("GET", _EVENTS, params=params, expect=frozenset({404}))
        rows = [] if reply.status == 404 else self.http.parse_as(Records, reply)
        known = next((text_of(one.get("id"), 20) for one in rows if holds(one.get("note_private"), call)), "")
        event = await self._event(call)
        if known:
            await self.http.store_as(dict[str, Any], "PUT", f"{_EVENTS}/{segment(known)}", json=event)
            return known
        return text_of(await self.http.store_as(object, "POST", _EVENTS, json=event), 20)

    async def _event(self, call: CallActivity) -> dict[str, Any]:
        if not self._own_id:
            me = await self.http.fetch_as(dict[str, Any], "GET", f"{_API}/users/info")
            self._own_id = text_of(me.get("id"), 20)
        return await self._customer(call.contact_id or "") | {
            "type_code": "AC_TEL",
            "label": title_of(call),
            "note_private": html_of(call),
            "datep": epoch_s(call.started_at),
            "datef": epoch_s(call.ended_at),
            "percentage": 100,
            "userownerid": self._own_id,
        }

    async def _customer(self, contact_id: str) -> dict[str, Any]:
        """Third party and contact of an event."""
        kind, _, own = contact_id.partition("/")
        if kind == "thirdparties" and own.isdecimal():
            return {"socid": int(own), "contact_id": 0}
        if kind != "contacts" or not own.isdecimal():
            return {}
        reply = await self.http.fetch("GET", f"{_API}/contacts/{own}", expect=frozenset({404}))
        company = self.http.parse_as(dict[str, Any], reply).get("socid") if reply.status < 400 else None
        return {"contact_id": int(own)} | ({"socid": company} if company else {})

    async def _orders(self, contact: Contact) -> list[Order]:
        return [order_of(one) for one in await self._of_company("orders", contact, ORDER_FIELDS, "t.date_commande")]

    async def _products(self, contact: Contact) -> list[str]:
        placed = {"sqlfilters": "(t.fk_statut:>:0)"}
        orders = await self._of_company("orders", contact, "lines", "t.date_commande", placed)
        return [product for one in orders for product in products_of(one)]

    async def _incidents(self, contact: Contact) -> list[Incident]:
        return [incident_of(one) for one in await self._of_company("tickets", contact, TICKET_FIELDS, "t.datec")]

    async def _touches(self, contact: Contact) -> list[Touch]:
        company, person = await self._customer_ids(contact)
        whose = [f"(t.fk_soc:=:{company})"] * bool(company) + [f"(t.fk_contact:=:{person})"] * bool(person)
        if not whose:
            return []
        asked = {"sqlfilters": f"({' or '.join(whose)}) and {_TOUCHES}"}
        events = await self._newest("agendaevents", "t.datep", asked)
        names = await self._user_names({text_of(one.get("userownerid"), 20) for one in events})
        return [touch for one in events for touch in touches_of(one, names)]

    async def _of_company(
        self, path: str, contact: Contact, fields: str, sort: str, more: dict[str, str] | None = None
    ) -> list[Record]:
        company, _ = await self._customer_ids(contact)
        name = "thirdparty_ids" if path == "orders" else "socid"
        return await self._newest(path, sort, {name: company, "properties": fields} | (more or {})) if company else []

    async def _newest(self, path: str, sort: str, asked: dict[str, str]) -> list[Record]:
        """Records, none of which is status 404 up to version 20."""
        params = asked | {"sortfield": sort, "sortorder": "DESC", "limit": str(MAX_NUMBERS)}
        reply = await self.http.fetch("GET", f"{_API}/{path}", params=params, expect=frozenset({404}))
        return [] if reply.status == 404 else [*self.http.parse_as(Records, reply)]

    async def _customer_ids(self, contact: Contact) -> tuple[str, str]:
        """The third party and the contact, each "" where there is none."""
        kind, _, own = contact.contact_id.partition("/")
        if kind not in _PHONES or not own.isdecimal():
            return "", ""
        return (own, "") if kind == "thirdparties" else (await self._companies.of(contact.contact_id), own)

    async def _user_names(self, ids: set[str]) -> dict[str, str]:
        """Names of users by their ids; those that may not be read are missing."""
        missing = sorted(one for one in ids - self._users.keys() if one.isdecimal() and int(one))
        if missing:
            params = {"user_ids": ",".join(missing), "properties": "id,firstname,lastname", "limit": str(len(missing))}
            reply = await self.http.fetch("GET", f"{_API}/users", params=params, expect=frozenset({401, 403, 404}))
            for one in self.http.parse_as(Records, reply) if reply.status < 400 else []:
                self._users[text_of(one.get("id"), 20)] = person_of(one)
        return self._users

    async def _listed(self, kind: str, columns: tuple[str, ...], pattern: str, limit: int) -> list[Contact]:
        """Nobody found is status 404 up to version 20, an empty list later."""
        filters = " or ".join(f"({column}:like:'{pattern}')" for column in columns)
        params = {"sqlfilters": filters, "limit": str(limit)}
        reply = await self.http.fetch("GET", f"/api/index.php/{kind}", params=params, expect=frozenset({404}))
        return [] if reply.status == 404 else [self._contact(kind, one) for one in self.http.parse_as(Records, reply)]

    def _contact(self, kind: str, one: Record) -> Contact:
        own = text_of(one.get("id"), 20)
        if kind == "contacts":
            self._companies.note(f"{kind}/{own}", _company_of(one))
        page = f"contact/card.php?id={segment(own)}" if kind == "contacts" else f"societe/card.php?socid={segment(own)}"
        closed = text_of(one.get("status")) == "0"
        return make_contact(
            self.name,
            self.region,
            contact_id=f"{kind}/{own}",
            name=person_of(one) if kind == "contacts" else text_of(one.get("name")),
            phones=[(_LABELS[field], one.get(field)) for field in _PHONES[kind].values()],
            company=first_text(one, "socname", "thirdparty_name"),
            email=text_of(one.get("email")),
            external_id=text_of(one.get("code_client")),
            language=text_of(one.get("default_lang")).partition("_")[0],
            notes=one.get("note_public"),
            account_state=AccountState.CLOSED if closed else AccountState.UNKNOWN,
            url=f"{self.http.base}/{page}",
            fields=[("Town", one.get("town")), ("Post", one.get("poste"))],
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Dolibarr:
    """Dolibarr as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Dolibarr(name, options, surroundings)


def _company_of(one: Record) -> str:
    """The third party of a contact; "" for none, which may be told as 0."""
    company = text_of(one.get("socid"), 20)
    return company if company.isdecimal() and int(company) else ""
