"""``kind = "hubspot"``: HubSpot's contacts.

Needs a private app's access token with the permission (scope) ``crm.objects.contacts.read``.
https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide and
https://developers.hubspot.com/docs/api-reference/search/guide. Its search takes four questions a second and account.

Calls: an object Call, for which the app needs the scope ``crm.objects.contacts.write`` too. It is made or changed by a
property, ``call_id_property``, which has to be created once: Settings, Properties, Call properties, "single-line text"
that "requires unique values". https://developers.hubspot.com/docs/api/crm/calls and
https://developers.hubspot.com/docs/guides/api/crm/objects/objects#create-or-update-records-upsert.

About a customer: his deals that are open or won are his orders, or those of HubSpot's object Orders (``orders_from``),
his tickets are incidents, the line items of won deals are products, e-mails and meetings that were held are contacts;
what hangs on his company only is not told. Each takes a scope of its own. One customer takes up to five searches.
https://developers.hubspot.com/docs/api-reference/legacy/crm/search-the-crm, "Search through associations".

Numbers: ``phone`` and ``mobilephone`` are compared in E.164, HubSpot's own ``hs_searchable_calculated_*`` properties
with the number without its country code.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge.about import Part
from crm_bridge.activity import CallActivity, title_of
from crm_bridge.call_record import cleaned, html_of, is_inbound, refused, talk_s, was_answered
from crm_bridge.consent import Channel, says_no
from crm_bridge.contact import Contact
from crm_bridge.forms import significant_digits
from crm_bridge.found import first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, segment
from crm_bridge.hubspot_about import HubSpotRecords, Item, PacedSearch
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.sources import Surroundings

_OBJECTS: Final = "/crm/v3/objects/contacts"
_CALLS: Final = "/crm/v3/objects/calls"
_LINKED: Final = "/crm/v4/objects/calls"
_STATUS: Final = {"answered": "COMPLETED", "busy": "BUSY", "failed": "FAILED"}
_PROPERTIES: Final = (
    *("firstname", "lastname", "company", "email", "phone", "mobilephone", "hs_language", "jobtitle"),
    "hs_email_optout",
)


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which HubSpot account, and what of it is shown."""

    url: Annotated[str, msgspec.Meta(description="Address of the interface.")] = "https://api.hubapi.com"
    token: Annotated[str | None, msgspec.Meta(description="Access token of the private app.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    portal_id: Annotated[str, msgspec.Meta(description="Hub ID, for the link to the contact's own page.")] = ""
    more: Annotated[dict[str, str], msgspec.Meta(description="Label on the card = property of the contact.")] = (
        msgspec.field(default_factory=dict)
    )
    call_id_property: Annotated[
        str,
        msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,99}$", description="Own property of calls that holds Offhook's id."),
    ] = "offhook_call_id"
    dispositions: Annotated[
        dict[str, str],
        msgspec.Meta(description="An agent's disposition = HubSpot's id of the call outcome that it is."),
    ] = msgspec.field(default_factory=dict)
    about: Annotated[
        tuple[Literal["orders", "incidents", "products", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()
    orders_from: Annotated[
        Literal["deals", "orders"],
        msgspec.Meta(description="Which of HubSpot's objects the orders are: `orders` have the state of delivery."),
    ] = "deals"


class _Written(msgspec.Struct):
    id: str
    new: bool = True


class _Upserted(msgspec.Struct):
    results: list[_Written]


class _Link(msgspec.Struct):
    to: int | str = msgspec.field(name="toObjectId")


class _Links(msgspec.Struct):
    results: list[_Link]


class HubSpot(HttpAdapter):
    """The contacts of one account."""

    per_second = 4.0

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"Authorization": f"Bearer {options.token}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._options = options
        self._properties = [*_PROPERTIES, *options.more.values()]
        self._search = PacedSearch(self.http, self.per_second)
        told = HubSpotRecords(self.http, self._search, options.orders_from)
        tellers = {Part.ORDERS: told.orders, Part.INCIDENTS: told.incidents}
        self.ask_about(options.about, tellers | {Part.PRODUCTS: told.products, Part.CONTACTS: told.touches})

    async def find(self, number: Number) -> list[Contact]:
        """Contacts with this number."""
        if number.e164 is None:
            return []
        national = significant_digits(number)
        wanted = {
            "phone": number.e164,
            "mobilephone": number.e164,
            "hs_searchable_calculated_phone_number": national,
            "hs_searchable_calculated_mobile_number": national,
        }
        groups = [
            {"filters": [{"propertyName": name, "operator": "EQ", "value": value}]} for name, value in wanted.items()
        ]
        return await self._ask({"filterGroups": groups, "limit": MAX_CANDIDATES + 1})

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Contacts with these words, as HubSpot's own search finds them."""
        return await self._ask({"query": text, "limit": limit})

    async def get(self, contact_id: str) -> Contact | None:
        """One contact."""
        path, params = f"{_OBJECTS}/{segment(contact_id)}", {"properties": ",".join(self._properties)}
        reply = await self.http.fetch("GET", path, params=params, expect=frozenset({400, 404}))
        return None if reply.status >= 400 else self._contact(self.http.parse_as(Item, reply))

    async def write_call(self, activity: CallActivity) -> str:
        """A call, linked with its contact where there is one."""
        call = cleaned(activity)
        item = {
            "idProperty": self._options.call_id_property,
            "id": call.call_id,
            "properties": self._call_properties(call) | {self._options.call_id_property: call.call_id},
        }
        reply = await self.http.store_as(_Upserted, "POST", f"{_CALLS}/batch/upsert", json={"inputs": [item]})
        if not reply.results:
            raise refused(self.name, "one of its properties", f"is there a property {item['idProperty']} for calls?")
        written = reply.results[0]
        await self._link(written, call.contact_id)
        return written.id

    async def _link(self, written: _Written, contact_id: str | None) -> None:
        """Have the call be of this contact, and of no other."""
        here = f"{_LINKED}/{segment(written.id)}/associations"
        if not written.new:
            linked = await self.http.fetch_as(_Links, "GET", f"{here}/contacts")
            for other in {str(one.to) for one in linked.results} - {contact_id}:
                await self.http.store("DELETE", f"{here}/contacts/{segment(other)}")
        if contact_id is not None:
            await self.http.store_as(dict[str, Any], "PUT", f"{here}/default/contacts/{segment(contact_id)}")

    def _call_properties(self, call: CallActivity) -> dict[str, str]:
        number = "hs_call_from_number" if is_inbound(call) else "hs_call_to_number"
        given = {
            number: call.number,
            "hs_call_recording_url": call.recording_url or "",
            "hs_call_disposition": self._options.dispositions.get(call.disposition, ""),
        }
        return {key: value for key, value in given.items() if value} | {
            "hs_timestamp": str(round(call.started_at.timestamp() * 1000)),
            "hs_call_title": title_of(call),
            "hs_call_body": html_of(call),
            "hs_call_direction": "INBOUND" if is_inbound(call) else "OUTBOUND",
            "hs_call_status": _STATUS.get(call.outcome, "NO_ANSWER"),
            "hs_call_duration": str(talk_s(call) * 1000 if was_answered(call) else 0),
        }

    async def _ask(self, question: dict[str, Any]) -> list[Contact]:
        asked = question | {"properties": self._properties}
        return [self._contact(item) for item in await self._search.fetch("contacts", asked)]

    def _contact(self, item: Item) -> Contact:
        one, portal = item.properties, self._options.portal_id
        return make_contact(
            self.name,
            self.region,
            contact_id=item.id,
            name=f"{text_of(one.get('firstname'))} {text_of(one.get('lastname'))}".strip(),
            phones=[("", one.get("phone")), ("mobile", one.get("mobilephone"))],
            company=first_text(one, "company"),
            email=text_of(one.get("email")),
            language=text_of(one.get("hs_language")),
            url=f"https://app.hubspot.com/contacts/{segment(portal)}/record/0-1/{segment(item.id)}" if portal else "",
            fields=[
                ("Title", one.get("jobtitle")),
                *((label, one.get(key)) for label, key in self._options.more.items()),
            ],
            consents=says_no(one.get("hs_email_optout"), Channel.EMAIL, "says HubSpot"),
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> HubSpot:
    """HubSpot as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return HubSpot(name, options, surroundings)
