"""HubSpot's CRM search as documented at developers.hubspot.com/docs/api-reference/search/guide: POST
``/crm/v3/objects/contacts/search`` with up to five ``filterGroups`` that are alternatives, or ``query``; at most 200 a
page, ``paging.next.after`` for more. Calculated numbers hold the digits without the country code. Calls as at
developers.hubspot.com/docs/api/crm/calls: ``batch/upsert`` by a property with unique values, associations v4.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from crm_bridge.forms import significant_digits
from crm_bridge.number import parse_number
from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, shown


class Vendor(CrmServer):
    kind = "hubspot"

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, dict[str, str]] = {}
        self.linked: dict[str, list[str]] = {}

    def routes(self) -> list[web.RouteDef]:
        objects = "/crm/v3/objects/contacts"
        here = "/crm/v4/objects/calls/{call}/associations"
        return [
            web.post(f"{objects}/search", self.search),
            web.get(objects + "/{id}", self.one),
            web.post("/crm/v3/objects/calls/batch/upsert", self.upsert),
            web.get(here + "/contacts", self.list_links),
            web.put(here + "/default/contacts/{id}", self.link),
            web.delete(here + "/contacts/{id}", self.unlink),
        ]

    def calls(self) -> list[Told]:
        return [
            Told(str(i), ",".join(self.linked.get(str(i), [])), shown(one["hs_call_body"]))
            for i, one in enumerate(self.stored.values())
        ]

    async def upsert(self, request: web.Request) -> web.Response:
        let_in(request)
        [given] = (await request.json())["inputs"]
        assert given["idProperty"] == "offhook_call_id"
        assert int(given["properties"]["hs_timestamp"]) > 10**12
        assert given["properties"]["hs_call_direction"] in ("INBOUND", "OUTBOUND")
        assert given["properties"]["hs_call_status"] in ("BUSY", "COMPLETED", "FAILED", "NO_ANSWER")
        new = given["id"] not in self.stored
        self.stored[given["id"]] = self.stored.get(given["id"], {}) | given["properties"]
        own = str(list(self.stored).index(given["id"]))
        return web.json_response({"status": "COMPLETE", "results": [{"id": own, "new": new, "properties": {}}]})

    async def list_links(self, request: web.Request) -> web.Response:
        let_in(request)
        linked = self.linked.get(request.match_info["call"], [])
        return web.json_response({"results": [{"toObjectId": int(one), "associationTypes": []} for one in linked]})

    async def link(self, request: web.Request) -> web.Response:
        let_in(request)
        linked = self.linked.setdefault(request.match_info["call"], [])
        if request.match_info["id"] not in linked:
            linked.append(request.match_info["id"])
        return web.json_response({"status": "COMPLETE"})

    async def unlink(self, request: web.Request) -> web.Response:
        let_in(request)
        self.linked[request.match_info["call"]].remove(request.match_info["id"])
        return web.Response(status=204)

    async def search(self, request: web.Request) -> web.Response:
        let_in(request)
        asked = await request.json()
        groups = asked.get("filterGroups", [])
        assert len(groups) <= 5
        found = [one for one in self.people if meant(asked, one)]
        page = found[: asked["limit"]]
        paging = {"paging": {"next": {"after": str(asked["limit"])}}} if len(found) > len(page) else {}
        return web.json_response({"total": len(found), "results": [item(one) for one in page], **paging})

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"status": "error", "category": "OBJECT_NOT_FOUND"}, status=404)
        return web.json_response(item(found))


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {SECRET}":
        raise web.HTTPUnauthorized(text='{"status":"error","category":"INVALID_AUTHENTICATION"}')


def properties(one: Person) -> dict[str, str | None]:
    names = {"firstname": one.first, "lastname": one.last, "company": one.company or None, "email": None}
    return (
        names
        | {"phone": one.phone, "mobilephone": one.mobile or None, "hs_language": None}
        | {"hs_email_optout": "true" if one.number == 1 else None}
    )


def meant(asked: dict[str, Any], one: Person) -> bool:
    if "query" in asked:
        return asked["query"].lower() in one.name.lower()
    plain = properties(one)
    for key, phone in (("phone", one.phone), ("mobile", one.mobile)):
        plain[f"hs_searchable_calculated_{key}_number"] = (
            significant_digits(parse_number(phone, "IT")) if phone else None
        )
    return any(
        all(plain[each["propertyName"]] == each["value"] for each in group["filters"])
        for group in asked["filterGroups"]
    )


def item(one: Person) -> dict[str, Any]:
    return {"id": str(one.number), "properties": properties(one), "archived": False}
