"""EspoCRM's REST as documented at docs.espocrm.com/development/api and api-search-params: ``X-Api-Key``, ``where[]`` as
in application/Espo/Core/Select/Where/Item/Type.php (``like``, ``contains``), ``{"total", "list"}``; a list holds the
first number only, a record ``phoneNumberData``. Calls:
application/Espo/Modules/Crm/Resources/metadata/entityDefs/Call.json.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, instant, like


class Vendor(CrmServer):
    kind = "espocrm"

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [*self.call_routes(), web.get("/api/v1/{kind}", self.listed), web.get("/api/v1/{kind}/{id}", self.one)]

    def call_routes(self) -> list[web.RouteDef]:
        path = "/api/v1/Call"
        return [web.get(path, self.list_calls), web.post(path, self.store), web.put(path + "/{id}", self.store)]

    def calls(self) -> list[Told]:
        return [Told(own, customer_of(one), one["description"]) for own, one in self.stored.items()]

    async def list_calls(self, request: web.Request) -> web.Response:
        self.let_in(request, "Contact")
        assert (request.query["where[0][type]"], request.query["where[0][attribute]"]) == ("like", "description")
        wanted = request.query["where[0][value]"]
        rows = [{"id": own} | one for own, one in self.stored.items() if like(wanted, one["description"])]
        return web.json_response({"total": len(rows), "list": rows[: int(request.query["maxSize"])]})

    async def store(self, request: web.Request) -> web.Response:
        self.let_in(request, "Contact")
        one = await request.json()
        assert one["name"]
        assert one["status"] in ("Planned", "Held", "Not Held")
        assert one["direction"] in ("Outbound", "Inbound")
        assert instant(one["dateStart"]) <= instant(one["dateEnd"])
        own = request.match_info.get("id", f"c{len(self.stored)}")
        self.stored[own] = self.stored.get(own, {}) | one
        return web.json_response(one | {"id": own})

    def let_in(self, request: web.Request, kind: str = "") -> None:
        if request.headers.get("X-Api-Key") != SECRET:
            raise web.HTTPUnauthorized
        assert (kind or request.match_info["kind"]) in ("Contact", "Account", "Lead")

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


def customer_of(one: dict[str, Any]) -> str:
    if one["contactsIds"]:
        return f"Contact/{one['contactsIds'][0]}"
    return f"{one['parentType']}/{one['parentId']}" if one["parentId"] else ""


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
