"""``kind = "bottlecrm"``: the contacts of a BottleCRM 1.35 or later (``django-crm`` on PyPI).

Needs a personal access token (``bcrm_pat_…``) of a member with the permission to see these contacts.
https://github.com/MicroPyramid/Django-CRM; its schema is at ``/schema/`` of each installation.

Calls: an interaction of the kind "call" on the contact, for which a token with scopes needs ``contacts:write``,
``interactions:read`` and ``interactions:write`` besides ``contacts:read``; it is found again by the last line of its
text. An interaction stays with its contact (``interactions/serializers.py`` of ``django-crm``): a call that turns out
to be another's is deleted there and written anew, if Offhook was not started again in between.

What else is told (``about``), as far as the member may see it: orders are deals, as BottleCRM has no orders of goods
and no deliveries: of the ten latest of the contact those that were not lost (``related_deals`` of
``contacts/views.py``), open until their ``stage_kind`` is won. One that is won has the day on which it was closed; an
open one has none, and is due when it is expected to close. Incidents are his ten latest tickets (``related_cases``),
open as ``OPEN_STATUSES`` of ``cases/views.py`` has it; they have no number, so the first part of their id stands for
it. Contacts are his latest interactions, without the calls that Offhook wrote; a token with scopes needs
``interactions:read`` for them, and for the others nothing more.

Numbers: asked by BottleCRM's own search for duplicates, which compares E.164 and the last ten digits; it may be asked
120 times a minute and gives ten contacts at the most.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge.about import Part, Teller
from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.call_record import (
    cleaned,
    holds,
    is_inbound,
    is_ours,
    refused,
    talk_s,
    was_answered,
    without_customer,
)
from crm_bridge.consent import Channel, says_no
from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.flights import Flights
from crm_bridge.found import Record, date_of, make_contact, money_of, text_of, touch_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all, segment
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.remembered import Remembered
from crm_bridge.rows import MAX_REFERENCE, MAX_VALUE
from crm_bridge.sources import Surroundings

#: contacts that are fetched whole, one question each
MOST_DETAILS: Final = 5
#: interactions of a contact that are looked through for a call, the latest
MOST_INTERACTIONS: Final = 200
#: interactions that are asked for to tell of them: many may be calls of ours
MOST_TOLD: Final = 60
#: characters of a message without a subject that are told
MOST_OF_BODY: Final = 100
_KINDS: Final = {"email": "e-mail", "whatsapp": "WhatsApp", "sms": "SMS"}
_OPEN_CASES: Final = ("New", "Assigned", "Pending")
_INTERACTIONS: Final = "/api/interactions/"
_OUTCOMES: Final = {"answered": "connected", "busy": "busy"}
_CONTACTS: Final = "/api/contacts/"


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which BottleCRM."""

    token: Annotated[str | None, msgspec.Meta(description="Personal access token.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    pages_url: Annotated[
        str, msgspec.Meta(description="Address of the web client, for the link to the contact; empty: no link.")
    ] = ""
    about: Annotated[
        tuple[Literal["orders", "incidents", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()


class _Duplicates(msgspec.Struct):
    duplicates: Records


class _Listed(msgspec.Struct):
    results: Records


class _One(msgspec.Struct):
    contact_obj: dict[str, Any]


class _Page(msgspec.Struct):
    opportunities: Records
    cases: Records


class _Interactions(msgspec.Struct):
    interactions: Records


class BottleCrm(HttpAdapter):
    """The contacts of one organisation: the token's."""

    per_second = 2.0

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"Authorization": f"Bearer {options.token}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._pages = options.pages_url.rstrip("/")
        self._remembered = Remembered[str]()
        self._reading = self.hold(Flights[_Page]())
        tellers: dict[Part, Teller] = {
            Part.ORDERS: self._deals,
            Part.INCIDENTS: self._cases,
            Part.CONTACTS: self._touches,
        }
        self.ask_about(options.about, tellers)

    async def find(self, number: Number) -> list[Contact]:
        """Contacts with this number."""
        if number.e164 is None:
            return []
        asked = {"phone": number.e164}
        hits = (await self.http.fetch_as(_Duplicates, "POST", f"{_CONTACTS}duplicates/", json=asked)).duplicates
        whole = await gather_all(*(self.get(text_of(hit.get("id"))) for hit in hits[:MOST_DETAILS]))
        return [better or self._hit(hit) for better, hit in zip(whole, hits, strict=False)] + [
            self._hit(hit) for hit in hits[MOST_DETAILS:]
        ]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Contacts with this text in a name, mail address or number."""
        params = {"search": text, "limit": str(limit)}
        found = await self.http.fetch_as(_Listed, "GET", _CONTACTS, params=params)
        return [self._contact(one) for one in found.results[:limit]]

    async def get(self, contact_id: str) -> Contact | None:
        """One contact."""
        reply = await self.http.fetch("GET", f"{_CONTACTS}{segment(contact_id)}/", expect=frozenset({404}))
        return None if reply.status == 404 else self._contact(self.http.parse_as(_One, reply).contact_obj)

    async def write_call(self, activity: CallActivity) -> str:
        """An interaction. Raises ActivityRefusedError ``crm-call-nobody`` without a contact."""
        call = cleaned(activity)
        if call.contact_id is None:
            raise without_customer(self.name)
        params = {"contact": call.contact_id, "limit": str(MOST_INTERACTIONS)}
        reply = await self.http.fetch("GET", _INTERACTIONS, params=params, expect=frozenset({404}))
        if reply.status == 404:
            raise refused(self.name, "it has no such contact any more", "choose the customer anew, then tell it again")
        listed = self.http.parse_as(_Interactions, reply)
        known = next((text_of(one.get("id"), 40) for one in listed.interactions if holds(one.get("body"), call)), "")
        method, path = ("PATCH", f"{_INTERACTIONS}{segment(known)}/") if known else ("POST", _INTERACTIONS)
        asked = {
            "kind": "call",
            "contact": call.contact_id,
            "direction": "inbound" if is_inbound(call) else "outbound",
            "occurred_at": call.started_at.isoformat(),
            "duration_seconds": talk_s(call) if was_answered(call) else 0,
            "outcome": _OUTCOMES.get(call.outcome, "no_answer"),
            "subject": title_of(call)[:200],
            "body": words_of(call),
        }
        written = text_of((await self.http.store_as(dict[str, Any], method, path, json=asked)).get("id"), 40)
        before = self._remembered.get(call.call_id)
        if before and before != written:
            await self.http.store("DELETE", f"{_INTERACTIONS}{segment(before)}/", expect=frozenset({404}))
        self._remembered.put(call.call_id, written)
        return written

    async def _deals(self, contact: Contact) -> list[Order]:
        deals = (await self._about(contact)).opportunities
        return [_order(deal) for deal in deals if deal.get("stage_kind") != "lost"]

    async def _cases(self, contact: Contact) -> list[Incident]:
        return [_incident(case) for case in (await self._about(contact)).cases]

    async def _about(self, contact: Contact) -> _Page:
        """What the contact's own page lists besides him, read once for all parts that are on it."""
        path = f"{_CONTACTS}{segment(contact.contact_id)}/"
        return await self._reading.join(path, partial(self.http.fetch_as, _Page, "GET", path))

    async def _touches(self, contact: Contact) -> list[Touch]:
        params = {"contact": contact.contact_id, "limit": str(MOST_TOLD)}
        found = await self.http.fetch_as(_Interactions, "GET", _INTERACTIONS, params=params)
        others = [one for one in found.interactions if not is_ours(one.get("body"))]
        return [touch for one in others for touch in _touch(one)]

    def _hit(self, hit: Record) -> Contact:
        return make_contact(
            self.name,
            self.region,
            contact_id=hit.get("id"),
            name=text_of(hit.get("name")),
            phones=[("", hit.get("phone"))],
            email=text_of(hit.get("email")),
            url=self._page(hit),
        )

    def _contact(self, one: Record) -> Contact:
        return make_contact(
            self.name,
            self.region,
            contact_id=one.get("id"),
            name=f"{text_of(one.get('first_name'))} {text_of(one.get('last_name'))}".strip(),
            phones=[("", one.get("phone")), ("", one.get("phone_e164"))],
            company=text_of(one.get("organization")),
            email=text_of(one.get("email")),
            notes=one.get("description"),
            url=self._page(one),
            fields=[("Title", one.get("title")), ("City", one.get("city"))],
            consents=says_no(one.get("do_not_call"), Channel.PHONE, "says BottleCRM"),
        )

    def _page(self, one: Record) -> str:
        return f"{self._pages}/contacts/{segment(text_of(one.get('id'), 40))}" if self._pages else ""


def _order(deal: Record) -> Order:
    """A deal, which has no number: its name is its reference, and once it is won what was bought."""
    name, is_open = text_of(deal.get("name"), MAX_REFERENCE), deal.get("stage_kind") != "won"
    closed_on = date_of(deal.get("closed_on"))
    return Order(
        reference=name,
        title="" if is_open else name,
        state=text_of(deal.get("stage_label"), 60),
        is_open=is_open,
        placed_on=None if is_open else closed_on,
        due_on=closed_on if is_open else None,
        total=money_of(deal.get("amount"), text_of(deal.get("currency"), 3)),
    )


def _incident(case: Record) -> Incident:
    status = text_of(case.get("status"), 60)
    return Incident(
        reference=text_of(case.get("id"), 40).partition("-")[0],
        title=text_of(case.get("name"), MAX_VALUE),
        state=status,
        is_open=status in _OPEN_CASES,
        severity=text_of(case.get("priority"), 40),
        opened_on=date_of(case.get("created_at")),
    )


def _touch(one: Record) -> Iterator[Touch]:
    kind, who = text_of(one.get("kind"), 40), one.get("logged_by_details")
    by = text_of(who.get("name"), 100) if isinstance(who, dict) else ""
    direction = "" if kind == "meeting" else text_of(one.get("direction"), 20)
    title = text_of(one.get("subject"), MAX_VALUE) or text_of(one.get("body"), MOST_OF_BODY)
    return touch_of(one.get("occurred_at"), _KINDS.get(kind, kind), title, direction=direction, by=by)


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> BottleCrm:
    """BottleCRM as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return BottleCrm(name, options, surroundings)
