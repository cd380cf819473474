"""BottleCRM's REST as in the source of ``django-crm`` 1.35.0 (documented at ``/schema/``): ``contacts/views.py``,
``contacts/duplicate_views.py`` and ``common/duplicate_detection.py`` (E.164, or the last ten digits; ten at the most),
``common/pat_auth.py``. What a contact's page lists besides him: ``related_deals`` and ``related_cases`` of
``contacts/views.py``, for which no scope but ``contacts:read`` is asked. Calls and other interactions:
``interactions/views.py`` and ``serializers.py`` (one record each, which stays; lengths; 400 with the errors by field;
the latest first).
"""

from __future__ import annotations

from itertools import count
from typing import Any

from aiohttp import web

from crm_bridge.number import parse_number
from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, digits, sold, talks, troubles


class Vendor(CrmServer):
    kind = "bottlecrm"
    keeps_nobodys = False
    tells = ("orders", "incidents", "contacts")
    comes_along = ("orders", "incidents")
    dates_open_orders = False

    def __init__(self) -> None:
        super().__init__()
        self.interactions: dict[str, dict[str, Any]] = {}
        self.numbers = count()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/contacts/duplicates/", self.duplicates),
            web.get("/api/contacts/", self.listed),
            web.get("/api/contacts/{id}/", self.one),
            web.get("/api/interactions/", self.timeline),
            web.post("/api/interactions/", self.log),
            web.patch("/api/interactions/{id}/", self.change),
            web.delete("/api/interactions/{id}/", self.delete),
        ]

    def calls(self) -> list[Told]:
        return [Told(own, one["contact"], one["body"]) for own, one in self.interactions.items()]

    async def part_of(self, request: web.Request) -> str:
        return "contacts" if request.path == "/api/interactions/" and request.method == "GET" else ""

    async def timeline(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.query.keys() <= {"contact", "limit", "offset"}, request.query
        whose = next((one for one in self.people if own_id(one) == request.query["contact"]), None)
        if whose is None:
            return web.json_response({"detail": "No such record."}, status=404)
        written = [one for one in self.interactions.values() if one["contact"] == own_id(whose)]
        found = [*written, *interactions(whose)]
        found.sort(key=lambda one: str(one["occurred_at"]), reverse=True)
        page = found[: min(int(request.query["limit"]), 200)]
        return web.json_response({"interactions": page, "count": len(found)})

    async def log(self, request: web.Request) -> web.Response:
        let_in(request)
        own = f"0e5a0000-0000-4000-8000-{next(self.numbers):012}"
        self.interactions[own] = checked(await request.json()) | {"id": own, "home": "contact"}
        return web.json_response(self.interactions[own], status=201)

    async def delete(self, request: web.Request) -> web.Response:
        let_in(request)
        if self.interactions.pop(request.match_info["id"], None) is None:
            return web.json_response({"detail": "No Interaction matches the given query."}, status=404)
        return web.Response(status=204)

    async def change(self, request: web.Request) -> web.Response:
        let_in(request)
        one, given = self.interactions[request.match_info["id"]], checked(await request.json())
        if (given["contact"], given["kind"]) != (one["contact"], one["kind"]):
            return web.json_response({"error": True, "errors": {"contact": ["fixed"]}}, status=400)
        one |= given
        return web.json_response(one)

    async def duplicates(self, request: web.Request) -> web.Response:
        let_in(request)
        phone = (await request.json())["phone"]
        assert len(phone) <= 25
        found = [one for one in self.people if alike(phone, one.phone)]
        hits = [{"id": own_id(one), "name": one.name, "email": "", "phone": one.phone} for one in found]
        return web.json_response({"duplicates": hits[:10]})

    async def listed(self, request: web.Request) -> web.Response:
        let_in(request)
        asked = request.query["search"].lower()
        found = [record(one) for one in self.people if asked in one.first.lower() or asked in one.last.lower()]
        return web.json_response({"count": len(found), "results": found[: int(request.query["limit"])]})

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if own_id(one) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"detail": "No Contact matches the given query."}, status=404)
        return web.json_response({"contact_obj": record(found), "opportunities": deals(found), "cases": cases(found)})


def checked(one: dict[str, Any]) -> dict[str, Any]:
    assert (one["kind"], len(one["subject"]) <= 200, len(one["body"]) <= 10_000) == ("call", True, True)
    assert one["outcome"] in ("connected", "no_answer", "voicemail", "busy", "wrong_number")
    return one


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {SECRET}":
        raise web.HTTPUnauthorized


def alike(asked: str, phone: str) -> bool:
    return parse_number(phone, "IT").e164 == asked or digits(phone)[-10:] == digits(asked)[-10:]


def deals(one: Person) -> list[dict[str, Any]]:
    """The ten latest; a deal is due, or was closed, on ``closed_on``."""
    rows = [
        {
            "id": f"0d3a0000-0000-4000-8000-{place:012}",
            "name": deal.title,
            "stage": "NEGOTIATION" if deal.is_open else "CLOSED_WON",
            "stage_label": "Negotiation" if deal.is_open else "Closed Won",
            "stage_kind": "open" if deal.is_open else "won",
            "amount": f"{deal.total:.2f}",
            "currency": "EUR",
            "closed_on": f"{deal.due_on}",
        }
        for place, deal in enumerate(sold(one.number))
    ]
    return rows[:10]


def cases(one: Person) -> list[dict[str, Any]]:
    rows = [
        {
            "id": f"0ca50000-0000-4000-8000-{place:012}",
            "name": case.title,
            "status": "Assigned" if case.is_open else "Closed",
            "priority": "High",
            "created_at": f"{case.opened_on}T08:00:00Z",
        }
        for place, case in enumerate(troubles(one.number))
    ]
    return rows[:10]


def interactions(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": f"0e5b0000-0000-4000-8000-{place:012}",
            "kind": "email" if talk.kind == "e-mail" else talk.kind,
            "direction": {"in": "inbound", "out": "outbound"}[talk.direction],
            "occurred_at": talk.at.isoformat(),
            "subject": talk.title,
            "body": "Hello",
            "logged_by_details": {"id": "1", "name": talk.by, "email": "x@example.com"},
            "contact": own_id(one),
            "home": "contact",
        }
        for place, talk in enumerate(talks(one.number))
    ]


def own_id(one: Person) -> str:
    return f"5f0c3a6e-0000-4000-8000-{one.number:012}"


def record(one: Person) -> dict[str, Any]:
    names = {"id": own_id(one), "first_name": one.first, "last_name": one.last, "organization": one.company or None}
    phones = {"phone": one.phone, "phone_e164": parse_number(one.phone, "IT").e164 or ""}
    return names | phones | {"email": None, "description": None, "title": None, "city": None, "do_not_call": True}
