"""Zendesk's search as documented at developer.zendesk.com/api-reference/ticketing/ticket-management/search: a query of
keywords, alternatives where one comes twice; ``email/token:token`` by basic authentication; pages of ``per_page``.
Tickets as at developer.zendesk.com/api-reference/ticketing/tickets/tickets: listed by ``external_id``; an
``Idempotency-Key`` gives the ticket that it gave before; comments are only ever added; who solves one is assigned to
it.

Tickets are searched by ``requester``, ``via`` and ``tags``, a minus before one of them excludes (support.zendesk.com,
"Zendesk Support search reference"); ``include=tickets(users)`` adds the users who have to do with them (the search's
"Side-loads").
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, shown, talks, troubles

ME = 7
AGENTS = {ME: "Agent", 21: "Bruno Esposito", 22: "Dana O'Neill"}
#: words of the search for channels of tickets
VIA = {"mail": "email", "chat": "chat", "web": "web", "api": "api"}


class Vendor(CrmServer):
    kind = "zendesk"
    tells: ClassVar[tuple[str, ...]] = ("incidents", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.requested: list[dict[str, Any]] = []
        for one in self.people:
            self.fill(one.number)

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

    def fill(self, person: int) -> None:
        """What this person requested: by the web form, by e-mail or in a chat."""
        for case in troubles(person):
            status = "hold" if case.is_open else "closed"
            own = {"subject": case.title, "status": status, "priority": "high", "assignee_id": agent(case.owner)}
            self.put(person, "web", f"{case.opened_on}T09:00:00Z", own)
        for talk in talks(person):
            way = {"submitter_id": person} if talk.direction == "in" else {"submitter_id": agent(talk.by)}
            own = {"subject": talk.title, "assignee_id": agent(talk.by)} | way
            self.put(person, "email" if talk.kind == "e-mail" else "chat", talk.at.strftime("%Y-%m-%dT%H:%M:%SZ"), own)

    def put(self, person: int, channel: str, at: str, own: dict[str, Any]) -> None:
        plain = {"id": 300 + len(self.requested), "requester_id": person, "submitter_id": person, "tags": []}
        made = {"created_at": at, "via": {"channel": channel, "source": {}}, "status": "closed", "priority": None}
        self.requested.append(plain | made | own)

    async def part_of(self, request: web.Request) -> str:
        query = request.query.get("query", "")
        return ("contacts" if "via:" in query else "incidents") if query.startswith("type:ticket") else ""

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
        if kind == "type:ticket":
            return web.json_response(self.tickets_for(query, request.query))
        assert kind == "type:user"
        found = [user(one) for one in self.people if meant(query, one)]
        page = found[: int(request.query["per_page"])]
        return web.json_response({"results": page, "count": len(found), "next_page": None})

    def tickets_for(self, query: str, params: Mapping[str, str]) -> dict[str, Any]:
        assert (params["sort_by"], params["sort_order"], params["include"]) == ("created_at", "desc", "tickets(users)")
        assert int(params["per_page"]) <= 100
        of_calls = [
            one | {"id": own, "subject": one["subject"], "submitter_id": ME, "created_at": "2026-11-22T00:00:00Z"}
            | {"via": {"channel": "api"}}
            for own, one in self.tickets.items()
        ]  # fmt: skip
        found = [one for one in (*self.requested, *of_calls) if asked_for(query.split(), one)]
        found.sort(key=lambda one: str(one["created_at"]), reverse=True)
        page = found[: int(params["per_page"])]
        named = {one.get(role) for one in page for role in ("requester_id", "submitter_id", "assignee_id")}
        agents = [{"id": own, "name": name, "role": "agent"} for own, name in AGENTS.items() if own in named]
        users = agents + [user(one) for one in self.people if one.number in named]
        return {"results": page, "users": users, "count": len(found), "next_page": None}

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        return web.json_response({"user": user(found)})


def agent(name: str) -> int:
    return next(own for own, known in AGENTS.items() if known == name)


def asked_for(words: list[str], one: dict[str, Any]) -> bool:
    """Whether a ticket is meant: the values of one keyword are alternatives."""
    asked: dict[str, list[str]] = {}
    for word in words:
        keyword, _, value = word.partition(":")
        asked.setdefault(keyword, []).append(value)
    assert asked.keys() <= {"requester", "via", "-tags"}, words
    channels = [VIA[word] for word in asked.get("via", [])]
    his = str(one["requester_id"]) in asked["requester"] and (not channels or one["via"]["channel"] in channels)
    return his and not set(asked.get("-tags", [])) & set(one["tags"])


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
