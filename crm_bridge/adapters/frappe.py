"""``kind = "frappe"``: the contacts of an ERPNext or Frappe CRM.

Needs the API key and secret of a user with the permission to read the DocType Contact (role "Sales User").
https://docs.frappe.io/framework/user/en/api/rest.

Calls: a Call Log of ERPNext, whose name is the call's id; the user needs the permission to read, create and write them,
which "System Manager" has and the Role Permission Manager gives to others.
https://docs.frappe.io/erpnext/user/manual/en/telephony.

Numbers: asked with a pattern that allows anything between the digits, over all numbers of a contact.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from crm_bridge.activity import CallActivity, text_of as words_of
from crm_bridge.call_record import cleaned, is_inbound, safe_id, talk_s, was_answered
from crm_bridge.contact import Contact
from crm_bridge.forms import loose_pattern
from crm_bridge.found import Record, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.sources import Surroundings

#: contacts that are fetched whole, one question each, for their further numbers and their customer
MOST_DETAILS: Final = 10
_FIELDS: Final = '["name","first_name","last_name","company_name","email_id","phone","mobile_no"]'
_CONTACT: Final = "/api/resource/Contact"
_CALLS: Final = "/api/resource/Call%20Log"
_MAX_NAME: Final = 140
_STATUS: Final = {"answered": "Completed", "busy": "Busy", "failed": "Failed", "abandoned": "Canceled"}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which site."""

    api_key: Annotated[Text, msgspec.Meta(description="API key of the user: User, Settings, API Access.")]
    token: Annotated[str | None, msgspec.Meta(description="API secret of the user.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    time_zone: Annotated[
        str, msgspec.Meta(description="Time zone of its System Settings, in which calls are written: `Europe/Rome`.")
    ] = "UTC"

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


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Frappe:
    """A Frappe site as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Frappe(name, options, surroundings)
