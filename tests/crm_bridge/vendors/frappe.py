"""Frappe's REST as documented at docs.frappe.io/framework/user/en/api/rest: ``/api/resource/:doctype`` with ``filters``
and ``fields`` as JSON, also on child tables; ``token key:secret``; ``{"data": ...}``.
Call Log: erpnext/telephony/doctype/call_log/call_log.json: named by its ``id``, of which there can be one only.
Sales Order, Issue, Communication: the fields of their JSON in erpnext/selling/doctype/sales_order,
erpnext/support/doctype/issue, frappe/core/doctype/communication and communication_link. A filter or field of a child
table joins it, one row for each of its rows; a name that is two tables' then has to name its table in ``order_by``
(frappe/model/db_query.py).
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import (
    SECRET,
    CrmServer,
    Person,
    Told,
    instant,
    like,
    products,
    sold,
    talks,
    troubles,
)

#: child tables, and the fields of a document that a question may name
CHILDREN = {"Sales Order": "Sales Order Item", "Communication": "Communication Link"}
DAYS = {"Sales Order": "transaction_date", "Issue": "opening_date", "Communication": "communication_date"}
USERS = {"Bruno Esposito": "bruno@example.com", "Dana O'Neill": "dana@example.com"}


class Vendor(CrmServer):
    kind = "frappe"
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "products", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.logs: dict[str, dict[str, Any]] = {}
        self.documents: dict[str, list[dict[str, Any]]] = {
            doctype: [document for one in self.people for document in made(one)]
            for doctype, made in (("Sales Order", orders_of), ("Issue", issues_of), ("Communication", said_by))
        }

    def options(self) -> dict[str, Any]:
        return super().options() | {"api_key": "key"}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/resource/Contact", self.listed),
            web.get("/api/resource/Contact/{name}", self.one),
            web.get("/api/resource/{doctype}", self.documents_of),
            web.get("/api/resource/{doctype}/{name}", self.one_call),
            web.post("/api/resource/{doctype}", self.create),
            web.put("/api/resource/{doctype}/{name}", self.update),
        ]

    def calls(self) -> list[Told]:
        return [Told(own, linked(one), one["summary"]) for own, one in self.logs.items()]

    async def part_of(self, request: web.Request) -> str:
        doctype = request.match_info.get("doctype", "")
        if doctype == "Sales Order":
            return "products" if "item_name" in request.query["fields"] else "orders"
        return {"Issue": "incidents", "Communication": "contacts"}.get(doctype, "")

    async def documents_of(self, request: web.Request) -> web.Response:
        """A list as ``frappe.get_list`` gives it. AssertionError for a field that is none."""
        let_in(request)
        doctype = request.match_info["doctype"]
        if doctype not in self.documents:
            return web.json_response({"exc_type": "DoesNotExistError"}, status=404)
        assert request.query.keys() == {"filters", "fields", "order_by", "limit_page_length"}
        assert request.query["order_by"] == f"`tab{doctype}`.`{DAYS[doctype]}` desc"
        filters, fields = json.loads(request.query["filters"]), json.loads(request.query["fields"])
        rows = joined(self.documents[doctype], doctype, json.dumps([filters, fields]))
        found = [one for one in rows if all(passes(one, condition) for condition in filters)]
        found.sort(key=lambda one: str(one[f"{doctype}.{DAYS[doctype]}"]), reverse=True)
        keys = {name: named(doctype, name) for name in fields}
        assert all(key in one for one in rows for key in keys.values() if not key.endswith("._assign"))
        data = [{key.rpartition(".")[2]: one.get(key) for key in keys.values()} for one in found]
        return web.json_response({"data": data[: int(request.query["limit_page_length"])]})

    async def one_call(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.match_info["doctype"] == "Call Log"
        found = self.logs.get(request.match_info["name"])
        if found is None:
            return web.json_response({"exc_type": "DoesNotExistError"}, status=404)
        return web.json_response({"data": found})

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.match_info["doctype"] == "Call Log"
        log = await request.json()
        if log["id"] in self.logs:
            return web.json_response({"exc_type": "DuplicateEntryError"}, status=409)
        self.logs[log["id"]] = checked(log)
        return web.json_response({"data": log | {"name": log["id"]}})

    async def update(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.match_info["doctype"] == "Call Log"
        log = self.logs[request.match_info["name"]] = self.logs[request.match_info["name"]] | await request.json()
        return web.json_response({"data": checked(log)})

    async def listed(self, request: web.Request) -> web.Response:
        let_in(request)
        [[table, field, operator, value]] = json.loads(request.query["filters"])
        assert operator == "like"
        rows = []
        for one in self.people:
            if (table, field) == ("Contact Phone", "phone"):
                rows += [row(one) for phone in phones(one) if like(value, phone)]
            elif (table, field) == ("Contact", "full_name") and like(value, one.name):
                rows.append(row(one))
        return web.json_response({"data": rows[: int(request.query["limit_page_length"])]})

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if f"CON-{one.number}" == request.match_info["name"]), None)
        if found is None:
            return web.json_response({"exc_type": "DoesNotExistError"}, status=404)
        children = [{"phone": phone, "is_primary_phone": 0} for phone in phones(found)]
        links = [{"link_doctype": "Customer", "link_name": found.company}] if found.company else []
        return web.json_response({"data": row(found) | {"phone_nos": children, "links": links}})


def joined(documents: list[dict[str, Any]], doctype: str, asked: str) -> list[dict[str, Any]]:
    """Rows by table and field; a child table that is asked for gives one each."""
    child = CHILDREN.get(doctype, "")
    rows = []
    for one in documents:
        own = {f"{doctype}.{field}": value for field, value in one.items() if field != "children"}
        parts = one["children"] if child and child in asked else [{}]
        rows += [own | {f"{child}.{field}": value for field, value in part.items()} for part in parts]
    return rows


def named(doctype: str, field: str) -> str:
    """``name`` or ```tabSales Order Item`.`item_name``` as table and field."""
    return field.replace("`", "").removeprefix("tab") if field.startswith("`tab") else f"{doctype}.{field}"


def passes(row: dict[str, Any], condition: list[Any]) -> bool:
    table, field, operator, value = condition
    here = row[f"{table}.{field}"]
    assert operator in ("=", "!=", "in")
    if operator == "in":
        return here in value
    return bool((here == value) == (operator == "="))


def orders_of(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "name": order.reference,
            "po_no": order.title,
            "customer": one.company or None,
            "contact_person": f"CON-{one.number}",
            "docstatus": 1,
            "status": "To Deliver and Bill" if order.is_open else "Completed",
            "delivery_status": "Partly Delivered" if order.is_open else "Fully Delivered",
            "transaction_date": f"{order.placed_on}",
            "delivery_date": f"{order.due_on}",
            "grand_total": order.total,
            "currency": "EUR",
            "children": [{"item_name": products(one.number)[i]}, {"item_name": products(one.number)[0]}],
        }
        for i, order in enumerate(sold(one.number))
    ]


def issues_of(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "name": f"ISS-2026-{trouble.reference}",
            "subject": trouble.title,
            "customer": one.company or None,
            "contact": f"CON-{one.number}",
            "status": "Replied" if trouble.is_open else "Resolved",
            "priority": "High",
            "opening_date": f"{trouble.opened_on}",
            "_assign": json.dumps([USERS[trouble.owner]]),
        }
        for trouble in troubles(one.number)
    ]


def said_by(one: Person) -> list[dict[str, Any]]:
    """What was said with him, linked with him and his customer as Frappe does it, and a call that somebody noted."""
    links = [{"link_doctype": "Contact", "link_name": f"CON-{one.number}"}]
    links += [{"link_doctype": "Customer", "link_name": one.company}] if one.company else []
    said = [
        {
            "name": f"c{one.number}-{i}",
            "communication_date": f"{talk.at:%Y-%m-%d %H:%M:%S}",
            "communication_medium": {"e-mail": "Email", "meeting": "Meeting"}[talk.kind],
            "communication_type": "Communication",
            "subject": talk.title,
            "sent_or_received": {"in": "Received", "out": "Sent"}[talk.direction],
            "sender_full_name": one.name if talk.direction == "in" else talk.by,
            "children": links,
        }
        for i, talk in enumerate(talks(one.number))
    ]
    called = [said[0] | {"name": "call", "communication_medium": "Phone", "subject": "He called"}] if said else []
    return [*said, *called]


def linked(log: dict[str, Any]) -> str:
    return "".join(str(each["link_name"]) for each in log["links"])


def checked(log: dict[str, Any]) -> dict[str, Any]:
    """A Data field holds 140 characters, a Select one of its options."""
    assert all(len(log[field] or "") <= 140 for field in ("id", "from", "to", "medium", "recording_url"))
    assert log["type"] in ("Incoming", "Outgoing")
    assert log["status"] in ("Ringing", "In Progress", "Completed", "Failed", "Busy", "No Answer", "Queued", "Canceled")
    assert instant(log["start_time"]) <= instant(log["end_time"])
    return log


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"token key:{SECRET}":
        raise web.HTTPUnauthorized


def phones(one: Person) -> list[str]:
    return [phone for phone in (one.mobile, one.phone) if phone]


def row(one: Person) -> dict[str, Any]:
    """As a list gives it: the first number only."""
    names = {"name": f"CON-{one.number}", "first_name": one.first, "last_name": one.last, "company_name": one.company}
    return names | {"email_id": None, "phone": phones(one)[0], "mobile_no": None}
