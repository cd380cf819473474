"""``kind = "vtiger"``: contacts, organisations and leads of a Vtiger CRM with its REST interface.

Needs a user's access key (My Preferences) with the permission to view these modules.
https://help.vtiger.com/article/147111249-Rest-API-Manual.

Calls: an event of the activity type "Call" in the calendar, which the user has to be allowed to create and edit; it is
found again by the last line of its description. It belongs to the key's user; times are UTC.

About a customer: sales orders of the contact or his organisation (open but for Delivered and Cancelled; placed: the
day the record was made; Vtiger does not name an amount's currency), tickets of the module HelpDesk of either (open but
for Closed), events in the calendar that were held but for calls, and the e-mails related to the record itself; the 20
latest of each. A user is told by name where the key's user may read Users. Fields and states are those of Vtiger's own
modules; a state that an admin adds is an open one. https://vtap.vtiger.com/platform/rest-apis.html; in Vtiger's source
include/Webservices/QueryRelated.php (``query_related``: the filter comes after the word WHERE) and VTQL_parser.y (and
before or, no brackets).

Numbers: asked by Vtiger's own look-up, which compares digits, with the number without country code and trunk prefix.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge.about import Part, Teller
from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.belonging import Belonging
from crm_bridge.call_record import cleaned, holds, refused, utc_text, was_answered
from crm_bridge.consent import Channel, says_no
from crm_bridge.contact import Contact, Incident, Order, SourceError, SourceRefusedError, Touch
from crm_bridge.forms import significant_digits
from crm_bridge.found import Record, first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.rows import MAX_NUMBERS
from crm_bridge.sources import Surroundings
from crm_bridge.vtiger_about import (
    EVENT_FIELDS,
    HELD,
    ORDER_FIELDS,
    TICKET_FIELDS,
    any_of,
    held_event,
    incident_of,
    mail_of,
    order_of,
    user_of,
)

_API: Final = "/restapi/v1/vtiger/default"
_PHONES: Final = {"phone": "work", "mobile": "mobile", "homephone": "home", "otherphone": "", "fax": "fax"}
#: the field of an event that names its customer, by a field that only records of his kind have
_LINKS: Final = {"contact_no": "contact_id", "account_no": "parent_id", "lead_no": "parent_id"}
_NOT_FOUND: Final = frozenset({400, 404})
_NOT_READ: Final = frozenset({400, 401, 403, 404})
_ID: Final = re.compile(r"[0-9]{1,10}x[0-9]{1,12}")
_NEWEST: Final = f"desc limit {MAX_NUMBERS}"
_MAILS: Final = f"select * from Emails WHERE createdtime > '2000-01-01 00:00:00' order by createdtime {_NEWEST}"  # noqa: S608  nothing of others


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Vtiger."""

    user: Annotated[Text, msgspec.Meta(description="Name of the user, often an e-mail address.")]
    token: Annotated[str | None, msgspec.Meta(description="Access key of the user.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    modules: Annotated[tuple[str, ...], msgspec.Meta(description="Modules that are looked through.")] = (
        "Contacts",
        "Accounts",
        "Leads",
    )
    about: Annotated[
        tuple[Literal["orders", "incidents", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()


class _Answer(msgspec.Struct):
    success: bool
    result: Records = msgspec.field(default_factory=list)


class _One(msgspec.Struct):
    success: bool
    result: dict[str, Any] = msgspec.field(default_factory=dict)


class _Told(msgspec.Struct):
    success: bool
    result: dict[str, Any] = msgspec.field(default_factory=dict)
    error: dict[str, Any] = msgspec.field(default_factory=dict)


class Vtiger(HttpAdapter):
    """The records of one Vtiger."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        key = base64.b64encode(f"{options.user}:{options.token}".encode()).decode()
        headers = {"Authorization": f"Basic {key}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._modules = options.modules
        self._own_id = ""
        self._owners = self.hold(Belonging(self.get, nobody=("", "")))
        self._users: dict[str, str] = {}
        self._users_turn = asyncio.Lock()
        tellers: dict[Part, Teller] = {
            Part.ORDERS: self._orders,
            Part.INCIDENTS: self._incidents,
            Part.CONTACTS: self._touches,
        }
        self.ask_about(options.about, tellers)

    async def find(self, number: Number) -> list[Contact]:
        """Records with this number."""
        if number.e164 is None:
            return []
        modules = msgspec.json.encode(self._modules).decode()
        params = {"type": "phone", "value": significant_digits(number), "searchIn": modules}
        return await self._ask("lookup", params, MAX_CANDIDATES + 1)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Contacts with this text in their last name or first name: Vtiger's query language knows no joins."""
        plain = "".join(c for c in text if c.isalnum() or c in " .@-").strip()
        if not plain or "Contacts" not in self._modules:
            return []
        like = f"like '%{plain}%'"
        query = f"select * from Contacts where lastname {like} or firstname {like} limit {limit};"  # noqa: S608  cleaned
        return await self._ask("query", {"query": query}, limit)

    async def get(self, contact_id: str) -> Contact | None:
        """One record. Vtiger answers 400 to an id that it does not know."""
        reply = await self.http.fetch("GET", f"{_API}/retrieve", params={"id": contact_id[:40]}, expect=_NOT_FOUND)
        return None if reply.status >= 400 else self._contact(self.http.parse_as(_One, reply).result)

    async def write_call(self, activity: CallActivity) -> str:
        """An event in the calendar, with its customer where there is one."""
        call = cleaned(activity)
        element = await self._event(call)
        query = f"select * from Events where description like '%{call.marker}' limit 5;"  # noqa: S608  cleaned
        found = await self.http.fetch_as(_Answer, "GET", f"{_API}/query", params={"query": query})
        known = next((one["id"] for one in found.result if "id" in one and holds(one.get("description"), call)), None)
        form = {"element": msgspec.json.encode(element | ({"id": known} if known else {})).decode()}
        way, kind = ("revise", {}) if known else ("create", {"elementType": "Events"})
        answer = await self.http.store_as(_Told, "POST", f"{_API}/{way}", form=kind | form)
        if not answer.success:
            raise self._not_taken(text_of(answer.error.get("code"), 60))
        return text_of(answer.result.get("id"), 40)

    async def _event(self, call: CallActivity) -> dict[str, Any]:
        if not self._own_id:
            me = await self.http.fetch_as(_One, "GET", f"{_API}/me")
            self._own_id = text_of(me.result.get("id"), 40)
        begins = call.answered_at or call.started_at
        customer = await self._customer(call.contact_id) if call.contact_id else {}
        return customer | {
            "subject": title_of(call),
            "activitytype": "Call",
            "eventstatus": "Held" if was_answered(call) else "Not Held",
            "date_start": utc_text(begins, "%Y-%m-%d"),
            "time_start": utc_text(begins, "%H:%M:%S"),
            "due_date": utc_text(call.ended_at, "%Y-%m-%d"),
            "time_end": utc_text(call.ended_at, "%H:%M:%S"),
            "description": words_of(call),
            "assigned_user_id": self._own_id,
        }

    async def _customer(self, contact_id: str) -> dict[str, str]:
        """The field of an event that names this record: which one it is depends on what he is."""
        reply = await self.http.fetch("GET", f"{_API}/retrieve", params={"id": contact_id[:40]}, expect=_NOT_FOUND)
        one = self.http.parse_as(_One, reply).result if reply.status < 400 else {}
        return next(({link: contact_id} for number, link in _LINKS.items() if number in one), {})

    def _not_taken(self, code: str) -> SourceError:
        if code in ("ACCESS_DENIED", "AUTHENTICATION_REQUIRED", "INVALID_USER_CREDENTIALS"):
            hint = "give this user the permission to create and edit events"
            return SourceRefusedError("crm-refused", "Vtiger does not permit to write calls", code, hint)
        return refused(self.name, code, "look whether an event needs another field there")

    async def _orders(self, contact: Contact) -> list[Order]:
        whose = any_of(await self._whose(contact), "contact_id", "account_id")
        if not whose:
            return []
        query = f"select {ORDER_FIELDS} from SalesOrder where {whose} order by createdtime {_NEWEST};"  # noqa: S608  ids only
        return [order_of(one) for one in await self._records("query", {"query": query})]

    async def _incidents(self, contact: Contact) -> list[Incident]:
        whose = any_of(await self._whose(contact), "contact_id", "parent_id")
        if not whose:
            return []
        query = f"select {TICKET_FIELDS} from HelpDesk where {whose} order by createdtime {_NEWEST};"  # noqa: S608  ids only
        tickets = await self._records("query", {"query": query})
        names = await self._user_names(tickets)
        return [incident_of(one, names) for one in tickets]

    async def _touches(self, contact: Contact) -> list[Touch]:
        own = contact.contact_id
        if not _ID.fullmatch(own):
            return []
        field = "contact_id" if (await self._whose(contact))[0] else "parent_id"
        held = f"{field} = '{own}' and {HELD} order by date_start {_NEWEST};"
        query = f"select {EVENT_FIELDS} from Events where {held}"  # noqa: S608  ids only
        mails = {"query": _MAILS, "id": own, "relatedLabel": "Emails"}
        asked = self._records("query", {"query": query}), self._records("query_related", mails)
        events, written = await gather_all(*asked)
        names = await self._user_names((*events, *written))
        met = (touch for one in events for touch in held_event(one, names))
        return [*met, *(touch for one in written for touch in mail_of(one, names, contact.email or ""))]

    async def _whose(self, contact: Contact) -> tuple[str, str]:
        """The contact and the organisation, each "" where there is none."""
        own = contact.contact_id
        return await self._owners.of(own) if _ID.fullmatch(own) else ("", "")

    async def _user_names(self, records: Iterable[Record]) -> dict[str, str]:
        """Names of those whom records are assigned to, by their ids; those that may not be read are missing."""
        async with self._users_turn:
            owners = {user_of(one) for one in records} - self._users.keys()
            if missing := ",".join(f"'{one}'" for one in sorted(owners) if _ID.fullmatch(one)):
                await self._read_users(missing)
        return self._users

    async def _read_users(self, ids: str) -> None:
        query = f"select id,first_name,last_name from Users where id in ({ids}) limit 100;"  # noqa: S608  ids only
        reply = await self.http.fetch("GET", f"{_API}/query", params={"query": query}, expect=_NOT_READ)
        for one in self.http.parse_as(_Answer, reply).result if reply.status < 400 else []:
            name = f"{text_of(one.get('first_name'))} {text_of(one.get('last_name'))}".strip()
            self._users[text_of(one.get("id"), 40)] = name

    async def _ask(self, path: str, params: dict[str, str], limit: int) -> list[Contact]:
        return [self._contact(one) for one in (await self._records(path, params))[:limit]]

    async def _records(self, path: str, params: dict[str, str]) -> Records:
        answer = await self.http.fetch_as(_Answer, "GET", f"{_API}/{path}", params=params)
        if not answer.success:
            raise SourceError("crm-failed", "Vtiger answered with an error", "", "check the options of this source")
        return answer.result

    def _remember(self, own: str, one: Record) -> None:
        """Which contact and organisation a record is: what is asked about depends on it."""
        if "account_no" in one:
            self._owners.note(own, ("", own))
        elif "lead_no" in one:
            self._owners.note(own, ("", ""))
        elif "contact_no" in one and "account_id" in one:
            company = text_of(one.get("account_id"), 40)
            self._owners.note(own, (own, company if _ID.fullmatch(company) else ""))

    def _contact(self, one: Record) -> Contact:
        name = f"{text_of(one.get('firstname'))} {text_of(one.get('lastname'))}".strip()
        own = text_of(one.get("id"), 40)
        self._remember(own, one)
        record = own.rpartition("x")[2]
        page = f"/view/detail?module=Contacts&id={record}" if record.isdecimal() else ""
        return make_contact(
            self.name,
            self.region,
            contact_id=own,
            name=name or first_text(one, "accountname", "label"),
            phones=[(label, one.get(field)) for field, label in _PHONES.items() if label != "fax"],
            company=first_text(one, "accountname", "company"),
            email=first_text(one, "email", "email1"),
            external_id=first_text(one, "contact_no", "account_no", "lead_no"),
            notes=one.get("description"),
            url=f"{self.http.base}{page}" if page else "",
            fields=[("Title", one.get("title"))],
            consents=[
                *says_no(one.get("donotcall"), Channel.PHONE, "says Vtiger"),
                *says_no(one.get("emailoptout"), Channel.EMAIL, "says Vtiger"),
            ],
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Vtiger:
    """Vtiger as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Vtiger(name, options, surroundings)
