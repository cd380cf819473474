"""Zendesk's search as documented at developer.zendesk.com/api-reference/ticketing/ticket-management/search: a query of
keywords, alternatives where one comes twice; ``email/token:token`` by basic authentication; pages of ``per_page``.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person


class Vendor(CrmServer):
    kind = "zendesk"

    def options(self) -> dict[str, Any]:
        return super().options() | {"user": "agent@example.com"}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v2/search.json", self.search), web.get("/api/v2/users/{id}.json", self.one)]

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
