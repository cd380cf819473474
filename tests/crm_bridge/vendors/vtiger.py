"""Vtiger's REST as documented at help.vtiger.com/article/147111249-Rest-API-Manual: ``/lookup?type=phone&value=``,
``/query``, ``/retrieve``; basic authentication with user and access key; ``{"success", "result"}``; ids like ``12x5``.
``/create`` and ``/revise`` by POST with ``element`` as JSON, ``/me``.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, digits, like

API = "/restapi/v1/vtiger/default"


class Vendor(CrmServer):
    kind = "vtiger"

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        return super().options() | {"user": "offhook@example.com"}

    def routes(self) -> list[web.RouteDef]:
        paths = {"lookup": self.lookup, "query": self.query, "retrieve": self.retrieve}
        paths["me"] = self.me
        writing = [web.post(f"{API}/create", self.create), web.post(f"{API}/revise", self.revise)]
        return [*writing, *(web.get(f"{API}/{name}", handler) for name, handler in paths.items())]

    def calls(self) -> list[Told]:
        return [Told(own, one.get("contact_id", ""), one["description"]) for own, one in self.events.items()]

    async def me(self, request: web.Request) -> web.Response:
        let_in(request)
        return answer({"id": "19x1", "user_name": "offhook"})

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        form = await request.post()
        element = json.loads(str(form["element"]))
        assert form["elementType"] == "Events"
        assert {"subject", "date_start", "time_start", "due_date", "eventstatus", "assigned_user_id"} <= set(element)
        assert element["activitytype"] == "Call"
        own = f"18x{len(self.events)}"
        self.events[own] = element | {"id": own}
        return answer(self.events[own])

    async def revise(self, request: web.Request) -> web.Response:
        let_in(request)
        element = json.loads(str((await request.post())["element"]))
        self.events[element["id"]] |= element
        return answer(self.events[element["id"]])

    async def lookup(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.query["type"] == "phone"
        assert "Contacts" in json.loads(request.query["searchIn"])
        wanted = digits(request.query["value"])
        found = [row(one) for one in self.people if wanted in digits(one.phone) or wanted in digits(one.mobile)]
        return answer(found)

    async def query(self, request: web.Request) -> web.Response:
        let_in(request)
        if events := re.fullmatch(
            r"select \* from Events where description like '([^']*)' limit 5;", request.query["query"]
        ):
            return answer([one for one in self.events.values() if like(events[1], one["description"])][:5])
        asked = re.fullmatch(
            r"select \* from Contacts where lastname like '([^']*)' or firstname like '([^']*)' limit (\d+);",
            request.query["query"],
        )
        assert asked is not None
        found = [row(one) for one in self.people if like(asked[1], one.last) or like(asked[2], one.first)]
        return answer(found[: int(asked[3])])

    async def retrieve(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if f"12x{one.number}" == request.query["id"]), None)
        if found is None:
            error = {"code": "INVALID_ID_ATTRIBUTE", "message": "Id specified is incorrect"}
            return web.json_response({"success": False, "error": error}, status=400)
        return answer(row(found))


def let_in(request: web.Request) -> None:
    right = base64.b64encode(f"offhook@example.com:{SECRET}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {right}":
        raise web.HTTPUnauthorized


def answer(result: object) -> web.Response:
    return web.json_response({"success": True, "result": result})


def row(one: Person) -> dict[str, Any]:
    names = {"id": f"12x{one.number}", "firstname": one.first, "lastname": one.last, "contact_no": f"CON{one.number}"}
    return names | {"phone": one.phone, "mobile": one.mobile, "email": "", "donotcall": "1" if one.number == 1 else "0"}
