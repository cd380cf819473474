"""``kind = "zammad"``: the customers of a Zammad help desk.

Needs an access token with the permission ``ticket.agent``. https://docs.zammad.org/en/latest/api/user.html and
https://docs.zammad.org/en/latest/api/intro.html (token authentication).

Calls: a ticket of its customer with an article of the type "phone", in ``ticket_group``, where the token's agent has to
be allowed to create and read tickets; a changed note is a further article. It is found again by a word of its text that
is made of the call's id. https://docs.zammad.org/en/latest/api/ticket/index.html and
https://docs.zammad.org/en/latest/api/ticket/articles.html. Live calls for Zammad's own caller log: ``cti_token``.

About a customer: his tickets are incidents, open or closed by the type of their state as Zammad itself sorts them (new,
open, pending reminder, pending action; closed; merged and removed ones are not told), at most 15 of each, by
``/ticket_customer``; the articles of the five tickets with the latest contact are earlier contacts: e-mails, chats, SMS
and messages, neither notes nor phone calls nor what the system sent. Tickets that tell of our calls are left out, by a
mark in their preferences. Only tickets of groups that the token's agent may read are seen.
https://github.com/zammad/zammad/blob/develop/app/models/ticket/screen_options.rb (``list_by_customer``),
https://docs.zammad.org/en/latest/api/ticket/states.html, and article types as in db/seeds/ticket_article_types.rb.

Numbers: Zammad searches words, so a number is asked for in each way of writing it, spaced ones included, and not in
others: a number with unusual gaps is not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec

from crm_bridge.about import Part
from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.call_record import cleaned, hash_of, holds, is_inbound, without_customer
from crm_bridge.contact import Contact, Incident, SourceError, Touch
from crm_bridge.cti_push import ANSWER_S, CtiCounts, CtiPush
from crm_bridge.cti_story import CtiStory
from crm_bridge.flights import Flights
from crm_bridge.forms import spelled_forms
from crm_bridge.found import Record, date_of, make_contact, text_of, touch_of
from crm_bridge.http_source import HttpAdapter, HttpClient, Records, gather_all, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.remembered import Remembered
from crm_bridge.rows import MAX_VALUE
from crm_bridge.sources import Surroundings
from cti.feed import Follower

_TICKETS: Final = "/api/v1/tickets"
_ARTICLES: Final = "/api/v1/ticket_articles"
#: what a ticket that tells of one of our calls has in its preferences
_OWN: Final = "offhook_call"
#: tickets whose articles are asked for, one question each
MOST_TICKETS: Final = 5
#: the owner of a ticket that nobody has, "-"
_NOBODY: Final = 1
#: article types of communication, without calls
_KINDS: Final = {"email": "e-mail", "sms": "SMS", "chat": "chat", "fax": "fax", "web": "web form"}
_MESSAGES: Final = ("twitter", "facebook", "telegram", "whatsapp")
_SENDERS: Final = {"Customer": "in", "Agent": "out"}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Zammad."""

    token: Annotated[str | None, msgspec.Meta(description="Access token: Profile, Token Access.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    ticket_group: Annotated[str, msgspec.Meta(description="Group of the tickets that tell of calls.")] = "Users"
    ticket_state: Annotated[str, msgspec.Meta(description="State of such a ticket.")] = "closed"
    cti_token: Annotated[
        str | None,
        msgspec.Meta(description="Token at the end of the endpoint of Zammad's CTI (generic): calls go there live."),
    ] = None
    cti_token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    about: Annotated[
        tuple[Literal["incidents", "contacts"], ...],
        msgspec.Meta(description="What else is asked of a customer who was found."),
    ] = ()


class _Tickets(msgspec.Struct):
    """A customer's tickets, newest first, and the users whom they name."""

    ticket_ids_open: list[int]
    ticket_ids_closed: list[int]
    assets: dict[str, dict[str, dict[str, Any]]]

    def of(self, ids: list[int]) -> Iterator[Record]:
        """These tickets without those that tell of our calls."""
        for own in ids:
            ticket = self.assets.get("Ticket", {}).get(str(own), {})
            marks = ticket.get("preferences")
            if ticket and not (isinstance(marks, dict) and _OWN in marks):
                yield ticket

    def latest(self) -> list[Record]:
        """The tickets with the latest contact, the latest first."""
        every = self.of(self.ticket_ids_open + self.ticket_ids_closed)
        return sorted(every, key=lambda one: text_of(one.get("last_contact_at")), reverse=True)[:MOST_TICKETS]

    def name(self, user: object) -> str:
        """A user's name; "" for nobody and for one who is not among them."""
        one = self.assets.get("User", {}).get(text_of(user, 20), {}) if user != _NOBODY else {}
        return f"{text_of(one.get('firstname'))} {text_of(one.get('lastname'))}".strip()


class Zammad(HttpAdapter):
    """The users of one Zammad."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"Authorization": f"Token token={options.token}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._ticket = {"group": options.ticket_group, "state": options.ticket_state}
        self._remembered = Remembered[str]()  # a search finds a new ticket after some seconds only
        self._states: dict[object, str] = {}
        self._reading = self.hold(Flights[_Tickets]())
        self.ask_about(options.about, {Part.INCIDENTS: self._incidents, Part.CONTACTS: self._touches})

    async def find(self, number: Number) -> list[Contact]:
        """Users with this number."""
        if number.e164 is None:
            return []
        forms = " OR ".join(f'"{form}"' for form in spelled_forms(number, self.region))
        return await self._ask(f"phone:({forms}) OR mobile:({forms})", MAX_CANDIDATES + 1)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Users with these words."""
        plain = "".join(c if c.isalnum() or c in "@.-_" else " " for c in text).strip()
        return await self._ask(plain, limit) if plain else []

    async def get(self, contact_id: str) -> Contact | None:
        """One user."""
        path = f"/api/v1/users/{segment(contact_id)}"
        reply = await self.http.fetch("GET", path, params={"expand": "true"}, expect=frozenset({404}))
        return None if reply.status == 404 else self._contact(self.http.parse_as(dict[str, Any], reply))

    async def write_call(self, activity: CallActivity) -> str:
        """A ticket. Raises ActivityRefusedError ``crm-call-nobody`` without a customer."""
        call = cleaned(activity)
        if call.contact_id is None or not call.contact_id.isdecimal():
            raise without_customer(self.name)
        word = f"offhook{hash_of(call.call_id)}"
        article = _article(call, word)
        known = self._remembered.get(call.call_id) or await self._known(word, call)
        if not known:
            ticket = self._ticket | {"title": title_of(call), "customer_id": int(call.contact_id), "article": article}
            ticket["preferences"] = {_OWN: call.call_id}
            made = await self.http.store_as(dict[str, Any], "POST", _TICKETS, json=ticket)
            known = text_of(made.get("id"), 20)
        else:
            await self._update(known, article, int(call.contact_id))
        self._remembered.put(call.call_id, known)
        return known

    async def _incidents(self, contact: Contact) -> list[Incident]:
        tickets = await self._tickets(contact)
        every = tickets.of(tickets.ticket_ids_open + tickets.ticket_ids_closed)
        if not {one.get("state_id") for one in every} <= self._states.keys():
            states = await self.http.fetch_as(Records, "GET", "/api/v1/ticket_states")
            self._states = {one.get("id"): text_of(one.get("name"), 60) for one in states}
        ids = {True: tickets.ticket_ids_open, False: tickets.ticket_ids_closed}
        return [
            Incident(
                reference=text_of(one.get("number"), 40),
                title=text_of(one.get("title"), MAX_VALUE),
                state=self._states.get(one.get("state_id")) or ("open" if is_open else "closed"),
                is_open=is_open,
                owner=tickets.name(one.get("owner_id")) or None,
                opened_on=date_of(one.get("created_at")),
            )
            for is_open in ids
            for one in tickets.of(ids[is_open])
        ]

    async def _touches(self, contact: Contact) -> list[Touch]:
        tickets = await self._tickets(contact)
        found = await gather_all(*(self._articles(tickets, one) for one in tickets.latest()))
        return [touch for touches in found for touch in touches]

    async def _articles(self, tickets: _Tickets, ticket: Record) -> list[Touch]:
        """What was written in a ticket; of one that is too long to be read, when each side last wrote."""
        path = f"{_ARTICLES}/by_ticket/{segment(text_of(ticket.get('id'), 20))}"
        try:
            articles = await self.http.fetch_as(Records, "GET", path)
        except SourceError as error:
            if error.ref != "crm-huge":
                raise
            return list(_last_contacts(tickets, ticket))
        return [touch for one in articles for touch in _written(tickets, ticket, one)]

    async def _tickets(self, contact: Contact) -> _Tickets:
        own = contact.contact_id
        if not own.isdecimal():
            return _Tickets([], [], {})
        read = partial(self.http.fetch_as, _Tickets, "GET", "/api/v1/ticket_customer", params={"customer_id": own})
        return await self._reading.join(own, read)

    async def _known(self, word: str, call: CallActivity) -> str:
        """The ticket with this call; "" if there is none."""
        params = {"query": word, "limit": "5", "expand": "true"}
        for one in await self.http.fetch_as(Records, "GET", f"{_TICKETS}/search", params=params):
            own = text_of(one.get("id"), 20)
            if own.isdecimal() and any(holds(text, call) for text in await self._bodies(own)):
                return own
        return ""

    async def _bodies(self, ticket: str) -> list[object]:
        path = f"{_ARTICLES}/by_ticket/{segment(ticket)}"
        return [one.get("body") for one in await self.http.fetch_as(Records, "GET", path)]

    async def _update(self, ticket: str, article: dict[str, Any], customer: int) -> None:
        """An article more, unless the last one says the same."""
        path = f"{_TICKETS}/{segment(ticket)}"
        await self.http.store_as(dict[str, Any], "PUT", path, json={"customer_id": customer})
        if (await self._bodies(ticket))[-1:] != [article["body"]]:
            await self.http.store_as(dict[str, Any], "POST", _ARTICLES, json=article | {"ticket_id": int(ticket)})

    async def _ask(self, query: str, limit: int) -> list[Contact]:
        params = {"query": query, "limit": str(limit), "expand": "true"}
        return [
            self._contact(one)
            for one in await self.http.fetch_as(Records, "GET", "/api/v1/users/search", params=params)
        ]

    def _contact(self, one: Record) -> Contact:
        return make_contact(
            self.name,
            self.region,
            contact_id=one.get("id"),
            name=f"{text_of(one.get('firstname'))} {text_of(one.get('lastname'))}".strip() or text_of(one.get("login")),
            phones=[("", one.get("phone")), ("mobile", one.get("mobile"))],
            company=text_of(one.get("organization")),
            email=text_of(one.get("email")),
            notes=one.get("note"),
            url=f"{self.http.base}/#user/profile/{segment(text_of(one.get('id'), 20))}",
            fields=[("VIP", "yes" if one.get("vip") is True else ""), ("Department", one.get("department"))],
        )


def _written(tickets: _Tickets, ticket: Record, article: Record) -> Iterator[Touch]:
    """An article as an earlier contact, if it is one."""
    way, kind = _SENDERS.get(text_of(article.get("sender")), ""), text_of(article.get("type"), 40)
    if not way or not (kind in _KINDS or kind.startswith(_MESSAGES)):
        return
    by = tickets.name(article.get("created_by_id")) or article.get("created_by")
    yield from touch_of(
        article.get("created_at"),
        _KINDS.get(kind, kind),
        text_of(article.get("subject"), MAX_VALUE) or ticket.get("title"),
        direction=way,
        by=by if way == "out" else tickets.name(ticket.get("owner_id")),
    )


def _last_contacts(tickets: _Tickets, ticket: Record) -> Iterator[Touch]:
    owner, title = tickets.name(ticket.get("owner_id")), ticket.get("title")
    for field, way in (("last_contact_customer_at", "in"), ("last_contact_agent_at", "out")):
        yield from touch_of(ticket.get(field), "ticket", title, direction=way, by=owner)


def _article(call: CallActivity, word: str) -> dict[str, Any]:
    return {
        "subject": title_of(call),
        "body": f"{words_of(call)}\n{word}",
        "content_type": "text/plain",
        "type": "phone",
        "sender": "Customer" if is_inbound(call) else "Agent",
        "internal": True,
    }


class LiveZammad(Zammad):
    """One that hears of calls while they ring, too."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        super().__init__(name, options, surroundings)
        settings = surroundings.settings
        story = CtiStory(settings.default_region, settings.dial_prefixes)
        self._live = HttpClient(name, options, ANSWER_S)
        self.push = CtiPush(name, self._live, f"/api/v1/cti/{segment(options.cti_token or '')}", story)

    @property
    def counts(self) -> CtiCounts:
        """What became of the messages to the caller log."""
        return self.push.counts

    async def hear(self, follower: Follower) -> None:
        """Tell Zammad's caller log until the follower is closed."""
        await self.push.run(follower)

    async def close(self) -> None:
        """Close all connections."""
        await super().close()
        await self._live.close()


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Zammad:
    """Zammad as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return LiveZammad(name, options, surroundings) if options.cti_token else Zammad(name, options, surroundings)
