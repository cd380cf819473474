"""``kind = "zammad"``: the customers of a Zammad help desk.

Needs an access token with the permission ``ticket.agent``. https://docs.zammad.org/en/latest/api/user.html and
https://docs.zammad.org/en/latest/api/intro.html (token authentication).

Numbers: Zammad searches words, so a number is asked for in each way of writing it, spaced ones included, and not in
others: a number with unusual gaps is not found.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from crm_bridge.contact import Contact
from crm_bridge.forms import spelled_forms
from crm_bridge.found import Record, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.sources import Surroundings


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Zammad."""

    token: Annotated[str | None, msgspec.Meta(description="Access token: Profile, Token Access.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None


class Zammad(HttpAdapter):
    """The users of one Zammad."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"Authorization": f"Token token={options.token}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)

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


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Zammad:
    """Zammad as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Zammad(name, options, surroundings)
