"""Dolibarr's REST as in htdocs/societe/class/api_contacts.class.php and api_thirdparties.class.php: ``DOLAPIKEY``,
``sqlfilters`` like ``(t.phone:like:'%1%') or (...)``, status 404 where nothing is found. Events:
htdocs/comm/action/class/api_agendaevents.class.php (POST answers the id).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import PEOPLE, SECRET, CrmServer, Person, Told, like, shown

COLUMNS = {"t.phone": "phone_pro", "t.phone_mobile": "phone_mobile", "t.phone_perso": "phone_perso"}
NAMES = {"t.lastname": "lastname", "t.firstname": "firstname"}


class Vendor(CrmServer):
    kind = "dolibarr"

    def __init__(self, people: Sequence[Person] = PEOPLE) -> None:
        super().__init__(people)
        self.events: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[web.RouteDef]:
        api = "/api/index.php"
        return [
            web.get(f"{api}/contacts", self.contacts),
            web.get(f"{api}/thirdparties", self.thirdparties),
            web.get(api + "/contacts/{id}", self.one),
            web.get(f"{api}/users/info", self.me),
            web.get(f"{api}/agendaevents", self.listed),
            web.post(f"{api}/agendaevents", self.create),
            web.put(api + "/agendaevents/{id}", self.update),
        ]

    def calls(self) -> list[Told]:
        return [
            Told(own, f"contacts/{one['contact_id']}" if one.get("contact_id") else "", shown(one["note_private"]))
            for own, one in self.events.items()
        ]

    async def me(self, request: web.Request) -> web.Response:
        let_in(request)
        return web.json_response({"id": "3", "login": "offhook"})

    async def listed(self, request: web.Request) -> web.Response:
        let_in(request)
        asked = re.fullmatch(r"\(t\.note:like:'([^'()]*)'\)", request.query["sqlfilters"])
        assert asked is not None
        found = [one for one in self.events.values() if like(asked[1], one["note_private"])]
        return web.json_response(found[: int(request.query["limit"])]) if found else missing()

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        event = await request.json()
        if event["userownerid"] != "3":
            raise web.HTTPForbidden
        assert (event["type_code"], event["datep"] <= event["datef"]) == ("AC_TEL", True)
        own = str(70 + len(self.events))
        self.events[own] = event | {"id": own}
        return web.json_response(int(own))

    async def update(self, request: web.Request) -> web.Response:
        let_in(request)
        self.events[request.match_info["id"]] |= await request.json()
        return web.json_response(self.events[request.match_info["id"]])

    async def contacts(self, request: web.Request) -> web.Response:
        let_in(request)
        terms = re.findall(r"\((t\.\w+):like:'([^']*)'\)", request.query["sqlfilters"])
        assert " or ".join(f"({column}:like:'{value}')" for column, value in terms) == request.query["sqlfilters"]
        columns = COLUMNS | NAMES
        found = [row(one) for one in self.people if any(like(value, row(one)[columns[key]]) for key, value in terms)]
        return web.json_response(found[: int(request.query["limit"])]) if found else missing()

    async def thirdparties(self, request: web.Request) -> web.Response:
        let_in(request)
        return missing()

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        return missing() if found is None else web.json_response(row(found))


def let_in(request: web.Request) -> None:
    if request.headers.get("DOLAPIKEY") != SECRET:
        raise web.HTTPUnauthorized


def missing() -> web.Response:
    return web.json_response({"error": {"code": 404, "message": "Not Found: No contacts found"}}, status=404)


def row(one: Person) -> dict[str, Any]:
    names = {"id": str(one.number), "firstname": one.first, "lastname": one.last, "socname": one.company or None}
    phones = {"phone_pro": one.phone, "phone_mobile": one.mobile, "phone_perso": ""}
    return names | phones | {"email": None, "note_public": None, "status": "1"}
