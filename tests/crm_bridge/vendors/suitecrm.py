"""SuiteCRM's V8 interface as documented at docs.suitecrm.com (JSON API) and in Api/V8/JsonApi/Repository/Filter.php: a
client credentials grant at ``/Api/access_token``, ``filter[field][eq]``, from 7.12 on ``like``, JSON:API documents.
A record may be made with an id of its maker's, once (Api/V8/Service/ModuleService.php); dates are as in the database.
A field that a module does not have is status 400 (Api/V8/Param/Options/Fields.php).

Relationships as in Api/V8/Service/RelationshipService.php: whole records, ``filter``, ``sort`` by a field of theirs,
dates in ISO 8601 (Api/V8/JsonApi/Helper/AttributeObjectHelper.php); where there are none, an empty list with a message.
Fields and values as in modules/*/vardefs.php and include/language/en_us.lang.php.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import (
    SECRET,
    CrmServer,
    Person,
    Told,
    instant,
    like,
    sold,
    talks,
    troubles,
)

TOKEN = "granted-token"


#: which part a link is asked for
PARTS = {"opportunities": "orders", "cases": "incidents", "emails": "contacts", "meetings": "contacts"}


class Vendor(CrmServer):
    kind = "suitecrm"
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        return {"url": self.url, "client_id": "offhook", "secret": SECRET}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/Api/access_token", self.grant),
            web.get("/Api/V8/module/Contacts", self.listed),
            web.get("/Api/V8/module/Contacts/{id}", self.one),
            web.get("/Api/V8/module/Accounts", self.listed_accounts),
            web.get("/Api/V8/module/{module}/{id}/relationships/{link}", self.related),
            web.get("/Api/V8/module/Calls/{id}", self.one_call),
            web.post("/Api/V8/module", self.create),
            web.patch("/Api/V8/module", self.update),
        ]

    async def part_of(self, request: web.Request) -> str:
        return PARTS.get(request.match_info.get("link", ""), "")

    async def related(self, request: web.Request) -> web.Response:
        let_in(request)
        module, own, link = (request.match_info[name] for name in ("module", "id", "link"))
        found = [one for one in self.people if own in (str(one.number), f"a{one.number}")]
        if not found:
            return gone()
        if module not in ("Contacts", "Accounts", "Leads") or (
            module == "Leads" and link in ("opportunities", "cases")
        ):
            return gone(f"Cannot load relationship {link} for {module} module")
        return chosen(request, LINKED[link](module, found[0]))

    async def listed_accounts(self, request: web.Request) -> web.Response:
        let_in(request)
        accounts = [account(one) for one in self.people if one.company]
        return listing(request, "Accounts", accounts)

    def calls(self) -> list[Told]:
        return [
            Told(own, f"{one['parent_type']}/{one['parent_id']}" if one["parent_id"] else "", one["description"])
            for own, one in self.stored.items()
        ]

    async def one_call(self, request: web.Request) -> web.Response:
        let_in(request)
        own = request.match_info["id"]
        if own not in self.stored:
            return gone()
        return jsonapi({"data": {"type": "Call", "id": own, "attributes": self.stored[own]}})

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        data = (await request.json())["data"]
        if data["id"] in self.stored:
            return gone("Bean Calls with id is already exist")
        return self.store(data)

    async def update(self, request: web.Request) -> web.Response:
        let_in(request)
        data = (await request.json())["data"]
        return self.store(data) if data["id"] in self.stored else gone()

    def store(self, data: dict[str, Any]) -> web.Response:
        one = data["attributes"]
        assert data["type"] == "Calls"
        assert len(data["id"]) == 36
        assert len(one["name"]) <= 50
        assert one["status"] in ("Planned", "Held", "Not Held")
        assert one["direction"] in ("Inbound", "Outbound")
        assert instant(one["date_start"]) <= instant(one["date_end"])
        self.stored[data["id"]] = one
        return jsonapi({"data": {"type": "Call", "id": data["id"], "attributes": one}})

    async def grant(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == "client_credentials"
        if (form["client_id"], form["client_secret"]) != ("offhook", SECRET):
            return web.json_response({"error": "invalid_client", "message": "Client authentication failed"}, status=401)
        return web.json_response({"token_type": "Bearer", "expires_in": 3600, "access_token": TOKEN})

    async def listed(self, request: web.Request) -> web.Response:
        let_in(request)
        return listing(request, "Contacts", [item(one) for one in self.people])

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        if found is None:
            return gone()
        return jsonapi({"data": item(found)})


def gone(detail: str = "[SuiteCRM] [Not Found] record with id is not found") -> web.Response:
    return web.json_response({"errors": {"status": 400, "detail": detail}}, status=400)


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise web.HTTPUnauthorized


def listing(request: web.Request, module: str, items: list[dict[str, Any]]) -> web.Response:
    """The records of a module with one value in one field, with the fields that are asked for."""
    asked = [
        (found[1], found[2], value)
        for key, value in request.query.items()
        if (found := re.fullmatch(r"filter\[(\w+)\]\[(eq|like)\]", key))
    ]
    fields = request.query[f"fields[{module}]"].split(",")
    if unknown := {field for field, _, _ in asked}.union(fields) - {
        name for one in items for name in one["attributes"]
    }:
        return gone(f"The following fields in {module} are not found: {unknown}")
    assert len(asked) == 1 or request.query["filter[operator]"] == "or"
    found = [one for one in items if any(is_meant(one["attributes"][field], *how) for field, *how in asked)]
    size = int(request.query["page[size]"])
    shown = [one | {"attributes": {name: one["attributes"][name] for name in fields}} for one in found[:size]]
    return jsonapi({"meta": {"total-pages": 1}, "data": shown})


def is_meant(has: str, operator: str, value: str) -> bool:
    """Whether one condition is met; MySQL compares so."""
    return like(value, has) if operator == "like" else has == value


def chosen(request: web.Request, rows: list[dict[str, Any]]) -> web.Response:
    """The linked records that a filter leaves, in their order, as many as fit on a page."""
    for key, value in request.query.items():
        if found := re.fullmatch(r"filter\[(\w+)\]\[(eq|neq)\]", key):
            rows = [row for row in rows if (row[found[1]] == value) is (found[2] == "eq")]
        else:
            assert key in ("sort", "page[size]"), key
    sort = request.query["sort"]
    rows = sorted(rows, key=lambda row: str(row[sort.lstrip("-")]), reverse=sort.startswith("-"))
    if not rows:
        return jsonapi({"meta": {"message": "There is no relationship set"}, "data": []})
    data = [
        {"type": "Record", "id": row["id"], "attributes": {name: value for name, value in row.items() if name != "id"}}
        for row in rows[: int(request.query["page[size]"])]
    ]
    return jsonapi({"meta": {"total-records": len(rows), "total-pages": 1}, "data": data})


def opportunities(module: str, one: Person) -> list[dict[str, Any]]:
    """The open one is the contact's own and his account's, the won one his account's only; besides a lost one."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"o{one.number}{i}",
            "name": order.title,
            "sales_stage": "Proposal/Price Quote" if order.is_open else "Closed Won",
            "amount": f"{order.total:.6f}",
            "currency_id": "-99",
            "date_entered": f"{order.placed_on}T08:00:00+00:00",
            "date_closed": str(order.due_on),
        }
        for i, order in enumerate(sold(one.number))
    ]
    lost = [row | {"id": "lost", "name": "Lost", "sales_stage": "Closed Lost"} for row in rows[:1]]
    return [*(rows[:1] if module == "Contacts" else rows), *lost]


def cases(_: str, one: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": f"k{trouble.reference}",
            "case_number": trouble.reference,
            "name": trouble.title,
            "state": "Open" if trouble.is_open else "Closed",
            "status": "Open_Pending Input" if trouble.is_open else "Closed_Closed",
            "priority": "P1" if trouble.is_open else "P2",
            "assigned_user_name": trouble.owner,
            "date_entered": f"{trouble.opened_on}T08:00:00+00:00",
        }
        for trouble in troubles(one.number)
    ]


def emails(_: str, one: Person) -> list[dict[str, Any]]:
    """The one that was exchanged, and a draft and a mailing besides."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"m{one.number}",
            "name": talk.title,
            "type": "inbound" if talk.direction == "in" else "out",
            "status": "read",
            "from_addr_name": one.name if talk.direction == "in" else talk.by,
            "date_sent_received": f"{talk.at:%Y-%m-%dT%H:%M:%S}+00:00",
            "date_entered": f"{talk.at:%Y-%m-%dT%H:%M:%S}+00:00",
            "assigned_user_name": talk.by,
            "description_html": "<p>" + "x" * 1_000,
        }
        for talk in talks(one.number)
        if talk.kind == "e-mail"
    ]
    others = [row | {"id": kind, "name": kind, "type": kind} for row in rows for kind in ("draft", "campaign")]
    return rows + others


def meetings(_: str, one: Person) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "id": f"t{one.number}",
            "name": talk.title,
            "status": "Held",
            "date_start": f"{talk.at:%Y-%m-%dT%H:%M:%S}+00:00",
            "assigned_user_name": talk.by,
        }
        for talk in talks(one.number)
        if talk.kind == "meeting"
    ]
    return rows + [row | {"id": "planned", "name": "Planned", "status": "Planned"} for row in rows]


LINKED: dict[str, Callable[[str, Person], list[dict[str, Any]]]] = {
    "opportunities": opportunities,
    "cases": cases,
    "emails": emails,
    "meetings": meetings,
}


def item(one: Person) -> dict[str, Any]:
    names = {"first_name": one.first, "last_name": one.last, "name": one.name, "title": "", "email1": ""}
    company = {"account_name": one.company, "account_id": f"a{one.number}" if one.company else ""}
    phones = {"phone_work": one.phone, "phone_mobile": one.mobile}
    return {"type": "Contact", "id": str(one.number), "attributes": names | company | phones | {"description": ""}}


def account(one: Person) -> dict[str, Any]:
    fields = {"name": one.company, "email1": "", "description": "", "phone_office": one.phone}
    return {"type": "Account", "id": f"a{one.number}", "attributes": fields}


def jsonapi(document: dict[str, Any]) -> web.Response:
    return web.json_response(document, content_type="application/vnd.api+json")
