"""``kind = "zendesk"``: the users of a Zendesk Support account.

Needs an API token of an agent, who has the permission to search users.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/ and
https://developer.zendesk.com/api-reference/introduction/security-and-auth/.

Numbers: the search is asked for each way of writing the number; values of one keyword are alternatives there.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgspec

from crm_bridge.contact import Contact
from crm_bridge.forms import spelled_forms
from crm_bridge.found import Record, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.sources import Surroundings


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which account: url is https://<subdomain>.zendesk.com."""

    user: Annotated[Text, msgspec.Meta(description="E-mail address of the agent whose token it is.")]
    token: Annotated[str | None, msgspec.Meta(description="API token.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None


class _Found(msgspec.Struct):
    results: Records


class _One(msgspec.Struct):
    user: dict[str, Any]


class Zendesk(HttpAdapter):
    """The users of one account."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        key = base64.b64encode(f"{options.user}/token:{options.token}".encode()).decode()
        headers = {"Authorization": f"Basic {key}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)

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
