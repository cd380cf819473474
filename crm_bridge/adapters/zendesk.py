"""``kind = "zendesk"``: the users of a Zendesk Support account.

Needs an API token of an agent, who has the permission to search users.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/ and
https://developer.zendesk.com/api-reference/introduction/security-and-auth/.

Calls: a ticket each, as Zendesk's own telephony has it, with the call as an internal note; the call's id is its
``external_id``. A changed note is a further comment, as comments cannot be changed.
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/.

About a customer: the tickets that he requested are incidents, open in every status but solved and closed, a status of
one's own by its category; those by e-mail or chat are contacts too, each on the day that it was opened, from him or to
him by who submitted it. Tickets that tell of our calls (by their tag) are left out. One search for each, which may know
a new ticket some minutes late; the agent sees the tickets that he may see in Zendesk.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/ (``include=tickets(users)``),
https://support.zendesk.com/hc/en-us/articles/4408886879258 (keywords) and
https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/.

Numbers: the search is asked for each way of writing the number; values of one keyword are alternatives there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge.about import Part
from crm_bridge.activity import CallActivity, title_of
from crm_bridge.call_record import cleaned, hash_of, html_of
from crm_bridge.contact import Contact, Incident, Touch
from crm_bridge.forms import spelled_forms
from crm_bridge.found import Record, date_of, make_contact, text_of, touch_of
from crm_bridge.http_source import HttpAdapter, Records, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.rows import MAX_NUMBERS, MAX_REFERENCE
from crm_bridge.sources import Surroundings

_TAG: Final = "offhook-call"
_DONE: Final = frozenset({"solved", "closed"})
_CHANNELS: Final = {"email": "e-mail", "mail": "e-mail", "chat": "chat"}
_ID: Final = re.compile(r"[0-9]{1,20}")


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which account: url is https://<subdomain>.zendesk.com."""

    user: Annotated[Text, msgspec.Meta(description="E-mail address of the agent whose token it is.")]
    token: Annotated[str | None, msgspec.Meta(description="API token.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    ticket_status: Annotated[
        Literal["new", "open", "pending", "solved"],
        msgspec.Meta(description="Status of a ticket that tells of a call."),
    ] = "solved"
    about: Annotated[
        tuple[Literal["incidents", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()


class _Found(msgspec.Struct):
    results: Records
    users: Records = []


class _One(msgspec.Struct):
    user: dict[str, Any]


class _Tickets(msgspec.Struct):
    tickets: Records


class _Ticket(msgspec.Struct):
    ticket: dict[str, Any]


class Zendesk(HttpAdapter):
    """The users of one account."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        key = base64.b64encode(f"{options.user}/token:{options.token}".encode()).decode()
        headers = {"Authorization": f"Basic {key}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._ticket_status = options.ticket_status
        self._own_id = 0
        self.ask_about(options.about, {Part.INCIDENTS: self._incidents, Part.CONTACTS: self._touches})

    async def find(self, number: Number) -> list[Contact]:
        """Users with this number."""
        if number.e164 is None:
            return []
        phones = " ".join(f'phone:"{form}"' for form in spelled_forms(number, self.region))
        return await self._ask(f"type:user {phones}", MAX_CANDIDATES + 1)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Users with these words."""
        plain = "".join(c if c.isalnum() or c in "@.-_" else " " for c in text).strip()
        return await self._ask(f"type:user {plain}", limit) if plain else []

    async def get(self, contact_id: str) -> Contact | None:
        """One user."""
        path = f"/api/v2/users/{segment(contact_id)}.json"
        reply = await self.http.fetch("GET", path, expect=frozenset({400, 404}))
        return None if reply.status >= 400 else self._contact(self.http.parse_as(_One, reply).user)

    async def write_call(self, activity: CallActivity) -> str:
        """A ticket, requested by the customer where there is one, else by the token's agent."""
        call = cleaned(activity)
        body, params = html_of(call), {"external_id": call.call_id}
        told = f"{_TAG}-{hash_of(f'{call.contact_id} {body}')}"  # tells whether the ticket has this very text already
        known = (await self.http.fetch_as(_Tickets, "GET", "/api/v2/tickets.json", params=params)).tickets
        if known and told in (known[0].get("tags") or []):
            return text_of(known[0].get("id"), 20)
        comment = {"html_body": body, "public": False}
        customer = call.contact_id or ""
        requester = int(customer) if customer.isdecimal() else await self._agent()
        ticket: dict[str, Any] = {"comment": comment, "tags": [_TAG, told], "requester_id": requester}
        if known:
            path = f"/api/v2/tickets/{segment(text_of(known[0].get('id'), 20))}.json"
            return await self._store("PUT", path, ticket)
        ticket |= {"subject": title_of(call), "external_id": call.call_id, "status": self._ticket_status}
        ticket |= {"assignee_id": await self._agent()}  # a ticket that is solved has to be somebody's
        key = {"Idempotency-Key": hash_of(call.call_id)}
        return await self._store("POST", "/api/v2/tickets.json", ticket, key)

    async def _incidents(self, contact: Contact) -> list[Incident]:
        found = await self._requested(contact)
        names = _names(found)
        return [_incident(one, names) for one in found.results]

    async def _touches(self, contact: Contact) -> list[Touch]:
        found = await self._requested(contact, " via:mail via:chat")
        names = _names(found)
        return [touch for one in found.results for touch in _touch(one, names)]

    async def _requested(self, contact: Contact, how: str = "") -> _Found:
        """The latest tickets that this customer requested, with the names of those who have to do with them."""
        if not _ID.fullmatch(contact.contact_id):
            return _Found([])
        query = f"type:ticket requester:{contact.contact_id} -tags:{_TAG}{how}"
        order = {"sort_by": "created_at", "sort_order": "desc", "per_page": str(MAX_NUMBERS)}
        params = {"query": query, "include": "tickets(users)", **order}
        return await self.http.fetch_as(_Found, "GET", "/api/v2/search.json", params=params)

    async def _store(self, method: str, path: str, ticket: dict[str, Any], key: dict[str, str] | None = None) -> str:
        written = await self.http.store_as(_Ticket, method, path, json={"ticket": ticket}, headers=key)
        return text_of(written.ticket.get("id"), 20)

    async def _agent(self) -> int:
        """The token's own agent."""
        if not self._own_id:
            me = (await self.http.fetch_as(_One, "GET", "/api/v2/users/me.json")).user.get("id")
            self._own_id = me if isinstance(me, int) else 0
        return self._own_id

    async def _ask(self, query: str, limit: int) -> list[Contact]:
        params = {"query": query, "per_page": str(limit)}
        found = await self.http.fetch_as(_Found, "GET", "/api/v2/search.json", params=params)
        return [self._contact(one) for one in found.results[:limit]]

    def _contact(self, one: Record) -> Contact:
        return make_contact(
            self.name,
            self.region,
            contact_id=one.get("id"),
            name=text_of(one.get("name")),
            phones=[("", one.get("phone"))],
            email=text_of(one.get("email")),
            language=text_of(one.get("locale")).partition("-")[0],
            external_id=text_of(one.get("external_id")),
            notes=one.get("notes"),
            url=f"{self.http.base}/agent/users/{segment(text_of(one.get('id'), 20))}",
            fields=[("Details", one.get("details")), ("Role", one.get("role"))],
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Zendesk:
    """Zendesk as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Zendesk(name, options, surroundings)


def _names(found: _Found) -> dict[object, str]:
    return {user.get("id"): text_of(user.get("name"), 100) for user in found.users}


def _incident(one: Record, names: dict[object, str]) -> Incident:
    status = text_of(one.get("status"), 100)
    return Incident(
        reference=text_of(one.get("id"), MAX_REFERENCE),
        title=text_of(one.get("subject")),
        state=status,
        is_open=status not in _DONE,
        severity=text_of(one.get("priority"), 100),
        owner=names.get(one.get("assignee_id")) or None,
        opened_on=date_of(one.get("created_at")),
    )


def _touch(one: Record, names: dict[object, str]) -> Iterator[Touch]:
    via, his = one.get("via"), one.get("submitter_id") == one.get("requester_id")
    kind = _CHANNELS.get(text_of(via.get("channel"), 40), "") if isinstance(via, dict) else ""
    by = names.get(one.get("assignee_id" if his else "submitter_id"))
    yield from touch_of(one.get("created_at"), kind, one.get("subject"), direction="in" if his else "out", by=by)
