"""``kind = "salesforce"``: contacts, accounts and leads of a Salesforce organisation.

Needs an app with the OAuth2 client credentials flow, run as a user who has the permission to read these objects and
"API Enabled". https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm and
https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_sosl.htm.

Calls: a Task of the subtype Call, which the user has to be allowed to create and edit ("Edit Tasks"); the call's id is
its ``CallObject``, by which it is found again.
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm.

About a customer: opportunities that are open or won are orders, or the object Order is (``orders_from``); cases are
incidents, assets are products; e-mails, meetings, and calls that people logged themselves are contacts. A contact's
orders and products are those of his account. The user has to be allowed to read each of these objects.
https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects.

Numbers: SOSL looks through all phone fields for each way of writing the number.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge.about import Part
from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.call_record import cleaned, is_inbound, talk_s, utc_text
from crm_bridge.consent import Channel, says_no
from crm_bridge.contact import Contact, SourceError
from crm_bridge.forms import spelled_forms
from crm_bridge.found import Record, first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, fetch_grant, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.salesforce_about import SalesforceRecords
from crm_bridge.sign_on import SignOn, Token
from crm_bridge.sources import Surroundings

_SHOWN: Final = {
    "Contact": "Id,Name,Phone,MobilePhone,HomePhone,OtherPhone,Email,Title,Account.Name",
    "Account": "Id,Name,Phone,AccountNumber",
    "Lead": "Id,Name,Phone,MobilePhone,Email,Title,Company",
}
_CONSENTS: Final = ",DoNotCall,HasOptedOutOfEmail"
_PHONES: Final = {"Phone": "work", "MobilePhone": "mobile", "HomePhone": "home", "OtherPhone": ""}
_RESERVED = re.compile(r"([?&|!{}\[\]()^~*:\\\"'+\-])")
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which organisation: url is its My Domain, https://<name>.my.salesforce.com."""

    client_id: Annotated[Text, msgspec.Meta(description="Consumer key of the app.")]
    secret: Annotated[str | None, msgspec.Meta(description="Consumer secret of the app.")] = None
    secret_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    objects: Annotated[tuple[str, ...], msgspec.Meta(description="Of Contact, Account, Lead.")] = tuple(_SHOWN)
    version: Annotated[str, msgspec.Meta(pattern=r"^v\d+\.0$", description="Version of the interface.")] = "v62.0"
    consents: Annotated[
        bool,
        msgspec.Meta(
            description="Whether `DoNotCall` and `HasOptedOutOfEmail` are asked for: the user must be allowed to read "
            "these fields, else Salesforce refuses every question."
        ),
    ] = False
    about: Annotated[
        tuple[Literal["orders", "incidents", "products", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()
    orders_from: Annotated[
        Literal["Opportunity", "Order"], msgspec.Meta(description="Which of Salesforce's objects the orders are.")
    ] = "Opportunity"
    orders_done: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Values of an Order's Status that say that nothing is open any more: delivered, cancelled."
        ),
    ] = ()

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)
        if unknown := [one for one in self.objects if one not in _SHOWN]:
            raise ValueError(f"objects: expected Contact, Account or Lead, got {unknown[0]}")


class _Found(msgspec.Struct):
    records: Records = msgspec.field(name="searchRecords")


class _Queried(msgspec.Struct):
    records: Records


class _Made(msgspec.Struct):
    id: str


class _Granted(msgspec.Struct):
    access_token: str


class Salesforce(HttpAdapter):
    """The records of one organisation. An id is the object and Salesforce's own: ``Contact/003…``."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        super().__init__(name, options, surroundings.region, surroundings.timeout_s)
        self._options = options
        self._sign_on = SignOn(self._grant)
        told = SalesforceRecords(self._query, options.orders_from, options.orders_done)
        tellers = {Part.ORDERS: told.orders, Part.INCIDENTS: told.incidents}
        self.ask_about(options.about, tellers | {Part.PRODUCTS: told.products, Part.CONTACTS: told.touches})

    async def find(self, number: Number) -> list[Contact]:
        """Records with this number."""
        if number.e164 is None:
            return []
        forms = " OR ".join(f'"{_escaped(form)}"' for form in spelled_forms(number, self.region))
        return await self._ask(forms, "PHONE", MAX_CANDIDATES + 1)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Records with these words in their name. SOSL wants two letters at least."""
        words = [_escaped(word) for word in text.split()[:8]]
        return await self._ask(" AND ".join(words), "NAME", limit) if len(text.strip()) > 1 else []

    async def get(self, contact_id: str) -> Contact | None:
        """One record."""
        kind, _, own = contact_id.partition("/")
        if kind not in self._options.objects or not _ID.fullmatch(own):
            return None
        path = f"{self._data}/sobjects/{kind}/{own}"

        async def ask(token: Token) -> Contact | None:
            params = {"fields": self._shown(kind).replace(",Account.Name", "")}
            reply = await self.http.fetch("GET", path, params=params, headers=_bearer(token), expect=frozenset({404}))
            return None if reply.status == 404 else self._contact(kind, self.http.parse_as(dict[str, Any], reply))

        return await self._sign_on.ask(ask)

    async def write_call(self, activity: CallActivity) -> str:
        """A Task, done, with its contact, lead or account where there is one."""
        call = cleaned(activity)
        query = f"SELECT Id FROM Task WHERE CallObject = '{call.call_id}' ORDER BY CreatedDate LIMIT 1"  # noqa: S608

        async def store(token: Token) -> str:
            tasks, headers = f"{self._data}/sobjects/Task", _bearer(token)
            asked = {"params": {"q": query}, "headers": headers}
            known = (await self.http.fetch_as(_Queried, "GET", f"{self._data}/query/", **asked)).records
            if not known:
                task = _task(call) | {"TaskSubtype": "Call", "CallObject": call.call_id}
                return (await self.http.store_as(_Made, "POST", f"{tasks}/", json=task, headers=headers)).id
            own = text_of(known[0].get("Id"), 20)
            await self.http.store("PATCH", f"{tasks}/{segment(own)}", json=_task(call), headers=headers)
            return own

        return await self._sign_on.ask(store)

    @property
    def _data(self) -> str:
        return f"/services/data/{self._options.version}"

    async def _ask(self, wanted: str, where: str, limit: int) -> list[Contact]:
        objects = ", ".join(f"{kind}({self._shown(kind)} LIMIT {limit})" for kind in self._options.objects)
        query = f"FIND {{{wanted}}} IN {where} FIELDS RETURNING {objects}"

        async def ask(token: Token) -> _Found:
            path, headers = f"{self._data}/search/", _bearer(token)
            return await self.http.fetch_as(_Found, "GET", path, params={"q": query}, headers=headers)

        records = (await self._sign_on.ask(ask)).records
        return [self._contact(_kind(one), one) for one in records[:limit]]

    async def _query(self, soql: str, or_none: bool) -> Records:
        """What is answered with status 400 is an object or a field that the user may not read, or that there is not."""

        async def ask(token: Token) -> Records:
            path, refused = f"{self._data}/query/", frozenset({400})
            reply = await self.http.fetch("GET", path, params={"q": soql}, headers=_bearer(token), expect=refused)
            if reply.status != 400:
                return self.http.parse_as(_Queried, reply).records
            if or_none:
                return []
            what = "Salesforce has no such object or field for this user"
            hint = "let him read the objects that docs/crm names, or name fewer parts in about"
            raise SourceError("crm-failed", what, "HTTP 400 for a query", hint)

        return await self._sign_on.ask(ask)

    def _shown(self, kind: str) -> str:
        return _SHOWN[kind] + (_CONSENTS if self._options.consents and kind != "Account" else "")

    async def _grant(self) -> Token:
        client = {"client_id": self._options.client_id, "client_secret": self._options.secret or ""}
        form = {"grant_type": "client_credentials", **client}
        return Token((await fetch_grant(self.http, _Granted, "/services/oauth2/token", form)).access_token)

    def _contact(self, kind: str, one: Record) -> Contact:
        own, account = text_of(one.get("Id"), 20), one.get("Account")
        return make_contact(
            self.name,
            self.region,
            contact_id=f"{kind}/{own}",
            name=text_of(one.get("Name")),
            phones=[(label, one.get(field)) for field, label in _PHONES.items()],
            company=first_text(one, "Company") or (text_of(account.get("Name")) if isinstance(account, dict) else ""),
            email=text_of(one.get("Email")),
            external_id=text_of(one.get("AccountNumber")),
            url=f"{self.http.base}/lightning/r/{segment(kind)}/{segment(own)}/view",
            fields=[("Kind", kind), ("Title", one.get("Title"))],
            consents=[
                *says_no(one.get("DoNotCall"), Channel.PHONE, "says Salesforce"),
                *says_no(one.get("HasOptedOutOfEmail"), Channel.EMAIL, "says Salesforce"),
            ],
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Salesforce:
    """Salesforce as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "secret")
    return Salesforce(name, options, surroundings)


def _task(call: CallActivity) -> dict[str, Any]:
    kind, _, own = (call.contact_id or "").partition("/")
    return {
        "Subject": title_of(call),
        "Status": "Completed",
        "ActivityDate": utc_text(call.started_at, "%Y-%m-%d"),
        "CallType": "Inbound" if is_inbound(call) else "Outbound",
        "CallDurationInSeconds": talk_s(call),
        "CallDisposition": call.disposition or call.outcome.replace("_", " "),
        "Description": words_of(call),
        "WhoId": own if own and kind in ("Contact", "Lead") else None,
        "WhatId": own if own and kind == "Account" else None,
    }


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.value}"}


def _escaped(text: str) -> str:
    """SOSL's reserved characters are data in a value."""
    return _RESERVED.sub(r"\\\1", text)


def _kind(one: Record) -> str:
    attributes = one.get("attributes")
    return text_of(attributes.get("type"), 40) if isinstance(attributes, dict) else ""
