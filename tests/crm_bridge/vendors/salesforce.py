"""Salesforce's REST as documented at developer.salesforce.com (REST API, SOSL): a client credentials grant,
``/search/?q=FIND {...} IN PHONE FIELDS RETURNING``, reserved characters escaped, errors as a list. A wrong client is
status 400 there (``invalid_client``), a session that ended 401. Tasks: their field reference (lengths, what may be
updated).
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told

TOKEN = "00Dxx-granted"
TASK = {"Subject", "Status", "ActivityDate", "CallType", "CallDurationInSeconds", "CallDisposition", "Description"}


class Vendor(CrmServer):
    kind = "salesforce"

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[str, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        return {"url": self.url, "client_id": "3MVG9", "secret": SECRET}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/services/oauth2/token", self.grant),
            web.get("/services/data/v62.0/search/", self.search),
            web.get("/services/data/v62.0/sobjects/Contact/{id}", self.one),
            web.get("/services/data/v62.0/query/", self.query),
            web.post("/services/data/v62.0/sobjects/Task/", self.create),
            web.patch("/services/data/v62.0/sobjects/Task/{id}", self.update),
        ]

    def calls(self) -> list[Told]:
        return [Told(own, whose(one), one["Description"]) for own, one in self.tasks.items()]

    async def query(self, request: web.Request) -> web.Response:
        let_in(request)
        pattern = r"SELECT Id FROM Task WHERE CallObject = '([^'\\]*)' ORDER BY CreatedDate LIMIT 1"
        asked = re.fullmatch(pattern, request.query["q"])
        assert asked is not None, request.query["q"]
        found = [{"Id": own} for own, one in self.tasks.items() if one["CallObject"] == asked[1]]
        return web.json_response({"totalSize": len(found), "done": True, "records": found[:1]})

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        one = await request.json()
        assert set(one) == TASK | {"TaskSubtype", "CallObject", "WhoId", "WhatId"}
        assert (one["TaskSubtype"], len(one["CallObject"]) <= 255) == ("Call", True)
        own = f"00T{len(self.tasks):012}AAA"
        self.tasks[own] = checked(one)
        return web.json_response({"id": own, "success": True, "errors": []}, status=201)

    async def update(self, request: web.Request) -> web.Response:
        let_in(request)
        one = await request.json()
        assert set(one) == TASK | {"WhoId", "WhatId"}
        self.tasks[request.match_info["id"]] |= checked(one)
        return web.Response(status=204)

    async def grant(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form["client_id"], form["client_secret"]) != ("3MVG9", SECRET):
            return web.json_response(
                {"error": "invalid_client", "error_description": "invalid client credentials"}, status=400
            )
        return web.json_response({"access_token": TOKEN, "instance_url": self.url, "token_type": "Bearer"})

    async def search(self, request: web.Request) -> web.Response:
        let_in(request)
        asked = re.fullmatch(r"FIND \{(.*)\} IN (PHONE|NAME) FIELDS RETURNING (.*)", request.query["q"])
        assert asked is not None, request.query["q"]
        limit = int(re.findall(r"LIMIT (\d+)", asked[3])[0])
        found = [record(one) for one in self.people if meant(asked[1], asked[2], one)]
        return web.json_response({"searchRecords": found[:limit]})

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if own_id(one) == request.match_info["id"]), None)
        if found is None:
            return web.json_response([{"errorCode": "NOT_FOUND", "message": "..."}], status=404)
        return web.json_response(record(found))


def checked(task: dict[str, Any]) -> dict[str, Any]:
    assert len(task["Subject"]) <= 255
    assert len(task["Description"]) <= 32_000
    assert len(task["CallDisposition"]) <= 255
    assert task["CallType"] in ("Inbound", "Outbound", "Internal")
    return task


def whose(task: dict[str, Any]) -> str:
    kind = "Contact" if str(task["WhoId"]).startswith("003") else "Lead"
    return f"{kind}/{task['WhoId']}" if task["WhoId"] else f"Account/{task['WhatId']}" if task["WhatId"] else ""


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise web.HTTPUnauthorized


def meant(wanted: str, where: str, one: Person) -> bool:
    if where == "PHONE":
        forms = [re.sub(r"\\(.)", r"\1", form) for form in re.findall(r'"((?:[^"\\]|\\.)*)"', wanted)]
        return one.phone in forms or bool(one.mobile and one.mobile in forms)
    return all(word.lower() in one.name.lower() for word in wanted.split(" AND "))


def own_id(one: Person) -> str:
    return f"003{one.number:012}AAA"


def record(one: Person) -> dict[str, Any]:
    account = {"attributes": {"type": "Account"}, "Name": one.company} if one.company else None
    names = {"attributes": {"type": "Contact"}, "Id": own_id(one), "Name": one.name, "Account": account}
    flags = {"DoNotCall": one.number == 1, "HasOptedOutOfEmail": False}
    return names | {"Phone": one.phone, "MobilePhone": one.mobile or None, "Email": None} | flags
