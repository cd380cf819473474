"""Frappe's REST as documented at docs.frappe.io/framework/user/en/api/rest: ``/api/resource/:doctype`` with ``filters``
and ``fields`` as JSON, also on child tables; ``token key:secret``; ``{"data": ...}``.
Call Log: erpnext/telephony/doctype/call_log/call_log.json: named by its ``id``, of which there can be one only.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, instant, like


class Vendor(CrmServer):
    kind = "frappe"

    def __init__(self) -> None:
        super().__init__()
        self.logs: dict[str, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        return super().options() | {"api_key": "key"}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/resource/Contact", self.listed),
            web.get("/api/resource/Contact/{name}", self.one),
            web.get("/api/resource/{doctype}/{name}", self.one_call),
            web.post("/api/resource/{doctype}", self.create),
            web.put("/api/resource/{doctype}/{name}", self.update),
        ]

    def calls(self) -> list[Told]:
        return [Told(own, linked(one), one["summary"]) for own, one in self.logs.items()]

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
