"""``kind = "tryton"``: the parties of a Tryton, by its JSON-RPC.

Needs a user with the permission to read parties and contact mechanisms; one without any group has it.
https://docs.tryton.org/latest/server/topics/protocols.html (up to 7.8 the calls go to ``/<database>/``: set ``path``).

Calls: a note (``ir.note``) on the party, found again by its last line; who may read a party may write notes on it,
unless an administrator has restricted notes. The text of a note cannot be changed: it is deleted and written anew, at
another party only if Offhook was not started again in between. https://docs.tryton.org/latest/client-desktop/usage.html#notes.

What else is told (``about``), and where it is read: ``crm_bridge/tryton_about.py``. Orders and products need the module
sale, incidents the module sale_complaint; all three the group "Sales" and the user's company. E-mails need nothing.

Numbers: Tryton keeps each without blanks in ``value_compact``, as E.164 where it can; asked is whether that ends with
the number without country code and trunk prefix.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge import tryton_about as about
from crm_bridge.about import Part, Teller
from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.call_record import cleaned, holds, refused, without_customer
from crm_bridge.contact import Contact, Incident, Order, SourceError, SourceRefusedError, Touch
from crm_bridge.forms import significant_digits
from crm_bridge.found import Record, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.remembered import Remembered
from crm_bridge.rows import MAX_NUMBERS
from crm_bridge.sign_on import SignOn, Token
from crm_bridge.sources import Surroundings

_NOTE: Final = "model.ir.note"
#: errors that the same record will always cause (trytond/exceptions.py)
_NEVER: Final = ("UserError", "UserWarning")
_PHONES: Final = ["phone", "mobile"]
_MECHANISMS: Final = "contact_mechanisms"
_SHOWN: Final = ["name", "code", "full_name", "lang.code", f"{_MECHANISMS}.type", f"{_MECHANISMS}.value"]


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Tryton."""

    database: Annotated[Text, msgspec.Meta(description="Name of the database.")]
    user: Annotated[Text, msgspec.Meta(description="Log-in name.")]
    password: Annotated[str | None, msgspec.Meta(description="Its password.")] = None
    password_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    path: Annotated[str, msgspec.Meta(description='Behind the database in the address; "" up to Tryton 7.8.')] = "rpc/"
    about: Annotated[
        tuple[Literal["orders", "incidents", "products", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()


class Tryton(HttpAdapter):
    """The parties of one database."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        super().__init__(name, options, surroundings.region, surroundings.timeout_s)
        self._options = options
        self._path = f"/{segment(options.database)}/{options.path}"
        self._sign_on = SignOn(self._log_in)
        self._remembered = Remembered[str]()
        self._tells_orders = Part.ORDERS in options.about
        tellers: dict[Part, Teller] = {
            Part.ORDERS: self._orders,
            Part.INCIDENTS: self._incidents,
            Part.PRODUCTS: self._products,
            Part.CONTACTS: self._mails,
        }
        self.ask_about(options.about, tellers)

    async def find(self, number: Number) -> list[Contact]:
        """Parties with this number."""
        if number.e164 is None:
            return []
        domain = [["type", "in", _PHONES], ["value_compact", "ilike", f"%{significant_digits(number)}"]]
        asked = [domain, 0, MAX_CANDIDATES + 1, None, ["party"], {}]
        rows = await self._ask("model.party.contact_mechanism.search_read", asked)
        return await self._parties(
            list(dict.fromkeys(row["party"] for row in rows if isinstance(row.get("party"), int)))
        )

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Parties with this text in name, code or a contact, as Tryton's own search has it."""
        plain = text.replace("%", "").strip()
        if not plain:
            return []
        rows = await self._ask(
            "model.party.party.search_read", [[["rec_name", "ilike", f"%{plain}%"]], 0, limit, None, ["id"], {}]
        )
        return await self._parties([row["id"] for row in rows if isinstance(row.get("id"), int)])

    async def get(self, contact_id: str) -> Contact | None:
        """One party."""
        if not _is_id(contact_id):
            return None
        rows = await self._ask(
            "model.party.party.search_read", [[["id", "=", int(contact_id)]], 0, 1, None, ["id"], {}]
        )
        found = await self._parties([row["id"] for row in rows])
        return found[0] if found else None

    async def write_call(self, activity: CallActivity) -> str:
        """A note on the party. Raises ActivityRefusedError ``crm-call-nobody`` without one."""
        call = cleaned(activity)
        if call.contact_id is None or not call.contact_id.isdecimal():
            raise without_customer(self.name)
        party, words = f"party.party,{call.contact_id}", f"{title_of(call)}\n{words_of(call)}"
        rows = [row for row in await self._notes(party, call) if isinstance(row.get("id"), int)]
        same = [row["id"] for row in rows if row.get("message") == words][:1]
        own = same[0] if same else await self._make({"resource": party, "message": words})
        before = self._remembered.get(call.call_id)
        others = {row["id"] for row in rows} | ({int(before)} if before else set())
        if others - {own}:
            await self._store("delete", [sorted(others - {own}), {}])
        self._remembered.put(call.call_id, str(own))
        return str(own)

    async def _orders(self, contact: Contact) -> list[Order]:
        return [about.order_of(row) for row in await self._told(about.ORDERS, contact)]

    async def _incidents(self, contact: Contact) -> list[Incident]:
        return [about.incident_of(row) for row in await self._told(about.COMPLAINTS, contact)]

    async def _products(self, contact: Contact) -> list[str]:
        return [about.product_of(row) for row in await self._told(about.BOUGHT, contact)]

    async def _mails(self, contact: Contact) -> list[Touch]:
        if not _is_id(contact.contact_id):
            return []
        forms = [f"party.party,{contact.contact_id}", *await self._forms_of_orders(contact)]
        asked = [[["resource", "in", forms]], 0, MAX_NUMBERS, about.NEWEST, about.MAIL_FIELDS, {}]
        rows = await self._ask("model.ir.email.search_read", asked)
        return [touch for row in rows for touch in about.touches_of(row)]

    async def _forms_of_orders(self, contact: Contact) -> list[str]:
        if not self._tells_orders:
            return []
        try:
            return [f"{about.ORDERS.model},{row['id']}" for row in await self._told(about.ORDERS, contact)]
        except SourceError:
            return []  # said of the orders themselves

    async def _told(self, asked: about.Asked, contact: Contact) -> Records:
        """The newest records of this party."""
        if not _is_id(contact.contact_id):
            return []
        domain = [[asked.party, "=", int(contact.contact_id)], *asked.others]
        params = [domain, 0, MAX_NUMBERS, about.NEWEST, asked.fields, {}]
        try:
            return await self._ask(f"model.{asked.model}.search_read", params)
        except _FaultError as fault:
            raise about.untold(asked, fault.why) from None

    async def _notes(self, party: str, call: CallActivity) -> Records:
        """The notes on this party that are about this call: no others may be looked for without being administrator."""
        domain = [["resource", "=", party], ["message", "like", f"%{call.marker}"]]
        rows = await self._ask(f"{_NOTE}.search_read", [domain, 0, 20, None, ["message"], {}])
        return [row for row in rows if holds(row.get("message"), call)]

    async def _make(self, values: dict[str, str]) -> int:
        made = await self._store("create", [[values], {}])
        if not (isinstance(made, list) and made and isinstance(made[0], int)):
            raise _garbage()
        return made[0]

    async def _store(self, method: str, params: list[Any]) -> object:
        try:
            return await self._sign_on.ask(
                lambda token: self._call(f"{_NOTE}.{method}", params, {"Authorization": token.value})
            )
        except _FaultError as fault:
            if fault.why in _NEVER:
                hint = "may this user write notes, and is the party still there?"
                raise refused(self.name, fault.why, hint) from None
            raise

    async def _parties(self, ids: Sequence[int]) -> list[Contact]:
        if not ids:
            return []
        rows = await self._ask("model.party.party.read", [list(ids), _SHOWN, {}])
        return [self._contact(row) for row in rows]

    async def _log_in(self) -> Token:
        """A wrong password is status 401. The session has no end of its own; one that ended is 401 too."""
        who = [self._options.user, {"password": self._options.password}]
        session = await self._call("common.db.login", who, {})
        if not (isinstance(session, list) and len(session) > 1):
            hint = "a second factor cannot be asked for here: give this user none"
            raise SourceRefusedError("crm-refused", "Tryton does not let us in", "no session was given", hint)
        key = base64.b64encode(f"{self._options.user}:{session[0]}:{session[1]}".encode()).decode()
        return Token(f"Session {key}")

    async def _ask(self, method: str, params: list[Any]) -> Records:
        answer = await self._sign_on.ask(lambda token: self._call(method, params, {"Authorization": token.value}))
        try:
            return msgspec.convert(answer, Records)
        except msgspec.ValidationError:
            raise _garbage() from None

    async def _call(self, method: str, params: list[Any], headers: dict[str, str]) -> object:
        """An error comes in the body with status 200; only its kind is told."""
        call = {"id": 1, "method": method, "params": params}
        reply = await self.http.fetch_as(dict[str, Any], "POST", self._path, json=call, headers=headers)
        if "error" in reply:
            fault = reply["error"]
            kind = text_of(fault[0], 40) if isinstance(fault, list) and fault else ""
            hint = "check database and path, and that the module party is activated"
            raise _FaultError("crm-failed", "Tryton answered with an error", kind, hint)
        if "result" not in reply:
            raise _garbage()
        return reply["result"]

    def _contact(self, one: Record) -> Contact:
        listed = one.get(f"{_MECHANISMS}.")
        ways = [way for way in listed if isinstance(way, dict)] if isinstance(listed, list) else []
        lang = one.get("lang.")
        return make_contact(
            self.name,
            self.region,
            contact_id=one.get("id"),
            name=text_of(one.get("name")) or text_of(one.get("full_name")),
            phones=[(_label(way), way.get("value")) for way in ways if way.get("type") in _PHONES],
            email=next((text_of(way.get("value")) for way in ways if way.get("type") == "email"), ""),
            language=text_of(lang.get("code")) if isinstance(lang, dict) else "",
            external_id=text_of(one.get("code")),
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Tryton:
    """Tryton as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "password")
    return Tryton(name, options, surroundings)


class _FaultError(SourceError):
    """An error that Tryton told; ``why`` is its class."""


def _is_id(contact_id: str) -> bool:
    return contact_id.isdecimal() and contact_id.isascii() and len(contact_id) <= 12


def _label(way: Record) -> str:
    return "mobile" if way.get("type") == "mobile" else ""


def _garbage() -> SourceError:
    return SourceError("crm-garbage", "Tryton answered something that makes no sense", "", "check url: is it Tryton's?")
