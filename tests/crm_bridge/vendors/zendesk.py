"""Zendesk's search as documented at developer.zendesk.com/api-reference/ticketing/ticket-management/search: a query of
keywords, alternatives where one comes twice; ``email/token:token`` by basic authentication; pages of ``per_page``.
Tickets as at developer.zendesk.com/api-reference/ticketing/tickets/tickets: listed by ``external_id``; an
``Idempotency-Key`` gives the ticket that it gave before; comments are only ever added; who solves one is assigned to
it.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, shown

ME = 7


class Vendor(CrmServer):
    kind = "zendesk"

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        return super().options() | {"user": "agent@example.com"}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v2/search.json", self.search),
            web.get("/api/v2/users/me.json", self.me),
            web.get("/api/v2/users/{id}.json", self.one),
            web.get("/api/v2/tickets.json", self.listed),
            web.post("/api/v2/tickets.json", self.create),
            web.put("/api/v2/tickets/{id}.json", self.update),
        ]

    def calls(self) -> list[Told]:
        return [
            Told(str(own), "" if one["requester_id"] == ME else str(one["requester_id"]), "\n".join(one["comments"]))
            for own, one in self.tickets.items()
        ]

    async def me(self, request: web.Request) -> web.Response:
        let_in(request)
        return web.json_response({"user": {"id": ME, "name": "Agent", "role": "agent"}})

    async def listed(self, request: web.Request) -> web.Response:
        let_in(request)
        found = [one for one in self.tickets.values() if one["external_id"] == request.query["external_id"]]
        return web.json_response({"tickets": found, "count": len(found)})

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        ticket, key = (await request.json())["ticket"], request.headers["Idempotency-Key"]
        known = next((one for one in self.tickets.values() if one["key"] == key), None)
        if known is not None:
            return web.json_response({"ticket": known}, headers={"x-idempotency-lookup": "hit"})
        assert ticket["status"] != "solved" or ticket["assignee_id"]
        own = 1000 + len(self.tickets)
        self.tickets[own] = {"id": own, "key": key, "comments": []} | take(ticket)
        self.tickets[own]["comments"].append(shown(ticket["comment"]["html_body"]))
        return web.json_response({"ticket": self.tickets[own]}, status=201)

    async def update(self, request: web.Request) -> web.Response:
        let_in(request)
        ticket, own = (await request.json())["ticket"], int(request.match_info["id"])
        self.tickets[own] |= take(ticket)
        self.tickets[own]["comments"].append(shown(ticket["comment"]["html_body"]))
        return web.json_response({"ticket": self.tickets[own]})

    async def search(self, request: web.Request) -> web.Response:
        let_in(request)
        kind, _, query = request.query["query"].partition(" ")
        assert kind == "type:user"
        found = [user(one) for one in self.people if meant(query, one)]
        page = found[: int(request.query["per_page"])]
        return web.json_response({"results": page, "count": len(found), "next_page": None})

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        return web.json_response({"user": user(found)})


def take(ticket: dict[str, Any]) -> dict[str, Any]:
    assert ticket["comment"]["public"] is False
    assert all(re.fullmatch(r"[\w-]+", tag) for tag in ticket["tags"])
    return {key: value for key, value in ticket.items() if key != "comment"}


def let_in(request: web.Request) -> None:
    right = base64.b64encode(f"agent@example.com/token:{SECRET}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {right}":
        raise web.HTTPUnauthorized


def meant(query: str, one: Person) -> bool:
    if phones := re.findall(r'phone:"([^"]*)"', query):
        return one.phone in phones
    return all(word.lower() in one.name.lower() for word in query.split())


def user(one: Person) -> dict[str, Any]:
    return {"id": one.number, "name": one.name, "phone": one.phone, "email": None, "locale": "it", "role": "end-user"}
