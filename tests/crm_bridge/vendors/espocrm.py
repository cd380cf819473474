"""EspoCRM's REST as documented at docs.espocrm.com/development/api and api-search-params: ``X-Api-Key``, ``where[]`` as
in application/Espo/Core/Select/Where/Item/Type.php (``like``, ``contains``), ``{"total", "list"}``; a list holds the
first number only, a record ``phoneNumberData``.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, like


class Vendor(CrmServer):
    kind = "espocrm"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/{kind}", self.listed), web.get("/api/v1/{kind}/{id}", self.one)]

    def let_in(self, request: web.Request) -> None:
        if request.headers.get("X-Api-Key") != SECRET:
            raise web.HTTPUnauthorized
        assert request.match_info["kind"] in ("Contact", "Account", "Lead")

    async def listed(self, request: web.Request) -> web.Response:
        self.let_in(request)
        where = {key: request.query[f"where[0][{key}]"] for key in ("type", "attribute", "value")}
        people = self.people if request.match_info["kind"] == "Contact" else ()
        found = [row(one) for one in people if meant(where, one)]
        return web.json_response({"total": len(found), "list": found[: int(request.query["maxSize"])]})

    async def one(self, request: web.Request) -> web.Response:
        self.let_in(request)
        found = next((one for one in self.people if f"e{one.number}" == request.match_info["id"]), None)
        if found is None:
            raise web.HTTPNotFound
        numbers = [{"phoneNumber": phone, "type": "Office", "primary": i == 0} for i, phone in enumerate(phones(found))]
        return web.json_response(row(found) | {"phoneNumberData": numbers})


def phones(one: Person) -> list[str]:
    """The mobile first: the number that is asked for is often the second."""
    return [phone for phone in (one.mobile, one.phone) if phone]


def row(one: Person) -> dict[str, Any]:
    account = {
        "accountName": one.company or None,
        "emailAddress": None,
        "description": None,
        "doNotCall": one.number == 1,
    }
    return {"id": f"e{one.number}", "name": one.name, "phoneNumber": phones(one)[0], **account}


def meant(where: dict[str, str], one: Person) -> bool:
    if where["type"] == "like":
        assert where["attribute"] == "phoneNumber"
        return any(like(where["value"], phone) for phone in phones(one))
    assert (where["type"], where["attribute"]) == ("contains", "name")
    return where["value"].lower() in one.name.lower()
