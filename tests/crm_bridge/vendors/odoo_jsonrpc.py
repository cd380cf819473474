"""Odoo 18's JSON-RPC as documented in odoo/documentation 18.0, external_api.rst: POST ``/jsonrpc``, services common and
object, errors in the body with status 200. ``authenticate`` gives False where user or key are wrong.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors import odoo
from tests.crm_bridge.vendors.crm_server import SECRET

UID = 7


class Vendor(odoo.Vendor):
    def options(self) -> dict[str, Any]:
        search = {"search_fields": ["phone", "mobile"], "number_fields": ["phone", "mobile"]}
        return super().options() | {"api": "jsonrpc", "user": "offhook"} | search

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/jsonrpc", self.call)]

    def is_writing(self, request: web.Request) -> bool:
        return False  # all goes to one address: see below

    async def part_of(self, request: web.Request) -> str:
        args = (await request.json())["params"]["args"]
        return odoo.PARTS.get(args[3], "") if len(args) > 4 else ""

    async def call(self, request: web.Request) -> web.Response:
        params = (await request.json())["params"]
        if params["service"] == "common":
            database, user, key, _ = params["args"]
            return answer(UID if (database, user, key) == ("prod", "offhook", SECRET) else False)
        database, uid, key, model, method, given, options = params["args"]
        if (database, uid, key) != ("prod", UID, SECRET):
            return fault("odoo.exceptions.AccessDenied", "Access Denied")
        if (model, method) != ("res.partner", "search_read"):
            try:
                return self.store(model, method, given, options)
            except odoo.NoModelError:
                return fault("odoo.exceptions.UserError", f"Object {model} doesn't exist")
            except odoo.NoFieldError as error:
                return fault("builtins.ValueError", str(error))
        [domain] = given
        records = [odoo.record(one) | {"mobile": one.mobile or False} for one in self.people]
        return answer([one for one in records if odoo.meant(domain, one)][: options["limit"]])

    def store(self, model: str, method: str, given: list[Any], named: dict[str, Any]) -> web.Response:
        if method == "search_read":
            return answer(self.do(model, method, [], named | {"domain": given[0]}))
        if method == "fields_get":
            assert given == []
            return answer(self.do(model, method, [], named))
        if self.mood == "untaken":
            return fault("odoo.exceptions.ValidationError", f"{SECRET} is no value")
        done = self.do(model, method, given[0], named | ({"vals": given[1]} if method == "write" else {}))
        if self.mood == "lost":
            raise web.HTTPBadGateway
        return answer(done[0] if isinstance(done, list) else done)


def fault(kind: str, message: str) -> web.Response:
    """An error comes with status 200."""
    error = {"code": 200, "data": {"name": kind, "message": message}}
    return web.json_response({"jsonrpc": "2.0", "id": 1, "error": error})


def answer(result: object) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": 1, "result": result})
