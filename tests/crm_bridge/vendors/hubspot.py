"""HubSpot's CRM search as documented at developers.hubspot.com/docs/api-reference/search/guide: POST
``/crm/v3/objects/contacts/search`` with up to five ``filterGroups`` that are alternatives, or ``query``; at most 200 a
page, ``paging.next.after`` for more. Calculated numbers hold the digits without the country code.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from crm_bridge.forms import significant_digits
from crm_bridge.number import parse_number
from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person


class Vendor(CrmServer):
    kind = "hubspot"

    def routes(self) -> list[web.RouteDef]:
        objects = "/crm/v3/objects/contacts"
        return [web.post(f"{objects}/search", self.search), web.get(objects + "/{id}", self.one)]

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
