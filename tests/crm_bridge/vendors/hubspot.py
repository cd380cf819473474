"""HubSpot's CRM search as documented at developers.hubspot.com/docs/api-reference/search/guide: POST
``/crm/v3/objects/contacts/search`` with up to five ``filterGroups`` that are alternatives, or ``query``; at most 200 a
page, ``paging.next.after`` for more. Calculated numbers hold the digits without the country code. Calls as at
developers.hubspot.com/docs/api/crm/calls: ``batch/upsert`` by a property with unique values, associations v4.

What hangs on a contact: the same search with ``associations.contact`` (its section "Search through associations"). It
refuses a filter or a sort by a property that there is not. Stages as at
docs/api-reference/legacy/crm/pipelines/guide and crm/objects/orders/guide, properties of e-mails and meetings as at
crm/activities, owners as at crm/owners/guide, line items by associations v4 and ``batch/read``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from crm_bridge.forms import significant_digits
from crm_bridge.number import parse_number
from tests.crm_bridge.vendors.crm_server import (
    SECRET,
    CrmServer,
    Person,
    Told,
    products,
    shown,
    sold,
    talks,
    troubles,
)

Properties = Mapping[str, str | None]

PARTS = {
    "deals": "orders",
    "order": "orders",
    "tickets": "incidents",
    "emails": "contacts",
    "meetings": "contacts",
    "line_items": "products",
}
KNOWN = {
    "deals": "dealname dealstage amount deal_currency_code createdate closedate hs_is_closed hs_is_closed_won",
    "order": "hs_order_name hs_pipeline_stage hs_fulfillment_status hs_total_price hs_currency_code "
    "hs_external_created_date hs_createdate",
    "tickets": "subject hs_pipeline_stage hs_ticket_priority createdate closed_date hubspot_owner_id",
    "emails": "hs_timestamp hs_email_subject hs_email_direction hs_email_status hubspot_owner_id",
    "meetings": "hs_timestamp hs_meeting_title hs_meeting_outcome hubspot_owner_id",
    "line_items": "name",
}
STAGES = {
    "deals": [
        ("presentationscheduled", "Presentation Scheduled", {"isClosed": "false", "probability": "0.6"}),
        ("closedwon", "Closed Won", {"isClosed": "true", "probability": "1.0"}),
    ],
    "tickets": [("1", "New", {"ticketState": "OPEN"}), ("4", "Closed", {"ticketState": "CLOSED"})],
    "order": [("917", "Processed", {"state": "OPEN"}), ("918", "Shipped", {"state": "CLOSED"})],
}
OWNERS = {"41": "Dana O'Neill", "42": "Bruno Esposito"}


class Vendor(CrmServer):
    kind = "hubspot"
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "products", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.records = {kind: dict[str, tuple[int, Properties]]() for kind in KNOWN}
        self.unscoped = set[str]()
        for person in self.people:
            self.fill(person.number)
        self.stored: dict[str, dict[str, str]] = {}
        self.linked: dict[str, list[str]] = {}

    def routes(self) -> list[web.RouteDef]:
        objects = "/crm/v3/objects/contacts"
        here = "/crm/v4/objects/calls/{call}/associations"
        return [
            web.post(f"{objects}/search", self.search),
            web.get(objects + "/{id}", self.one),
            web.post("/crm/v3/objects/calls/batch/upsert", self.upsert),
            web.get(here + "/contacts", self.list_links),
            web.put(here + "/default/contacts/{id}", self.link),
            web.delete(here + "/contacts/{id}", self.unlink),
            *(web.post(f"/crm/v3/objects/{kind}/search", self.search_of) for kind in KNOWN if kind != "line_items"),
            web.post("/crm/v4/associations/deals/line_items/batch/read", self.lines_of),
            web.post("/crm/v3/objects/line_items/batch/read", self.read_lines),
            web.get("/crm/v3/pipelines/{kind}", self.pipelines),
            web.get("/crm/v3/owners", self.owners),
        ]

    def fill(self, person: int) -> None:
        """What hangs on one person."""
        for deal in sold(person):
            closed, stage = ("false", "presentationscheduled") if deal.is_open else ("true", "closedwon")
            own = {"dealname": deal.title, "dealstage": stage, "amount": str(deal.total), "deal_currency_code": "EUR"}
            own |= {"hs_is_closed": closed, "hs_is_closed_won": closed, "closedate": f"{deal.due_on}T09:00:00Z"}
            self.put("deals", person, own | {"createdate": f"{deal.placed_on}T09:00:00.123Z"})
        for case in troubles(person):
            own = {"subject": case.title, "hs_pipeline_stage": "1" if case.is_open else "4"}
            own |= {"createdate": f"{case.opened_on}T09:00:00Z", "hubspot_owner_id": owner(case.owner)}
            self.put("tickets", person, own | {"hs_ticket_priority": "HIGH" if case.is_open else ""})
        for talk in talks(person):
            mail = talk.kind == "e-mail"
            way = {"hs_email_direction": "INCOMING_EMAIL" if talk.direction == "in" else "EMAIL"} if mail else {}
            title = {"hs_email_subject" if mail else "hs_meeting_title": talk.title}
            own = {"hs_timestamp": talk.at.isoformat(), "hubspot_owner_id": owner(talk.by)}
            self.put("emails" if mail else "meetings", person, own | title | way)
        for product in products(person):
            self.put("line_items", person, {"name": product})
        if products(person) and not any(one["hs_is_closed_won"] == "true" for _, one in self.of("deals", person)):
            self.put("deals", person, {"hs_is_closed": "true", "hs_is_closed_won": "true", "dealstage": "closedwon"})

    def put(self, kind: str, person: int, own: Mapping[str, str | None]) -> None:
        assert own.keys() <= set(KNOWN[kind].split())
        self.records[kind][str(7000 + sum(map(len, self.records.values())))] = person, own

    def of(self, kind: str, person: int) -> list[tuple[str, Properties]]:
        return [(own, one) for own, (whose, one) in self.records[kind].items() if whose == person]

    async def part_of(self, request: web.Request) -> str:
        kind = next((kind for kind in PARTS if f"/objects/{kind}/" in request.path), "")
        if kind == "deals" and len((await request.json())["filterGroups"]) == 1:
            return "products"
        return PARTS.get(kind, "")

    async def search_of(self, request: web.Request) -> web.Response:
        let_in(request)
        asked, kind = await request.json(), request.path.split("/")[4]
        known = set(KNOWN[kind].split())
        groups, [sort] = asked["filterGroups"], asked["sorts"]
        named = {each["propertyName"] for group in groups for each in group["filters"]} | {sort["propertyName"]}
        if len(groups) > 5 or asked["limit"] > 200 or named - known - {"associations.contact"}:
            return web.json_response({"status": "error", "category": "VALIDATION_ERROR"}, status=400)
        assert set(asked["properties"]) <= known
        found = [
            {"id": own, "properties": {name: one.get(name) for name in asked["properties"]}, "archived": False}
            for own, (whose, one) in sorted(
                self.records[kind].items(),
                key=lambda record: record[1][1].get(sort["propertyName"]) or "",
                reverse=sort["direction"] == "DESCENDING",
            )
            if any(all(holds(each, str(whose), one) for each in group["filters"]) for group in groups)
        ]
        return web.json_response({"total": len(found), "results": found[: asked["limit"]]})

    async def lines_of(self, request: web.Request) -> web.Response:
        let_in(request)
        asked = [each["id"] for each in (await request.json())["inputs"]]
        results = [
            {"from": {"id": deal}, "to": [{"toObjectId": int(own), "associationTypes": []} for own in lines]}
            for deal in asked
            if (lines := [own for own, _ in self.of("line_items", self.records["deals"][deal][0])])
        ]
        return web.json_response({"status": "COMPLETE", "results": results}, status=200 if results else 207)

    async def read_lines(self, request: web.Request) -> web.Response:
        let_in(request)
        asked = await request.json()
        assert len(asked["inputs"]) <= 100
        assert asked["properties"] == ["name"]
        found = [
            {"id": each["id"], "properties": self.records["line_items"][each["id"]][1]} for each in asked["inputs"]
        ]
        return web.json_response({"status": "COMPLETE", "results": found})

    async def pipelines(self, request: web.Request) -> web.Response:
        let_in(request)
        if "pipelines" in self.unscoped:
            return web.json_response({"status": "error", "category": "MISSING_SCOPES"}, status=403)
        stages = [
            {"id": own, "label": label, "displayOrder": 0, "metadata": told, "archived": False}
            for own, label, told in STAGES[request.match_info["kind"]]
        ]
        return web.json_response({"results": [{"id": "default", "label": "Pipeline", "stages": stages}]})

    async def owners(self, request: web.Request) -> web.Response:
        let_in(request)
        if "owners" in self.unscoped:
            return web.json_response({"status": "error", "category": "MISSING_SCOPES"}, status=403)
        assert int(request.query["limit"]) <= 500
        names = {own: name.split(" ", 1) for own, name in OWNERS.items()}
        told = [{"id": own, "firstName": one, "lastName": two, "type": "PERSON"} for own, (one, two) in names.items()]
        return web.json_response({"results": told})

    def calls(self) -> list[Told]:
        return [
            Told(str(i), ",".join(self.linked.get(str(i), [])), shown(one["hs_call_body"]))
            for i, one in enumerate(self.stored.values())
        ]

    async def upsert(self, request: web.Request) -> web.Response:
        let_in(request)
        [given] = (await request.json())["inputs"]
        assert given["idProperty"] == "offhook_call_id"
        assert int(given["properties"]["hs_timestamp"]) > 10**12
        assert given["properties"]["hs_call_direction"] in ("INBOUND", "OUTBOUND")
        assert given["properties"]["hs_call_status"] in ("BUSY", "COMPLETED", "FAILED", "NO_ANSWER")
        new = given["id"] not in self.stored
        self.stored[given["id"]] = self.stored.get(given["id"], {}) | given["properties"]
        own = str(list(self.stored).index(given["id"]))
        return web.json_response({"status": "COMPLETE", "results": [{"id": own, "new": new, "properties": {}}]})

    async def list_links(self, request: web.Request) -> web.Response:
        let_in(request)
        linked = self.linked.get(request.match_info["call"], [])
        return web.json_response({"results": [{"toObjectId": int(one), "associationTypes": []} for one in linked]})

    async def link(self, request: web.Request) -> web.Response:
        let_in(request)
        linked = self.linked.setdefault(request.match_info["call"], [])
        if request.match_info["id"] not in linked:
            linked.append(request.match_info["id"])
        return web.json_response({"status": "COMPLETE"})

    async def unlink(self, request: web.Request) -> web.Response:
        let_in(request)
        self.linked[request.match_info["call"]].remove(request.match_info["id"])
        return web.Response(status=204)

    async def search(self, request: web.Request) -> web.Response:
        let_in(request)
        asked = await request.json()
        groups = asked.get("filterGroups", [])
        assert len(groups) <= 5
        found = [one for one in self.people if meant(asked, one)]
        page = found[: asked["limit"]]
        paging = {"paging": {"next": {"after": str(asked["limit"])}}} if len(found) > len(page) else {}
        return web.json_response({"total": len(found), "results": [item(one) for one in page], **paging})

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"status": "error", "category": "OBJECT_NOT_FOUND"}, status=404)
        return web.json_response(item(found))


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {SECRET}":
        raise web.HTTPUnauthorized(text='{"status":"error","category":"INVALID_AUTHENTICATION"}')


def owner(name: str) -> str:
    return next(own for own, known in OWNERS.items() if known == name)


def holds(asked: dict[str, str], whose: str, one: Properties) -> bool:
    """Whether a record meets a filter; nothing here lies after the time that is asked for."""
    if asked["propertyName"] == "associations.contact":
        return (asked["operator"], asked["value"]) == ("EQ", whose)
    if asked["operator"] == "LTE":
        return re.fullmatch(r"\d{13}", asked["value"]) is not None and bool(one.get(asked["propertyName"]))
    return asked["operator"] == "EQ" and one.get(asked["propertyName"]) == asked["value"]


def properties(one: Person) -> dict[str, str | None]:
    names = {"firstname": one.first, "lastname": one.last, "company": one.company or None, "email": None}
    return (
        names
        | {"phone": one.phone, "mobilephone": one.mobile or None, "hs_language": None}
        | {"hs_email_optout": "true" if one.number == 1 else None}
    )


def meant(asked: dict[str, Any], one: Person) -> bool:
    if "query" in asked:
        return asked["query"].lower() in one.name.lower()
    plain = properties(one)
    for key, phone in (("phone", one.phone), ("mobile", one.mobile)):
        plain[f"hs_searchable_calculated_{key}_number"] = (
            significant_digits(parse_number(phone, "IT")) if phone else None
        )
    return any(
        all(plain[each["propertyName"]] == each["value"] for each in group["filters"])
        for group in asked["filterGroups"]
    )


def item(one: Person) -> dict[str, Any]:
    return {"id": str(one.number), "properties": properties(one), "archived": False}
