"""``kind = "suitecrm"``: contacts of a SuiteCRM 7.11 or later, 8 included, by its V8 interface.

Needs an OAuth2 client of the type "client credentials" (Admin, OAuth2 Clients and Tokens) whose user has the permission
to list these modules. https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/.

Calls: a record of the module Calls, which the user has to be allowed to edit and view; its id is made of the call's, as
the interface lets one choose it (Api/V8/Service/ModuleService.php), so it can be made once only. Its parent is the
customer. Times are UTC.

With ``about`` the user has to be allowed to view opportunities for orders, cases for incidents, e-mails and meetings
for contacts. What is told is described in crm_bridge/suitecrm_about.py; it knows contacts, accounts and leads, and
needs SuiteCRM 7.12 or later: relationships took no filter before (https://github.com/SuiteCRM/SuiteCRM/pull/9093).

Numbers: each form in ``stored_as`` is asked for in each of ``phone_fields``, one question each, as its filter compared
for equality only up to 7.11 (see its source, Api/V8/JsonApi/Repository/Filter.php). A site that stores all numbers in
one form says so and saves questions; numbers that are written in none of these forms are not found. From 7.12 on the
filter knows patterns: ``stored_as = ["any"]`` finds numbers however they are spaced, with one question a module.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge import suitecrm_about
from crm_bridge.about import Part, Teller
from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.belonging import Belonging
from crm_bridge.call_record import cleaned, is_inbound, talk_s, utc_text, was_answered
from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.forms import as_stored, loose_pattern
from crm_bridge.found import Record, first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, fetch_grant, gather_all, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.sign_on import SignOn, Token
from crm_bridge.sources import Surroundings

Form = Literal["e164", "00", "digits", "national", "spaced", "spaced national", "any"]
_PHONES = {
    "phone_mobile": "mobile",
    "phone_work": "work",
    "phone_home": "home",
    "phone_other": "",
    "phone_office": "work",
}
#: the length of a call's subject there (modules/Calls/vardefs.php)
_MAX_SUBJECT: Final = 50
_SHOWN: Final = ("first_name", "last_name", "name", "email1", "account_name", "account_id", "description", "title")
#: a field that a module does not have is an error there (Api/V8/Param/Options/Fields.php)
_SHOWN_OF_ACCOUNTS: Final = ("name", "email1", "description")


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which SuiteCRM, and how its numbers are written."""

    client_id: Annotated[Text, msgspec.Meta(description="Id of the OAuth2 client.")]
    secret: Annotated[str | None, msgspec.Meta(description="Secret of the OAuth2 client.")] = None
    secret_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    modules: Annotated[tuple[str, ...], msgspec.Meta(description="Modules that are looked through.")] = ("Contacts",)
    phone_fields: Annotated[
        tuple[str, ...], msgspec.Meta(description="Fields that are looked through, in each module.")
    ] = ("phone_mobile", "phone_work")
    stored_as: Annotated[
        tuple[Form, ...],
        msgspec.Meta(
            description="How numbers are written there: e164 (+39335…), 00 (0039335…), digits (39335…), national, "
            "spaced (+39 335 …), spaced national; `any` for all of these and others, from SuiteCRM 7.12 on."
        ),
    ] = ("e164", "national", "spaced", "spaced national")
    about: Annotated[
        tuple[Literal["orders", "incidents", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()


class _Item(msgspec.Struct):
    id: str
    attributes: dict[str, Any]


class _Listed(msgspec.Struct):
    data: list[_Item]


class _One(msgspec.Struct):
    data: _Item


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


class Suite(HttpAdapter):
    """The records of one SuiteCRM. An id is the module and Suite's own: ``Contacts/5f…``."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"Accept": "application/vnd.api+json"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._options = options
        self._sign_on = SignOn(self._grant)
        self._accounts = self.hold(Belonging(self.get, nobody=""))
        tellers: dict[Part, Teller] = {Part.ORDERS: self._orders, Part.INCIDENTS: self._incidents}
        self.ask_about(options.about, tellers | {Part.CONTACTS: self._contacts})

    async def find(self, number: Number) -> list[Contact]:
        """Records with this number in one of the forms."""
        if number.e164 is None:
            return []
        filters = self._filters(number)
        asked = [self._listed(module, one) for module in self._options.modules for one in filters]
        found = {one.contact_id: one for records in await gather_all(*asked) for one in records}
        return list(found.values())[: MAX_CANDIDATES + 1]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Records with exactly this first or last name, accounts of exactly this name."""
        asked = [
            self._listed(module, {f"filter[{field}][eq]": value})
            for module in self._options.modules
            for field, value in _searched(module, text)
        ]
        found = {one.contact_id: one for records in await gather_all(*asked) for one in records}
        return list(found.values())[:limit]

    async def get(self, contact_id: str) -> Contact | None:
        """One record."""
        module, _, own = contact_id.partition("/")
        if module not in self._options.modules or not own:
            return None
        path = f"/Api/V8/module/{segment(module)}/{segment(own)}"

        async def ask(token: Token) -> Contact | None:
            reply = await self.http.fetch("GET", path, headers=_bearer(token), expect=frozenset({400, 404}))
            return None if reply.status >= 400 else self._contact(module, self.http.parse_as(_One, reply).data)

        return await self._sign_on.ask(ask)

    async def write_call(self, activity: CallActivity) -> str:
        """A record of Calls, with its customer as parent where there is one."""
        call = cleaned(activity)
        own = str(uuid.uuid5(uuid.NAMESPACE_URL, call.marker))
        record = {"type": "Calls", "id": own, "attributes": _attributes(call)}

        async def store(token: Token) -> str:
            path, headers = "/Api/V8/module", _bearer(token) | {"Content-Type": "application/vnd.api+json"}
            known = await self.http.fetch("GET", f"{path}/Calls/{own}", headers=headers, expect=frozenset({400, 404}))
            method = "POST" if known.status >= 400 else "PATCH"
            return (await self.http.store_as(_One, method, path, json={"data": record}, headers=headers)).data.id

        return await self._sign_on.ask(store)

    async def _orders(self, contact: Contact) -> list[Order]:
        account = await self._account(contact.contact_id)
        own, his = await gather_all(
            self._related(contact.contact_id, "opportunities"), self._related(account, "opportunities")
        )
        found = {item.id: item.attributes for item in [*own, *his]}
        orders = map(suitecrm_about.order_of, found.values())
        return sorted(orders, key=lambda order: order.is_open, reverse=True)

    async def _incidents(self, contact: Contact) -> list[Incident]:
        found = await self._related(contact.contact_id, "cases")
        return [suitecrm_about.incident_of(item.attributes) for item in found]

    async def _contacts(self, contact: Contact) -> list[Touch]:
        emails, meetings = await gather_all(
            self._related(contact.contact_id, "emails"), self._related(contact.contact_id, "meetings")
        )
        touches = [touch for one in emails for touch in suitecrm_about.touches_of_email(one.attributes, contact)]
        return [*touches, *(touch for one in meetings for touch in suitecrm_about.touches_of_meeting(one.attributes))]

    async def _account(self, contact_id: str) -> str:
        """The account of a contact, as an id of this source; "" for none, and for an account itself."""
        return await self._accounts.of(contact_id) if contact_id.startswith("Contacts/") else ""

    async def _related(self, record: str, link: str) -> list[_Item]:
        """The newest records that are linked with one; none where its module has no such link."""
        module, _, own = record.partition("/")
        if not own or link not in suitecrm_about.LINKS.get(module, ()):
            return []
        path = f"/Api/V8/module/{module}/{segment(own)}/relationships/{link}"
        params = suitecrm_about.ASKED[link]

        async def ask(token: Token) -> _Listed:
            return await self.http.fetch_as(_Listed, "GET", path, params=params, headers=_bearer(token))

        return (await self._sign_on.ask(ask)).data

    def _filters(self, number: Number) -> list[dict[str, str]]:
        """What is asked for to find a number, one question each."""
        fields = self._options.phone_fields
        if "any" in self._options.stored_as:
            pattern = loose_pattern(number)
            return [{"filter[operator]": "or"} | {f"filter[{field}][like]": pattern for field in fields}]
        forms = as_stored(number, self.region, self._options.stored_as)
        return [{f"filter[{field}][eq]": form} for field in fields for form in forms]

    async def _listed(self, module: str, filters: dict[str, str]) -> list[Contact]:
        fields = _SHOWN_OF_ACCOUNTS if module == "Accounts" else _SHOWN
        shown = ",".join([*fields, *self._options.phone_fields])
        params = filters | {f"fields[{module}]": shown, "page[size]": str(MAX_CANDIDATES + 1)}

        async def ask(token: Token) -> _Listed:
            path = f"/Api/V8/module/{segment(module)}"
            return await self.http.fetch_as(_Listed, "GET", path, params=params, headers=_bearer(token))

        return [self._contact(module, item) for item in (await self._sign_on.ask(ask)).data]

    async def _grant(self) -> Token:
        client = {"client_id": self._options.client_id, "client_secret": self._options.secret or ""}
        form = {"grant_type": "client_credentials", **client}
        granted = await fetch_grant(self.http, _Granted, "/Api/access_token", form)
        return Token(granted.access_token, granted.expires_in)

    def _contact(self, module: str, item: _Item) -> Contact:
        one: Record = item.attributes
        name = f"{text_of(one.get('first_name'))} {text_of(one.get('last_name'))}".strip()
        contact_id, account = f"{module}/{text_of(item.id, 60)}", text_of(one.get("account_id"), 60)
        self._accounts.note(contact_id, f"Accounts/{account}" if account else "")
        phones = dict.fromkeys([*self._options.phone_fields, *_PHONES])
        return make_contact(
            self.name,
            self.region,
            contact_id=contact_id,
            name=name or first_text(one, "name"),
            phones=[(_PHONES.get(field, ""), one.get(field)) for field in phones],
            company=first_text(one, "account_name"),
            email=text_of(one.get("email1")),
            notes=one.get("description"),
            url=f"{self.http.base}/index.php?module={segment(module)}&action=DetailView&record={segment(item.id)}",
            fields=[("Title", one.get("title"))],
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Suite:
    """SuiteCRM as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "secret")
    return Suite(name, options, surroundings)


def _searched(module: str, text: str) -> list[tuple[str, str]]:
    """Fields and the values that they are compared with."""
    if module == "Accounts":
        return [("name", text)]
    return [(field, word.title()) for word in text.split()[:2] for field in ("first_name", "last_name")]


def _attributes(call: CallActivity) -> dict[str, Any]:
    hours, seconds = divmod(talk_s(call), 3600)
    module, _, customer = (call.contact_id or "").partition("/")
    return {
        "name": title_of(call)[:_MAX_SUBJECT],
        "direction": "Inbound" if is_inbound(call) else "Outbound",
        "status": "Held" if was_answered(call) else "Not Held",
        "date_start": utc_text(call.answered_at or call.started_at),
        "date_end": utc_text(call.ended_at),
        "duration_hours": hours,
        "duration_minutes": round(seconds / 60),
        "description": words_of(call),
        "parent_type": module if customer else "",
        "parent_id": customer,
    }


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.value}"}
