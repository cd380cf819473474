"""``kind = "odoo"``: Odoo's partners, by JSON-2 (19 and later) or JSON-RPC (up to 21).

Needs an API key of a user with the permission to read contacts (group "Contact Creation" or an own one with read access
to ``res.partner``). https://www.odoo.com/documentation/19.0/developer/reference/external_api.html and
https://www.odoo.com/documentation/18.0/developer/reference/external_api.html.

Calls: a note among the messages of the partner (``message_post`` with the subtype "Note"), which a user may write who
may write contacts; its Message-Id is made of the call's id, so it is found again. Odoo 17 and later.
https://www.odoo.com/documentation/19.0/developer/reference/backend/mixins.html#posting-messages.

With ``about``: orders and products need read access to sales orders ("User: Own Documents Only" tells the user's own),
incidents the app Helpdesk (Enterprise) and read access to its tickets, contacts nothing more. Which fields there are is
asked once, as they differ by version and installed apps. What is told is described in crm_bridge/odoo_about.py.

Numbers: asked by ``phone_mobile_search`` of Odoo's own module phone_validation, which leaves out blanks and signs on
its side; by any other field with a pattern that allows anything between the digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge import odoo_about
from crm_bridge.about import Part
from crm_bridge.activity import CallActivity
from crm_bridge.belonging import Belonging
from crm_bridge.call_record import cleaned, hash_of, html_of, refused, without_customer
from crm_bridge.consent import Channel, says_no
from crm_bridge.contact import Contact, Incident, Order, SourceError, SourceRefusedError, Touch
from crm_bridge.forms import loose_pattern, significant_digits
from crm_bridge.found import Record, first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.rows import MAX_NUMBERS
from crm_bridge.sign_on import SignOn, Token
from crm_bridge.sources import Surroundings

SEARCH_FIELD: Final = "phone_mobile_search"
#: of the same module and the same mixin as the field above: whether the number is on Odoo's own list of refusals
_BLACKLISTED: Final = "phone_sanitized_blacklisted"
_FIELDS: Final = ("name", "email", "ref", "lang", "commercial_company_name", "commercial_partner_id", "city")
_MODEL: Final = "res.partner"
_DENIED: Final = ("AccessDenied", "AccessError")
#: errors of Odoo that the same record will always cause
_NEVER: Final = ("ValidationError", "UserError", "MissingError", "RedirectWarning", "ValueError", "TypeError")
_MESSAGES: Final = "mail.message"
#: the error of JSON-RPC for a model that is not there (odoo/service/model.py)
_NO_MODEL: Final = ".UserError"


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Odoo, and how it is asked."""

    database: Annotated[Text, msgspec.Meta(description="Name of the database.")]
    api: Annotated[Literal["json2", "jsonrpc"], msgspec.Meta(description="`jsonrpc` for Odoo 18 and earlier.")] = (
        "json2"
    )
    user: Annotated[str, msgspec.Meta(description="Log-in name of the key's user; needed for `jsonrpc`.")] = ""
    token: Annotated[str | None, msgspec.Meta(description="API key: Preferences, Account Security.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds the key on its first line.")] = None
    search_fields: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Fields that are searched; without the module phone_validation: `phone`, `mobile`."),
    ] = (SEARCH_FIELD,)
    number_fields: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Fields that hold numbers; Odoo 19 has no `mobile` any more."),
    ] = ("phone",)
    more: Annotated[dict[str, str], msgspec.Meta(description="Label on the card = field of the partner.")] = (
        msgspec.field(default_factory=dict)
    )
    about: Annotated[
        tuple[Literal["orders", "incidents", "products", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()


class Odoo(HttpAdapter):
    """Partners of one database."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"X-Odoo-Database": options.database}
        if options.api == "json2":
            headers["Authorization"] = f"bearer {options.token}"
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._options = options
        self._sign_on = SignOn(self._authenticate)
        self._companies = self.hold(Belonging(self.get, nobody=""))
        self._fields: dict[str, list[str]] = {}
        tellers = {Part.ORDERS: self._orders, Part.INCIDENTS: self._incidents}
        self.ask_about(options.about, tellers | {Part.PRODUCTS: self._products, Part.CONTACTS: self._contacts})

    async def find(self, number: Number) -> list[Contact]:
        """Partners with this number."""
        if number.e164 is None:
            return []
        terms: list[Any] = []
        for field in self._options.search_fields:
            own = field == SEARCH_FIELD
            terms.append(
                [field, "like", significant_digits(number)] if own else [field, "=ilike", loose_pattern(number)]
            )
        return await self._partners(["|"] * (len(terms) - 1) + terms, MAX_CANDIDATES + 1)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Partners with this text in name, company, e-mail or reference: Odoo's own ``complete_name``."""
        domain = ["|", "|", ["name", "ilike", text], ["email", "ilike", text], ["ref", "=", text]]
        return await self._partners(domain, limit)

    async def get(self, contact_id: str) -> Contact | None:
        """One partner."""
        if not _is_id(contact_id):
            return None
        found = await self._partners([["id", "=", int(contact_id)]], 1)
        return found[0] if found else None

    async def write_call(self, activity: CallActivity) -> str:
        """A note on the partner. Raises ActivityRefusedError ``crm-call-nobody`` without one."""
        call = cleaned(activity)
        if call.contact_id is None or not call.contact_id.isdecimal():
            raise without_customer(self.name)
        partner, mark, body = int(call.contact_id), f"<offhook.{hash_of(call.call_id)}@offhook>", html_of(call)
        for known in await self._search_read(_MESSAGES, [["message_id", "=", mark]], ["res_id"], 1):
            if known.get("res_id") == partner:
                await self._store(_MESSAGES, "write", known["id"], vals={"body": body})
                return str(known["id"])
            await self._store(_MESSAGES, "unlink", known["id"])
        note = {"message_type": "comment", "subtype_xmlid": "mail.mt_note", "message_id": mark}
        posted = await self._store(_MODEL, "message_post", partner, body=body, body_is_html=True, **note)
        return text_of(posted[0] if isinstance(posted, list) and posted else posted)

    async def _orders(self, contact: Contact) -> list[Order]:
        return [odoo_about.order_of(one) for one in await self._told(odoo_about.ORDERS, contact)]

    async def _incidents(self, contact: Contact) -> list[Incident]:
        return [odoo_about.incident_of(one) for one in await self._told(odoo_about.INCIDENTS, contact)]

    async def _products(self, contact: Contact) -> list[str]:
        return [odoo_about.product_of(one) for one in await self._told(odoo_about.PRODUCTS, contact)]

    async def _contacts(self, contact: Contact) -> list[Touch]:
        messages, meetings = await gather_all(self._told(odoo_about.MESSAGES, contact), self._meetings(contact))
        touches = [touch for one in messages for touch in odoo_about.touches_of_message(one, contact)]
        return [*touches, *(touch for one in meetings for touch in odoo_about.touches_of_meeting(one))]

    async def _meetings(self, contact: Contact) -> Records:
        try:
            return await self._told(odoo_about.MEETINGS, contact)
        except _NoModelError:
            return []  # the app Calendar is not installed

    async def _told(self, asked: odoo_about.Asked, contact: Contact) -> Records:
        """The newest records about a partner, with those of the fields that this Odoo has."""
        own = contact.contact_id
        if not _is_id(own):
            return []
        fields, company = await gather_all(self._known_fields(asked), self._company(own))
        return await self._search_read(asked.model, asked.domain(int(own), company), fields, MAX_NUMBERS, asked.order)

    async def _company(self, own: str) -> int:
        """The partner whose orders are also this one's: his company, or himself."""
        return int(await self._companies.of(own) or own)

    async def _known_fields(self, asked: odoo_about.Asked) -> list[str]:
        if asked.model not in self._fields:
            known = await self._fields_get(asked.model, {"allfields": list(asked.fields), "attributes": ["type"]})
            self._fields[asked.model] = [field for field in asked.fields if field in known]
        return self._fields[asked.model]

    async def _fields_get(self, model: str, asked: dict[str, Any]) -> Record:
        if self._options.api == "json2":
            path, missing = f"/json/2/{model}/fields_get", frozenset({404})
            reply = await self.http.fetch("POST", path, json=asked, expect=missing)
            if reply.status in missing:
                raise _no_model(model)
            return self.http.parse_as(dict[str, Any], reply)
        try:
            known = await self._sign_on.ask(lambda uid: self._execute(uid, model, "fields_get", [], asked))
        except _FaultError as fault:
            raise (_no_model(model) if fault.why.endswith(_NO_MODEL) else fault) from None
        if not isinstance(known, dict):
            raise _garbage()
        return known

    async def _partners(self, domain: Sequence[Any], limit: int) -> list[Contact]:
        fields = [*_FIELDS, *self._options.number_fields, *self._options.more.values()]
        if SEARCH_FIELD in self._options.search_fields:
            fields.append(_BLACKLISTED)
        return [self._contact(one) for one in await self._search_read(_MODEL, domain, fields, limit)]

    async def _search_read(
        self, model: str, domain: Sequence[Any], fields: list[str], limit: int, order: str = ""
    ) -> Records:
        limited = {"fields": fields, "limit": limit} | ({"order": order} if order else {})
        if self._options.api == "json2":
            asked = {"domain": list(domain), **limited}
            return await self.http.fetch_as(Records, "POST", f"/json/2/{model}/search_read", json=asked)
        found = await self._sign_on.ask(lambda uid: self._execute(uid, model, "search_read", [domain], limited))
        return _records(found)

    async def _store(self, model: str, method: str, record: int, **values: Any) -> object:
        """Call a method that changes one record. Raises what ``HttpClient.store`` raises."""
        if self._options.api == "json2":
            asked = {"ids": [record], **values}
            return await self.http.store_as(object, "POST", f"/json/2/{model}/{method}", json=asked)
        given = [[record], *([values.pop("vals")] if "vals" in values else [])]
        try:
            return await self._sign_on.ask(lambda uid: self._execute(uid, model, method, given, values))
        except _FaultError as fault:
            if fault.why.rpartition(".")[2] in _NEVER:
                raise refused(self.name, fault.why, "may this user write contacts? is it Odoo 17 or later?") from None
            raise

    async def _authenticate(self) -> Token:
        args: list[Any] = [self._options.database, self._options.user, self._options.token, {}]
        uid = await self._rpc("common", "authenticate", args)
        if not isinstance(uid, int) or not uid:
            hint = "check database, user and key"
            raise SourceRefusedError("crm-refused", "Odoo does not let us in", "no such user or key", hint)
        return Token(str(uid))

    async def _execute(self, uid: Token, model: str, method: str, given: list[Any], named: dict[str, Any]) -> object:
        who = [self._options.database, int(uid.value), self._options.token]
        return await self._rpc("object", "execute_kw", [*who, model, method, given, named])

    async def _rpc(self, service: str, method: str, args: list[Any]) -> object:
        params = {"service": service, "method": method, "args": args}
        call = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
        reply = await self.http.fetch_as(dict[str, Any], "POST", "/jsonrpc", json=call)
        if isinstance(fault := reply.get("error"), dict):
            raise _fault(fault)
        if "result" not in reply:
            raise _garbage()
        return reply["result"]

    def _contact(self, one: Record) -> Contact:
        self._companies.note(text_of(one.get("id"), 20), odoo_about.company_of(one))
        form = "/odoo/res.partner/{}" if self._options.api == "json2" else "/web#id={}&model=res.partner&view_type=form"
        return make_contact(
            self.name,
            self.region,
            contact_id=one.get("id"),
            name=text_of(one.get("name")),
            phones=[("" if key == "phone" else key, one.get(key)) for key in self._options.number_fields],
            company=first_text(one, "commercial_company_name"),
            email=text_of(one.get("email")),
            language=text_of(one.get("lang")).partition("_")[0],
            external_id=text_of(one.get("ref")),
            url=self.http.base + form.format(text_of(one.get("id"), 20)),
            fields=[
                ("City", one.get("city")),
                *((label, _shown(one.get(key))) for label, key in self._options.more.items()),
            ],
            consents=says_no(one.get(_BLACKLISTED), Channel.PHONE, "on Odoo's phone blacklist"),
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Odoo:
    """Odoo as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Odoo(name, options, surroundings)


class _FaultError(SourceError):
    """An error that Odoo told; ``why`` is its class."""


class _NoModelError(SourceError):
    """An app is not installed."""


def _no_model(model: str) -> SourceError:
    hint = "install the app that has it, or leave the part out of about"
    return _NoModelError("crm-failed", f"this Odoo has no {model}", "", hint)


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= 12


def _records(answer: object) -> Records:
    try:
        return msgspec.convert(answer, Records)
    except msgspec.ValidationError:
        raise _garbage() from None


def _shown(value: object) -> object:
    """Odoo gives a link as a pair of id and name."""
    return value[1] if isinstance(value, list) and len(value) == 2 else value


def _fault(fault: Record) -> SourceError:
    """An error in JSON-RPC comes with status 200; only its class is told, its text may name a person."""
    data = fault.get("data")
    kind = text_of(data.get("name"), 100) if isinstance(data, dict) else ""
    if kind.rpartition(".")[2] in _DENIED:
        hint = "check user and key, and that the user may read contacts"
        return SourceRefusedError("crm-refused", "Odoo does not permit the question", kind, hint)
    hint = "check database, search_fields and number_fields: a field may not exist in this version"
    return _FaultError("crm-failed", "Odoo answered with an error", kind, hint)


def _garbage() -> SourceError:
    return SourceError("crm-garbage", "Odoo answered something that makes no sense", "", "check url: is it Odoo's?")
