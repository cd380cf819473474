"""Odoo 18's JSON-RPC as documented in odoo/documentation 18.0, external_api.rst: POST ``/jsonrpc``, services common and
object, errors in the body with status 200. ``authenticate`` gives False where user or key are wrong.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors import odoo
from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer

UID = 7


class Vendor(CrmServer):
    kind = "odoo"

    def options(self) -> dict[str, Any]:
        search = {"search_fields": ["phone", "mobile"], "number_fields": ["phone", "mobile"]}
        return super().options() | {"database": "prod", "api": "jsonrpc", "user": "offhook"} | search

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/jsonrpc", self.call)]

    async def call(self, request: web.Request) -> web.Response:
        params = (await request.json())["params"]
        if params["service"] == "common":
            database, user, key, _ = params["args"]
            return answer(UID if (database, user, key) == ("prod", "offhook", SECRET) else False)
        database, uid, key, model, method, [domain], options = params["args"]
        if (database, uid, key) != ("prod", UID, SECRET):
            data = {"name": "odoo.exceptions.AccessDenied", "message": "Access Denied"}
            return web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "data": data}})
        assert (model, method) == ("res.partner", "search_read")
        records = [odoo.record(one) | {"mobile": one.mobile or False} for one in self.people]
        return answer([one for one in records if odoo.meant(domain, one)][: options["limit"]])


def answer(result: object) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": 1, "result": result})
