"""A home-made REST interface for ``kind = "http"``: paged, with a bearer token."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, digits

PAGE = 15


class Vendor(CrmServer):
    kind = "http"

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        return {
            "url": f"{self.url}/api",
            "auth": "bearer",
            "secret": SECRET,
            "find": "/people?phone={digits}",
            "search": "/people?q={text}",
            "get": "/people?id={id}",
            "records": "items",
            "next_page": "next",
            "fields": {"id": "key", "name": "join(' ', [first, last])", "company": "firm", "phone": "phones[]"},
            "more": {"City": "address.city"},
            "write": "/calls/{call_id}",
            "write_body": {"who": "{contact_id}", "text": "{text}", "call": {"s": "{talk_s}", "at": "{started_at}"}},
            "written_id": "key",
            "orders": {"records": "orders", "reference": "no", "title": "text", "state": "state", "due_on": "due"},
            "products": "bought[].name",
            "contacts": {"records": "mails", "on": "sent", "kind": "'e-mail'", "title": "subject", "direction": "way"},
        }

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/people", self.people_page), web.put("/api/calls/{id}", self.store)]

    def calls(self) -> list[Told]:
        return [Told(own, one["who"] or "", one["text"]) for own, one in self.stored.items()]

    async def store(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            raise web.HTTPUnauthorized
        own = request.match_info["id"]
        assert request.headers["Idempotency-Key"] == own
        self.stored[own] = await request.json()
        return web.json_response({"key": own})

    async def people_page(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            raise web.HTTPUnauthorized
        asked, start = request.query, int(request.query.get("from", "0"))
        found = [one for one in self.people if self.meant(one, asked)]
        items, after = [shown(one) for one in found[start : start + PAGE]], start + PAGE
        following = str(request.url.update_query({"from": after})) if after < len(found) else None
        return web.json_response({"items": items, "next": following})

    def meant(self, one: Person, asked: Any) -> bool:
        if "phone" in asked:
            return asked["phone"] in (digits(one.phone), digits(one.mobile))
        if "id" in asked:
            return asked["id"] == str(one.number)
        return asked["q"].lower() in one.name.lower()


def shown(one: Person) -> dict[str, Any]:
    return {
        "key": one.number,
        "first": one.first,
        "last": one.last,
        "firm": one.company,
        "phones": [phone for phone in (one.phone, one.mobile) if phone],
        "address": {"city": "Milano"},
        "orders": [{"no": "O-1", "text": "Heat pump", "state": "shipped", "due": "2026-11-24"}],
        "bought": [{"name": "Filter"}, {"name": "Filter"}, {"name": None}, {"name": "Pump"}],
        "mails": [
            {"sent": "2026-11-03T09:00:00Z", "subject": "<b>Offer</b>", "way": "OUT"},
            {"sent": "soon", "subject": "nowhere"},
            {"sent": "2026-11-20", "subject": "Question", "way": "sideways"},
        ],
    }
