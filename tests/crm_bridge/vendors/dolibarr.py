"""Dolibarr's REST as in htdocs/societe/class/api_contacts.class.php and api_thirdparties.class.php: ``DOLAPIKEY``,
``sqlfilters`` like ``(t.phone:like:'%1%') or (...)``, status 404 where nothing is found. Events:
htdocs/comm/action/class/api_agendaevents.class.php (POST answers the id).
Orders, tickets and users: htdocs/commande/class/api_orders.class.php (``thirdparty_ids``, ``properties``),
htdocs/ticket/class/api_tickets.class.php (``socid``; the name of who has it as ``fk_user_assign_string``),
htdocs/user/class/api_users.class.php (``user_ids``). Days are midnights of the server's time zone, in seconds since
1970 (``DoliDB::jdate``); ids of the types of events as in htdocs/install/mysql/data/llx_c_actioncomm.sql.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import (
    PEOPLE,
    SECRET,
    CrmServer,
    Person,
    Told,
    like,
    products,
    shown,
    sold,
    talks,
    troubles,
)

COLUMNS = {"t.phone": "phone_pro", "t.phone_mobile": "phone_mobile", "t.phone_perso": "phone_perso"}
NAMES = {"t.lastname": "lastname", "t.firstname": "firstname"}
TYPES = {"AC_TEL": 1, "AC_EMAIL": 4, "AC_RDV": 5, "AC_EMAIL_IN": 6, "AC_OTH_AUTO": 40, "AC_OTH": 50}
USERS = {"3": ("", "Offhook"), "21": ("Bruno", "Esposito"), "22": ("Dana", "O'Neill")}
ROME = ZoneInfo("Europe/Rome")
LISTING = {"sortfield", "sortorder", "limit", "sqlfilters", "properties"}
ABOUT = re.compile(
    r"\(((?:\(t\.fk_(?:soc|contact):=:\d+\)(?: or )?)+)\) and \(t\.percent:!=:0\) and \(t\.fk_action:!=:1\) and "
    r"\(\(t\.fk_action:!=:40\) or \(t\.code:like:'%SENTBYMAIL'\)\)"
)


class Vendor(CrmServer):
    kind = "dolibarr"
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "products", "contacts")

    def __init__(self, people: Sequence[Person] = PEOPLE) -> None:
        super().__init__(people)
        self.events: dict[str, dict[str, Any]] = {}
        self.orders = [order for one in self.people if one.company for order in orders_of(one)]
        self.tickets = [ticket for one in self.people if one.company for ticket in tickets_of(one)]
        self.said = [event for one in self.people for event in events_of(one)]
        self.reads_users = True

    def routes(self) -> list[web.RouteDef]:
        api = "/api/index.php"
        return [
            web.get(f"{api}/contacts", self.contacts),
            web.get(f"{api}/thirdparties", self.thirdparties),
            web.get(api + "/contacts/{id}", self.one),
            web.get(f"{api}/users/info", self.me),
            web.get(f"{api}/users", self.users),
            web.get(f"{api}/orders", self.listed_orders),
            web.get(f"{api}/tickets", self.listed_tickets),
            web.get(f"{api}/agendaevents", self.listed),
            web.post(f"{api}/agendaevents", self.create),
            web.put(api + "/agendaevents/{id}", self.update),
        ]

    def calls(self) -> list[Told]:
        return [
            Told(own, f"contacts/{one['contact_id']}" if one.get("contact_id") else "", shown(one["note_private"]))
            for own, one in self.events.items()
        ]

    async def part_of(self, request: web.Request) -> str:
        last = request.path.rpartition("/")[2]
        if last == "orders":
            return "products" if request.query["properties"] == "lines" else "orders"
        return {"tickets": "incidents", "agendaevents": "contacts"}.get(last, "")

    async def listed_orders(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.query.keys() <= LISTING | {"thirdparty_ids"}
        assert request.query["sortfield"] == "t.date_commande"
        assert request.query.get("sqlfilters") in (None, "(t.fk_statut:>:0)")
        least = 1 if "sqlfilters" in request.query else -1
        found = [one for one in self.orders if one["socid"] == request.query["thirdparty_ids"]]
        return newest(request, [one for one in found if int(one["statut"]) >= least], "date")

    async def listed_tickets(self, request: web.Request) -> web.Response:
        let_in(request)
        assert request.query.keys() <= LISTING | {"socid"}
        assert request.query["sortfield"] == "t.datec"
        return newest(request, [one for one in self.tickets if one["socid"] == request.query["socid"]], "datec")

    async def users(self, request: web.Request) -> web.Response:
        let_in(request)
        if not self.reads_users:
            error = {"code": 403, "message": "Forbidden: You are not allowed to read list of users"}
            return web.json_response({"error": error}, status=403)
        wanted = request.query["user_ids"].split(",")
        rows = [{"id": own, "firstname": USERS[own][0], "lastname": USERS[own][1]} for own in wanted if own in USERS]
        return web.json_response(rows[: int(request.query["limit"])])

    async def about(self, request: web.Request, whose: str) -> web.Response:
        """Events of the agenda by the filter of which ``whose`` is the first part."""
        assert request.query.keys() <= LISTING
        assert request.query["sortfield"] == "t.datep"
        fields = {"soc": "socid", "contact": "contact_id"}
        asked = [(fields[name], own) for name, own in re.findall(r"t\.fk_(\w+):=:(\d+)", whose)]
        his = [
            one for one in (*self.said, *self.events.values()) if any(str(one.get(name)) == own for name, own in asked)
        ]
        found = [one for one in his if str(one["percentage"]) != "0" and TYPES[one["type_code"]] != 1]
        return newest(request, [
            {name: value for name, value in one.items() if name != "contact_id"} for one in found
            if TYPES[one["type_code"]] != 40 or one["code"].endswith("SENTBYMAIL")
        ], "datep")  # fmt: skip

    async def me(self, request: web.Request) -> web.Response:
        let_in(request)
        return web.json_response({"id": "3", "login": "offhook"})

    async def listed(self, request: web.Request) -> web.Response:
        let_in(request)
        if about := ABOUT.fullmatch(request.query["sqlfilters"]):
            return await self.about(request, about[1])
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


def company_of(one: Person) -> str | None:
    return str(500 + one.number) if one.company else None


def newest(request: web.Request, rows: list[dict[str, Any]], field: str) -> web.Response:
    """What is asked for of some rows, none of which is status 404. AssertionError for a property that is none."""
    assert request.query["sortorder"] == "DESC"
    rows = sorted(rows, key=lambda one: int(one[field]), reverse=True)[: int(request.query["limit"])]
    wanted = [name for name in request.query.get("properties", "").split(",") if name]
    assert all(name in one or name in ("date_livraison", "fk_statut") for one in rows for name in wanted)
    if wanted:
        rows = [{name: value for name, value in one.items() if name in wanted} for one in rows]
    return web.json_response(rows) if rows else missing()


def midnight(day: date) -> int:
    return int(datetime.combine(day, time.min, ROME).timestamp())


def orders_of(one: Person) -> list[dict[str, Any]]:
    lines = [[{"fk_product": "1", "product_label": name, "qty": "1"}] for name in products(one.number)]
    return [
        {
            "id": str(one.number * 10 + i),
            "socid": company_of(one),
            "ref": order.reference,
            "ref_client": order.title,
            "status": "2" if order.is_open else "3",
            "statut": "2" if order.is_open else "3",
            "date": midnight(order.placed_on),
            "delivery_date": midnight(order.due_on) + 15 * 3_600,
            "total_ttc": f"{order.total:.8f}",
            "multicurrency_code": "EUR",
            "multicurrency_total_ttc": f"{order.total:.8f}",
            "lines": [*lines[i], {"fk_product": None, "product_label": None, "desc": "<b>Thank you</b>"}],
        }
        for i, order in enumerate(sold(one.number))
    ]


def tickets_of(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": str(i),
            "socid": company_of(one),
            "ref": trouble.reference,
            "subject": trouble.title,
            "status": "3" if trouble.is_open else "8",
            "severity_code": "HIGH",
            "severity_label": "High",
            "fk_user_assign_string": trouble.owner,
            "datec": midnight(trouble.opened_on) + 9 * 3_600,
        }
        for i, trouble in enumerate(troubles(one.number))
    ]


def events_of(one: Person) -> list[dict[str, Any]]:
    """What he said, an appointment that is still to come, and what Dolibarr enters by itself."""
    kinds = {"e-mail": "AC_EMAIL_IN", "meeting": "AC_RDV"}
    found = [
        event_of(one, kinds[talk.kind], talk.title, int(talk.at.timestamp())) | {"userownerid": user_id(talk.by)}
        for talk in talks(one.number)
    ]
    planned = [event_of(one, "AC_RDV", "Next visit", 2_000_000_000) | {"percentage": 0}] if found else []
    entered = [event_of(one, "AC_OTH_AUTO", "Third party changed", 1_900_000_000)] if found else []
    return [*found, *planned, *entered]


def event_of(one: Person, kind: str, label: str, begun: int) -> dict[str, Any]:
    times = {"datep": begun, "datef": "", "percentage": -1, "userownerid": "3"}
    whose = {"socid": company_of(one), "contact_id": str(one.number)}
    return times | whose | {"type_code": kind, "code": kind, "type": kind, "label": label, "note_private": ""}


def user_id(name: str) -> str:
    return next(own for own, (first, last) in USERS.items() if f"{first} {last}" == name)


def row(one: Person) -> dict[str, Any]:
    names = {"id": str(one.number), "firstname": one.first, "lastname": one.last, "socname": one.company or None}
    names["socid"] = company_of(one)
    phones = {"phone_pro": one.phone, "phone_mobile": one.mobile, "phone_perso": ""}
    return names | phones | {"email": None, "note_public": None, "status": "1"}
