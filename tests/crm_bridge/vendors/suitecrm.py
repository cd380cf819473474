"""SuiteCRM's V8 interface as documented at docs.suitecrm.com (JSON API) and in Api/V8/JsonApi/Repository/Filter.php: a
client credentials grant at ``/Api/access_token``, ``filter[field][eq]`` only, JSON:API documents.
A record may be made with an id of its maker's, once (Api/V8/Service/ModuleService.php); dates are as in the database.
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, instant

TOKEN = "granted-token"


class Vendor(CrmServer):
    kind = "suitecrm"

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
            web.get("/Api/V8/module/Calls/{id}", self.one_call),
            web.post("/Api/V8/module", self.create),
            web.patch("/Api/V8/module", self.update),
        ]

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
        [(field, value)] = [
            (found[1], value)
            for key, value in request.query.items()
            if (found := re.fullmatch(r"filter\[(\w+)\]\[eq\]", key))
        ]
        found = [item(one) for one in self.people if item(one)["attributes"][field] == value]
        return jsonapi({"meta": {"total-pages": 1}, "data": found[: int(request.query["page[size]"])]})

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


def item(one: Person) -> dict[str, Any]:
    names = {"first_name": one.first, "last_name": one.last, "account_name": one.company, "email1": ""}
    phones = {"phone_work": one.phone, "phone_mobile": one.mobile}
    return {"type": "Contact", "id": str(one.number), "attributes": names | phones | {"description": ""}}


def jsonapi(document: dict[str, Any]) -> web.Response:
    return web.json_response(document, content_type="application/vnd.api+json")
