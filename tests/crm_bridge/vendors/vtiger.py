"""Vtiger's REST as documented at help.vtiger.com/article/147111249-Rest-API-Manual: ``/lookup?type=phone&value=``,
``/query``, ``/retrieve``; basic authentication with user and access key; ``{"success", "result"}``; ids like ``12x5``.
``/create`` and ``/revise`` by POST with ``element`` as JSON, ``/me``.
Queries as include/Webservices/VTQL_parser.y reads them (one module, no brackets, and before or, at most 100; a field
that is none: ACCESS_DENIED), ``/query_related`` as include/Webservices/QueryRelated.php puts its ids behind the word
WHERE. Fields: modules/Users/DefaultDataPopulator.php.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import (
    SECRET,
    CrmServer,
    Person,
    Told,
    digits,
    like,
    sold,
    talks,
    troubles,
)

API = "/restapi/v1/vtiger/default"
USERS = {"19x21": ("Bruno", "Esposito"), "19x22": ("Dana", "O'Neill")}
PARTS = {"SalesOrder": "orders", "HelpDesk": "incidents", "Events": "contacts", "Emails": "contacts"}
SELECT = re.compile(r"select ([\w,*]+) from (\w+) where (.+?) order by (\w+) desc limit (\d+);?", re.IGNORECASE)
CONDITION = re.compile(r"(\w+) (=|!=|>) '([^']*)'")


class Vendor(CrmServer):
    kind = "vtiger"
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, dict[str, Any]] = {}
        self.reads_users = True
        self.records: dict[str, list[dict[str, Any]]] = {
            module: [record for one in self.people for record in made(one)]
            for module, made in (
                ("SalesOrder", orders_of), ("HelpDesk", tickets_of), ("Events", meetings_of), ("Emails", mails_of)
            )
        }  # fmt: skip

    def options(self) -> dict[str, Any]:
        return super().options() | {"user": "offhook@example.com"}

    def routes(self) -> list[web.RouteDef]:
        paths = {"lookup": self.lookup, "query": self.query, "retrieve": self.retrieve}
        paths |= {"me": self.me, "query_related": self.query_related}
        writing = [web.post(f"{API}/create", self.create), web.post(f"{API}/revise", self.revise)]
        return [*writing, *(web.get(f"{API}/{name}", handler) for name, handler in paths.items())]

    def calls(self) -> list[Told]:
        return [Told(own, one.get("contact_id", ""), one["description"]) for own, one in self.events.items()]

    async def part_of(self, request: web.Request) -> str:
        found = re.match(r"select .+? from (\w+)", request.query.get("query", ""))
        return PARTS.get(found[1], "") if found else ""

    async def query_related(self, request: web.Request) -> web.Response:
        let_in(request)
        module = request.query["relatedLabel"]
        assert f" from {module} WHERE " in request.query["query"]
        his = [one for one in self.records[module] if one["related"] == request.query["id"]]
        return selected(request.query["query"], {module: his})

    def users(self, query: str) -> web.Response:
        """Users are read by an administrator's key only."""
        asked = re.fullmatch(r"select id,first_name,last_name from Users where id in \((.+)\) limit 100;", query)
        assert asked is not None
        if not self.reads_users:
            return denied("Permission to perform the operation is denied")
        rows = [
            {"id": own, "first_name": first, "last_name": last}
            for own, (first, last) in USERS.items()
            if f"'{own}'" in asked[1].split(",")
        ]
        return answer(rows)

    async def me(self, request: web.Request) -> web.Response:
        let_in(request)
        return answer({"id": "19x1", "user_name": "offhook"})

    async def create(self, request: web.Request) -> web.Response:
        let_in(request)
        form = await request.post()
        element = json.loads(str(form["element"]))
        assert form["elementType"] == "Events"
        assert {"subject", "date_start", "time_start", "due_date", "eventstatus", "assigned_user_id"} <= set(element)
        assert element["activitytype"] == "Call"
        own = f"18x{len(self.events)}"
        self.events[own] = element | {"id": own}
        return answer(self.events[own])

    async def revise(self, request: web.Request) -> web.Response:
        let_in(request)
        element = json.loads(str((await request.post())["element"]))
        self.events[element["id"]] |= element
        return answer(self.events[element["id"]])

    async def lookup(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.query["type"] == "phone"
        assert "Contacts" in json.loads(request.query["searchIn"])
        wanted = digits(request.query["value"])
        found = [row(one) for one in self.people if wanted in digits(one.phone) or wanted in digits(one.mobile)]
        return answer(found)

    async def query(self, request: web.Request) -> web.Response:
        let_in(request)
        if events := re.fullmatch(
            r"select \* from Events where description like '([^']*)' limit 5;", request.query["query"]
        ):
            return answer([one for one in self.events.values() if like(events[1], one["description"])][:5])
        if " from Users " in request.query["query"]:
            return self.users(request.query["query"])
        if " order by " in request.query["query"]:
            events = [*self.records["Events"], *self.events.values()]
            return selected(request.query["query"], self.records | {"Events": events})
        asked = re.fullmatch(
            r"select \* from Contacts where lastname like '([^']*)' or firstname like '([^']*)' limit (\d+);",
            request.query["query"],
        )
        assert asked is not None
        found = [row(one) for one in self.people if like(asked[1], one.last) or like(asked[2], one.first)]
        return answer(found[: int(asked[3])])

    async def retrieve(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if f"12x{one.number}" == request.query["id"]), None)
        if found is None:
            error = {"code": "INVALID_ID_ATTRIBUTE", "message": "Id specified is incorrect"}
            return web.json_response({"success": False, "error": error}, status=400)
        return answer(row(found))


def let_in(request: web.Request) -> None:
    right = base64.b64encode(f"offhook@example.com:{SECRET}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {right}":
        raise web.HTTPUnauthorized


def answer(result: object) -> web.Response:
    return web.json_response({"success": True, "result": result})


def row(one: Person) -> dict[str, Any]:
    names = {"id": f"12x{one.number}", "firstname": one.first, "lastname": one.last, "contact_no": f"CON{one.number}"}
    names |= {"account_id": company_of(one), "email": mail_of(one)}
    return names | {"phone": one.phone, "mobile": one.mobile, "donotcall": "1" if one.number == 1 else "0"}


def company_of(one: Person) -> str:
    return f"11x{one.number + 500}" if one.company else ""


def mail_of(one: Person) -> str:
    return "anna@example.com" if one.number == 1 else ""


def denied(message: str) -> web.Response:
    error = {"code": "ACCESS_DENIED", "message": message}
    return web.json_response({"success": False, "error": error}, status=400)


def selected(query: str, records: dict[str, list[dict[str, Any]]]) -> web.Response:
    """What a query gives, newest first."""
    asked = SELECT.fullmatch(query)
    assert asked is not None
    rows, fields = records[asked[2]], asked[1].split(",")
    named = [name for name in (*fields, asked[4], *(one[0] for one in CONDITION.findall(asked[3]))) if name != "*"]
    if unknown := [name for name in named for row in rows if name not in row]:
        return denied(f"Permission to access {unknown[0]} attribute denied.")
    found = [row for row in rows if any(meets_all(row, part) for part in asked[3].split(" or "))]
    found.sort(key=lambda row: str(row[asked[4]]), reverse=True)
    shown = [row if fields == ["*"] else {name: row[name] for name in (*fields, "id")} for row in found]
    return answer(shown[: min(int(asked[5]), 100)])


def meets_all(row: dict[str, Any], conditions: str) -> bool:
    for one in conditions.split(" and "):
        condition = CONDITION.fullmatch(one.strip())
        assert condition is not None, one
        here, value = str(row[condition[1]]), condition[3]
        if not {"=": here == value, "!=": here != value, ">": here > value}[condition[2]]:
            return False
    return True


def orders_of(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": f"6x{one.number}{i}",
            "salesorder_no": order.reference,
            "subject": order.title,
            "sostatus": "Approved" if order.is_open else "Delivered",
            "duedate": f"{order.due_on}",
            "hdnGrandTotal": f"{order.total:.8f}",
            "createdtime": f"{order.placed_on} 08:00:00",
            "contact_id": "",
            "account_id": company_of(one),
        }
        for i, order in enumerate(sold(one.number))
    ]


def tickets_of(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": f"17x{one.number}{i}",
            "ticket_no": f"TT{trouble.reference}",
            "ticket_title": trouble.title,
            "ticketstatus": "Wait For Response" if trouble.is_open else "Closed",
            "ticketpriorities": "High",
            "assigned_user_id": user_id(trouble.owner),
            "createdtime": f"{trouble.opened_on} 08:00:00",
            "contact_id": f"12x{one.number}",
            "parent_id": "",
        }
        for i, trouble in enumerate(troubles(one.number))
    ]


def meetings_of(one: Person) -> list[dict[str, Any]]:
    """What was held, and one that is planned."""
    held = [
        {
            "id": f"18x{one.number}9{i}",
            "subject": talk.title,
            "activitytype": "Meeting",
            "eventstatus": "Held",
            "date_start": f"{talk.at.date()}",
            "assigned_user_id": user_id(talk.by),
            "description": "",
            "contact_id": f"12x{one.number}",
            "parent_id": "",
        }
        for i, talk in enumerate(talks(one.number))
        if talk.kind == "meeting"
    ]
    return held + [meeting | {"eventstatus": "Planned", "subject": "Next visit"} for meeting in held]


def mails_of(one: Person) -> list[dict[str, Any]]:
    """E-mails, and a draft."""
    mails = [
        {
            "id": f"16x{one.number}{i}",
            "related": f"12x{one.number}",
            "subject": talk.title,
            "date_start": f"{talk.at.date()}",
            "createdtime": f"{talk.at:%Y-%m-%d %H:%M:%S}",
            "from_email": "Anna@Example.com",
            "email_flag": "MAILSCANNER",
            "assigned_user_id": user_id(talk.by),
            "description": "<p>Hello</p>",
        }
        for i, talk in enumerate(talks(one.number))
        if talk.kind == "e-mail"
    ]
    return mails + [mail | {"subject": "Not sent yet", "email_flag": "SAVED"} for mail in mails]


def user_id(name: str) -> str:
    return next(own for own, (first, last) in USERS.items() if f"{first} {last}" == name)
