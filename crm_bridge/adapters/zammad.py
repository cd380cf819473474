"""``kind = "zammad"``: the customers of a Zammad help desk.

Needs an access token with the permission ``ticket.agent``. https://docs.zammad.org/en/latest/api/user.html and
https://docs.zammad.org/en/latest/api/intro.html (token authentication).

Calls: a ticket of its customer with an article of the type "phone", in ``ticket_group``, where the token's agent has to
be allowed to create and read tickets; a changed note is a further article. It is found again by a word of its text that
is made of the call's id. https://docs.zammad.org/en/latest/api/ticket/index.html and
https://docs.zammad.org/en/latest/api/ticket/articles.html. Live calls for Zammad's own caller log: ``cti_token``.

Numbers: Zammad searches words, so a number is asked for in each way of writing it, spaced ones included, and not in
others: a number with unusual gaps is not found.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from crm_bridge.activity import CallActivity, text_of as words_of, title_of
from crm_bridge.call_record import Remembered, cleaned, hash_of, holds, is_inbound, without_customer
from crm_bridge.contact import Contact
from crm_bridge.cti_push import ANSWER_S, CtiPush
from crm_bridge.cti_story import CtiStory
from crm_bridge.forms import spelled_forms
from crm_bridge.found import Record, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, HttpClient, Records, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.sources import Surroundings
from cti.feed import Follower

_TICKETS: Final = "/api/v1/tickets"
_ARTICLES: Final = "/api/v1/ticket_articles"


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


class Zammad(HttpAdapter):
    """The users of one Zammad."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"Authorization": f"Token token={options.token}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._ticket = {"group": options.ticket_group, "state": options.ticket_state}
        self._remembered = Remembered()  # a search finds a new ticket after some seconds only

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
            made = await self.http.store_as(dict[str, Any], "POST", _TICKETS, json=ticket)
            known = text_of(made.get("id"), 20)
        else:
            await self._update(known, article, int(call.contact_id))
        self._remembered.put(call.call_id, known)
        return known

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
