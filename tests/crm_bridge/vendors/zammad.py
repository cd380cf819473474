"""Zammad's REST as documented at docs.zammad.org/en/latest/api/user.html: ``/api/v1/users/search?query=&limit=``
with Elasticsearch's query language over words, ``Authorization: Token token=``, a plain list.
Tickets and articles as at docs.zammad.org/en/latest/api/ticket: the first article comes with its ticket; one that is
written stays as it is; a search without an index looks for the words in the articles (app/models/ticket/search.rb).
CTI as at docs.zammad.org/en/latest/api/generic-cti, and app/models/cti/log.rb: one entry for each ``callId``; what
comes for an unknown one is an error.
A customer's tickets: app/controllers/tickets_controller.rb (``ticket_customer``), app/models/ticket/screen_options.rb
(``list_by_customer``: by the type of the state, newest first, 15 of each); users as app/models/ticket/assets.rb names
them. States as at docs.zammad.org/en/latest/api/ticket/states.html.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, talks, troubles

CTI_TOKEN = "PhXp3ZG63QyJfcb1pVOnBKJWIbI"
CAUSES = {"normalClearing", "busy", "cancel", "noAnswer", "congestion", "notFound", "forwarded"}
#: names and types of states by id; of the types, which are open and which are closed (others are in neither list)
STATES = {2: ("open", 2), 4: ("closed", 5), 5: ("merged", 6), 8: ("waiting for parts", 2), 9: ("done", 5)}
OPEN, CLOSED, MOST = {1, 2, 3, 4}, {5}, 15
AGENTS = {1: "- ", 21: "Bruno Esposito", 22: "Dana O'Neill"}
WORDS = re.compile(r"[0-9A-Za-zÀ-ž]+")


class Vendor(CrmServer):
    kind = "zammad"
    keeps_nobodys = False
    untaken_status = 422
    tells: ClassVar[tuple[str, ...]] = ("incidents", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: dict[int, list[dict[str, Any]]] = {}
        for one in self.people:
            self.add_tickets(one)
        self.caller_log: dict[str, dict[str, Any]] = {}
        self.heard: list[dict[str, Any]] = []
        self.cut = False

    def add_tickets(self, one: Person) -> None:
        """The person's troubles, each with one of his talks among what is no contact of his."""
        said = (*talks(one.number), None)
        for i, trouble in enumerate(troubles(one.number)):
            own = one.number * 1_000 + i
            self.tickets[own] = {
                "id": own,
                "number": trouble.reference,
                "title": trouble.title,
                "customer_id": one.number,
                "state_id": 8 if trouble.is_open else 9,
                "owner_id": agent(trouble.owner),
                "created_at": f"{trouble.opened_on}T08:00:00.000Z",
                "last_contact_at": f"{trouble.opened_on}T09:00:00.000Z",
                "preferences": {},
            }
            self.articles[own] = [written("note", "Agent", "ask Bruno"), written("email", "System", "We have it")]
            self.articles[own].append(written("phone", "Agent", "He called"))
            if talk := said[i]:
                way, kind = {"in": "Customer", "out": "Agent"}[talk.direction], {"e-mail": "email", "meeting": "chat"}
                article = written(kind[talk.kind], way, talk.title)
                mail = {"created_by_id": agent(talk.by), "created_at": talk.at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
                self.articles[own].append(article | mail)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/users/search", self.search),
            web.get("/api/v1/users/{id}", self.one),
            web.get("/api/v1/ticket_customer", self.tickets_of),
            web.get("/api/v1/ticket_states", self.list_states),
            web.get("/api/v1/tickets/search", self.search_tickets),
            web.post("/api/v1/tickets", self.create),
            web.put("/api/v1/tickets/{id}", self.update),
            web.get("/api/v1/ticket_articles/by_ticket/{id}", self.list_articles),
            web.post("/api/v1/ticket_articles", self.add),
            web.post("/api/v1/cti/{token}", self.hear),
        ]

    def calls(self) -> list[Told]:
        return [
            Told(str(own), str(one["customer_id"]), "\n".join(article["body"] for article in self.articles[own]))
            for own, one in self.tickets.items()
            if own < 1_000
        ]

    async def part_of(self, request: web.Request) -> str:
        """The tickets are read for both; the states for incidents, the articles for contacts."""
        if "by_ticket" in request.path:
            return "contacts"
        return "incidents" if request.path.endswith("/ticket_states") else ""

    async def tickets_of(self, request: web.Request) -> web.Response:
        let_in(request)
        [(name, customer)] = request.query.items()
        assert name == "customer_id"
        his = [one for one in self.tickets.values() if str(one["customer_id"]) == customer]
        his.sort(key=lambda one: str(one["created_at"]), reverse=True)
        kinds = [[one for one in his if type_of(one) in types][:MOST] for types in (OPEN, CLOSED)]
        listed = [one for kind in kinds for one in kind]
        owners = {str(own): {"id": own, "firstname": name.split()[0], "lastname": name.partition(" ")[2]}
                  for own, name in AGENTS.items() if own in {one.get("owner_id") for one in listed}}  # fmt: skip
        assets = {"Ticket": {str(one["id"]): one for one in listed}, "User": owners} if listed else {}
        ids = [[one["id"] for one in kind] for kind in kinds]
        return web.json_response({"ticket_ids_open": ids[0], "ticket_ids_closed": ids[1], "assets": assets})

    async def list_states(self, request: web.Request) -> web.Response:
        let_in(request)
        return web.json_response([
            {"id": own, "name": name, "state_type_id": kind, "active": True} for own, (name, kind) in STATES.items()
        ])  # fmt: skip

    async def search_tickets(self, request: web.Request) -> web.Response:
        let_in(request)
        wanted = request.query["query"]
        assert wanted.isalnum()
        found = [own for own in self.tickets if any(wanted in one["body"] for one in self.articles[own])]
        return web.json_response([self.tickets[own] for own in found])

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        ticket = await request.json()
        assert {"title", "group", "customer_id"} <= set(ticket)
        own = 40 + sum(number < 1_000 for number in self.tickets)
        self.articles[own] = [phoned(ticket.pop("article"))]
        stamps = dict.fromkeys(("created_at", "last_contact_at"), "2026-11-22T00:00:00.000Z")
        more = {"id": own, "number": str(own), "owner_id": 1, "state_id": state_id(ticket["state"])}
        self.tickets[own] = ticket | stamps | more
        return web.json_response(self.tickets[own], status=201)

    async def update(self, request: web.Request) -> web.Response:
        let_in(request)
        own = int(request.match_info["id"])
        self.tickets[own] |= await request.json()
        return web.json_response(self.tickets[own])

    async def list_articles(self, request: web.Request) -> web.Response:
        let_in(request)
        return web.json_response(self.articles[int(request.match_info["id"])])

    async def hear(self, request: web.Request) -> web.Response:
        if self.cut and request.transport is not None:
            request.transport.abort()
        if request.match_info["token"] != CTI_TOKEN:
            return web.json_response({"error": "Invalid token, please contact your admin!"}, status=401)
        event = await request.json()
        if self.cut:
            return web.Response()
        self.heard.append(event)
        known = self.caller_log.get(event["callId"])
        if known is None and event["event"] != "newCall":
            return web.json_response({"error": "No such call_id"}, status=500)
        self.caller_log[event["callId"]] = log_of(event, known)
        return web.json_response({})

    async def add(self, request: web.Request) -> web.Response:
        let_in(request)
        article = phoned(await request.json())
        self.articles[article["ticket_id"]].append(article)
        return web.json_response(article, status=201)

    async def search(self, request: web.Request) -> web.Response:
        let_in(request)
        found = [user(one) for one in self.people if meant(request.query["query"], user(one))]
        return web.json_response(found[: int(request.query["limit"])])

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"error": "Couldn't find User"}, status=404)
        return web.json_response(user(found))


def agent(name: str) -> int:
    return next(own for own, one in AGENTS.items() if one == name)


def state_id(name: str) -> int:
    return next(own for own, (one, _) in STATES.items() if one == name)


def type_of(ticket: dict[str, Any]) -> int:
    return STATES[ticket["state_id"]][1]


def written(kind: str, sender: str, subject: str) -> dict[str, Any]:
    by = {"created_by_id": 22, "created_by": "dana@example.com", "created_at": "2026-11-20T07:00:00.000Z"}
    return by | {"type": kind, "sender": sender, "subject": subject, "body": f"<div>{subject}</div>"}


def log_of(event: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """The entry after an event, as ``Cti::Log.process`` has it. AssertionError for what the documentation forbids."""
    assert event["direction"] in ("in", "out")
    assert len(event["callId"]) <= 250
    assert all(event[end] and not str(event[end]).startswith("+") for end in ("from", "to"))
    if event["event"] == "newCall":
        assert before is None
        return {key: event[key] for key in ("direction", "from", "to")} | {
            "queue": event.get("queue"), "user": event.get("user"), "state": "newCall", "answered": None, "cause": None,
        }  # fmt: skip
    assert before is not None
    assert before["state"] != "hangup"
    if event["event"] == "answer":
        return before | {"state": "answer", "answered": event["answeringNumber"], "user": event["user"]}
    assert event["event"] == "hangup"
    assert event["cause"] in CAUSES
    return before | {"state": "hangup", "cause": event["cause"]}


def phoned(article: dict[str, Any]) -> dict[str, Any]:
    assert (article["type"], article["content_type"], article["internal"]) == ("phone", "text/plain", True)
    assert article["sender"] in ("Customer", "Agent")
    return article


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Token token={SECRET}":
        raise web.HTTPUnauthorized


def user(one: Person) -> dict[str, Any]:
    names = {"id": one.number, "login": f"u{one.number}", "firstname": one.first, "lastname": one.last}
    return names | {"phone": one.phone, "mobile": one.mobile, "email": "", "organization": one.company, "vip": False}


def meant(query: str, one: dict[str, Any]) -> bool:
    groups = re.findall(r"(phone|mobile):\(([^)]*)\)", query)
    if not groups:
        return all(word.lower() in f"{one['firstname']} {one['lastname']}".lower() for word in query.split())
    return any(phrase(form, one[field]) for field, forms in groups for form in re.findall(r'"([^"]*)"', forms))


def phrase(asked: str, text: str) -> bool:
    """The words of ``asked`` one after the other among those of ``text``."""
    wanted, words = WORDS.findall(asked), WORDS.findall(text)
    return any(words[i : i + len(wanted)] == wanted for i in range(len(words) - len(wanted) + 1))
