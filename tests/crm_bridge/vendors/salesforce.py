"""Salesforce's REST as documented at developer.salesforce.com (REST API, SOSL): a client credentials grant,
``/search/?q=FIND {...} IN PHONE FIELDS RETURNING``, reserved characters escaped, errors as a list. A wrong client is
status 400 there (``invalid_client``), a session that ended 401. Tasks: their field reference (lengths, what may be
updated).

SOQL as documented in sforce_api_calls_soql_select: objects and fields as in the standard objects' reference; an
object that there is not is status 400 ``INVALID_TYPE``, a field ``INVALID_FIELD``. Here a WHERE is read that has
conditions with AND, none with OR (which a semi-join must not be in).
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import (
    SECRET,
    CrmServer,
    Person,
    Told,
    products,
    sold,
    talks,
    troubles,
)

TOKEN = "00Dxx-granted"
TASK = {"Subject", "Status", "ActivityDate", "CallType", "CallDurationInSeconds", "CallDisposition", "Description"}
FIELDS = {
    "Opportunity": "Id Name StageName Amount CreatedDate CloseDate IsClosed IsWon AccountId",
    "Order": "OrderNumber Status EffectiveDate TotalAmount AccountId",
    "Case": "CaseNumber Subject Status Priority CreatedDate IsClosed Owner.Name ContactId AccountId",
    "Asset": "Name PurchaseDate IsCompetitorProduct AccountId",
    "EmailMessage": "Id ActivityId Subject Incoming MessageDate Status FromName RelatedToId",
    "Task": "Id Subject ActivityDate TaskSubtype CallType Owner.Name WhoId AccountId IsClosed CallObject",
    "Event": "Subject ActivityDate Owner.Name WhoId AccountId IsChild",
}
PARTS = {
    "Opportunity": "orders",
    "Order": "orders",
    "Case": "incidents",
    "Asset": "products",
    "EmailMessage": "contacts",
    "Task": "contacts",
    "Event": "contacts",
}
OF_CONTACT = re.compile(r"SELECT AccountId FROM Contact WHERE Id = '([^'\\]*)'")
MAILED = re.compile(r"SELECT EmailMessageId FROM EmailMessageRelation WHERE RelationId = '([^'\\]*)'")
SELECT = re.compile(r"SELECT (\S+) FROM (\w+) WHERE (.+) ORDER BY (\w+) DESC(?: NULLS LAST)? LIMIT (\d+)")
KNOWN_CALL = re.compile(r"SELECT Id FROM Task WHERE CallObject = '([^'\\]*)' ORDER BY CreatedDate LIMIT 1")


class Vendor(CrmServer):
    kind = "salesforce"
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "products", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[str, dict[str, Any]] = {}
        self.records: dict[str, list[dict[str, Any]]] = {kind: [] for kind in FIELDS}
        self.missing = set[str]()
        for person in self.people:
            self.fill(person)

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

    def fill(self, person: Person) -> None:
        """What this person and his account have."""
        mine, account = {"WhoId": own_id(person)}, {"AccountId": account_id(person)}
        for deal in sold(person.number):
            own = {"Id": f"006{deal.reference}", "Name": deal.title, "Amount": deal.total, "IsWon": not deal.is_open}
            own |= {"StageName": "Negotiation" if deal.is_open else "Closed Won", "IsClosed": not deal.is_open}
            days = {"CreatedDate": f"{deal.placed_on}T09:00:00.000+0000", "CloseDate": str(deal.due_on)}
            self.records["Opportunity"].append(own | days | account)
        for case in troubles(person.number):
            own = {"CaseNumber": case.reference, "Subject": case.title, "Owner": {"Name": case.owner}}
            own |= {"Status": "Working" if case.is_open else "Closed", "IsClosed": not case.is_open, "Priority": "High"}
            days = {"CreatedDate": f"{case.opened_on}T09:00:00.000+0000", "ContactId": own_id(person)}
            self.records["Case"].append(own | days | account)
        for product in products(person.number):
            self.records["Asset"].append({"Name": product, "IsCompetitorProduct": False} | account)
        for talk in talks(person.number):
            if talk.kind == "e-mail":
                mail = {"Subject": talk.title, "Incoming": talk.direction == "in", "Status": "0", "ActivityId": "00T9"}
                at = {"MessageDate": talk.at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"), "to": own_id(person)}
                self.records["EmailMessage"].append(mail | at)
                task = {"Id": "00T9", "Subject": f"Email: {talk.title}", "TaskSubtype": "Email", "IsClosed": True}
                self.records["Task"].append(task | {"ActivityDate": str(talk.at.date())} | mine)
            else:
                event = {"Subject": talk.title, "ActivityDate": str(talk.at.date()), "Owner": {"Name": talk.by}}
                self.records["Event"].append(event | {"IsChild": False} | mine | account)

    async def part_of(self, request: web.Request) -> str:
        asked = SELECT.fullmatch(request.query.get("q", ""))
        return PARTS.get(asked[2], "") if asked else ""

    async def query(self, request: web.Request) -> web.Response:
        let_in(request)
        if asked := KNOWN_CALL.fullmatch(request.query["q"]):
            found = [{"Id": own} for own, one in self.tasks.items() if one["CallObject"] == asked[1]]
            return web.json_response({"totalSize": len(found), "done": True, "records": found[:1]})
        asked = SELECT.fullmatch(request.query["q"])
        assert asked is not None, request.query["q"]
        fields, kind, where, newest, most = asked.groups()
        if kind not in FIELDS or kind in self.missing:
            return web.json_response([{"errorCode": "INVALID_TYPE", "message": f"sObject type '{kind}'"}], status=400)
        conditions = where.split(" AND ")
        named = {*fields.split(","), newest, *(re.split(r" |=", each)[0] for each in conditions)}
        if named - set(FIELDS[kind].split()):
            return web.json_response([{"errorCode": "INVALID_FIELD", "message": "No such column"}], status=400)
        his = [one for one in self.stored(kind) if all(self.holds(each, one) for each in conditions)]
        his.sort(key=lambda one: str(one.get(newest) or ""), reverse=True)
        records = [{name: one.get(name) for name in (f.split(".")[0] for f in fields.split(","))} for one in his]
        return web.json_response({"totalSize": len(his), "done": True, "records": records[: int(most)]})

    def stored(self, kind: str) -> list[dict[str, Any]]:
        calls = [one | {"Id": own, "IsClosed": True} for own, one in self.tasks.items()] if kind == "Task" else []
        return [*self.records[kind], *calls]

    def holds(self, condition: str, one: dict[str, Any]) -> bool:
        """Whether a record meets a condition; nothing here lies after today."""
        if semi := re.fullmatch(r"(\w+) IN \((SELECT .+)\)", condition):
            if mailed := MAILED.fullmatch(semi[2]):
                return (semi[1], one.get("to")) == ("Id", mailed[1])
            asked = OF_CONTACT.fullmatch(semi[2])
            assert asked is not None, condition
            accounts = {account_id(person) for person in self.people if own_id(person) == asked[1]} - {None}
            return one.get(semi[1]) in accounts
        if listed := re.fullmatch(r"(\w+) IN \(('\w+'(?:,'\w+')*)\)", condition):
            return f"'{one.get(listed[1])}'" in listed[2].split(",")
        if condition == "ActivityDate <= TODAY":
            return bool(one.get("ActivityDate"))
        plain = re.fullmatch(r"(\w+) = (?:'([^'\\]*)'|(TRUE|FALSE|NULL))", condition)
        assert plain is not None, condition
        constants = {"TRUE": True, "FALSE": False, "NULL": None}
        return bool(one.get(plain[1]) == (constants[plain[3]] if plain[3] else plain[2]))

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


def account_id(one: Person) -> str | None:
    return f"001{one.number:012}AAA" if one.company else None


def record(one: Person) -> dict[str, Any]:
    account = {"attributes": {"type": "Account"}, "Name": one.company} if one.company else None
    names = {"attributes": {"type": "Contact"}, "Id": own_id(one), "Name": one.name, "Account": account}
    flags = {"DoNotCall": one.number == 1, "HasOptedOutOfEmail": False}
    return names | {"Phone": one.phone, "MobilePhone": one.mobile or None, "Email": None} | flags
