"""EspoCRM's REST as documented at docs.espocrm.com/development/api and api-search-params: ``X-Api-Key``, ``where[]`` as
in application/Espo/Core/Select/Where/Item/Type.php (``like``, ``contains``), ``{"total", "list"}``; a list holds the
first number only, a record ``phoneNumberData``. Calls:
application/Espo/Modules/Crm/Resources/metadata/entityDefs/Call.json.

What is told: ``GET {entity}/{id}/cases`` as documented at docs.espocrm.com/development/api/relationships, the history
as in application/Espo/Modules/Crm/Tools/Activities/Api/GetListTyped.php, ``primaryFilter`` by name as in
application/Espo/Modules/Crm/Resources/metadata/selectDefs, sales orders as in the Sales API's specification,
docs.espocrm.com/extensions/sales-pack/api. An attribute that there is not is left out of the answer
(application/Espo/Core/Select/Select/Applier.php); here it is an error, as none such may be asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import (
    SECRET,
    CrmServer,
    Person,
    Told,
    instant,
    like,
    sold,
    talks,
    troubles,
)

#: the sender's address of a customer
ADDRESS = "customer{}@example.com"
#: how Espo's filters divide the stages of opportunities and the states of sales orders
OPPORTUNITY_FILTERS = {"open": ("Negotiation",), "won": ("Closed Won",), "lost": ("Closed Lost",)}
ORDER_FILTERS = {"actual": ("In Progress",), "completed": ("Completed",)}


class Vendor(CrmServer):
    """``sales_pack`` is whether the extension is there."""

    kind = "espocrm"
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "contacts")
    sales_pack = True

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            *self.call_routes(),
            web.get("/api/v1/Activities/{kind}/{id}/history/list/{type}", self.history),
            web.get("/api/v1/Opportunity", self.opportunities),
            web.get("/api/v1/SalesOrder", self.sales_orders),
            web.get("/api/v1/{kind}/{id}/cases", self.cases),
            web.get("/api/v1/{kind}", self.listed),
            web.get("/api/v1/{kind}/{id}", self.one),
        ]

    async def part_of(self, request: web.Request) -> str:
        if request.path.endswith(("/Opportunity", "/SalesOrder")):
            return "orders"
        return "incidents" if request.path.endswith("/cases") else "contacts" if "/history/" in request.path else ""

    def person(self, request: web.Request) -> Person:
        self.let_in(request)
        found = [one for one in self.people if request.match_info["id"] in (f"e{one.number}", f"a{one.number}")]
        if not found:
            raise web.HTTPNotFound
        return found[0]

    async def opportunities(self, request: web.Request) -> web.Response:
        self.let_in(request, "Account")
        rows = [row for one in self.people for row in deals(one)]
        found = [row for row in rows if is_theirs(request, row, {"contactsIds": "linkedWith", "accountId": "equals"})]
        stages = OPPORTUNITY_FILTERS[request.query["primaryFilter"]]
        return newest(request, [row for row in found if row["stage"] in stages])

    async def sales_orders(self, request: web.Request) -> web.Response:
        self.let_in(request, "Account")
        if not self.sales_pack:
            raise web.HTTPNotFound
        kinds = {"billingContactId": "equals", "shippingContactId": "equals", "accountId": "equals"}
        found = [row for one in self.people for row in sales_orders(one) if is_theirs(request, row, kinds)]
        states = ORDER_FILTERS[request.query["primaryFilter"]]
        return newest(request, [row for row in found if row["status"] in states])

    async def cases(self, request: web.Request) -> web.Response:
        rows = cases(self.person(request))
        if "primaryFilter" in request.query:
            assert request.query["primaryFilter"] == "open"
            rows = [row for row in rows if row["status"] not in ("Closed", "Rejected", "Duplicate")]
        return newest(request, rows)

    async def history(self, request: web.Request) -> web.Response:
        kinds = {"Email": emails, "Meeting": meetings}
        return newest(request, kinds[request.match_info["type"]](self.person(request)))

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


def is_theirs(request: web.Request, row: dict[str, Any], kinds: dict[str, str]) -> bool:
    """Whether one of the conditions of the ``or`` is met: of these attributes only, each compared in its own way."""
    place, query = "where[0][value]", request.query
    assert query["where[0][type]"] == "or"
    met = []
    for i in range(sum(key.endswith("[attribute]") for key in query)):
        attribute = query[f"{place}[{i}][attribute]"]
        name = "contactsIds" if attribute == "contacts" else attribute
        assert query[f"{place}[{i}][type]"] == kinds[name]
        values = query.getall(f"{place}[{i}][value]" + ("[]" if kinds[name] == "linkedWith" else ""))
        met.append(bool(set(values) & set(row[name] if isinstance(row[name], list) else [row[name]])))
    return any(met)


def newest(request: web.Request, rows: Sequence[dict[str, Any]]) -> web.Response:
    """What is selected of the rows, in the order and to the number that is asked for."""
    query = request.query
    assert query["order"] == "desc"
    names = ("id", *query["select"].split(","))
    found = sorted(rows, key=lambda row: str(row[query["orderBy"]]), reverse=True)
    shown = [{name: row[name] for name in names} for row in found[: int(query["maxSize"])]]
    return web.json_response({"total": len(rows), "list": shown})


def deals(one: Person) -> list[dict[str, Any]]:
    """Opportunities: the open one is the contact's own, the won one of his account only; besides a lost one."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"o{one.number}{i}",
            "name": order.title,
            "stage": "Negotiation" if order.is_open else "Closed Won",
            "amount": order.total,
            "amountCurrency": "EUR",
            "createdAt": f"{order.placed_on} 08:00:00",
            "closeDate": str(order.due_on),
            "contactsIds": [f"e{one.number}"] if i == 0 else [],
            "accountId": f"a{one.number}",
        }
        for i, order in enumerate(sold(one.number))
    ]
    return rows + [row | {"id": "lost", "name": "Lost", "stage": "Closed Lost"} for row in rows[:1]]


def sales_orders(one: Person) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "id": f"s{one.number}{i}",
            "number": order.reference,
            "numberA": order.reference,
            "name": order.reference if i == 0 else order.title,
            "status": "In Progress" if order.is_open else "Completed",
            "dateOrdered": str(order.placed_on),
            "grandTotalAmount": order.total,
            "grandTotalAmountCurrency": "EUR",
            "isDeliveryCreated": True,
            "billingContactId": f"e{one.number}" if i == 0 else None,
            "shippingContactId": None,
            "accountId": f"a{one.number}",
        }
        for i, order in enumerate(sold(one.number))
    ]
    return rows + [row | {"id": "cancelled", "status": "Canceled"} for row in rows[:1]]


def cases(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": f"k{trouble.reference}",
            "number": int(trouble.reference),
            "name": trouble.title,
            "status": "Assigned" if trouble.is_open else "Rejected",
            "priority": "Urgent" if trouble.is_open else "Normal",
            "assignedUserName": trouble.owner,
            "createdAt": f"{trouble.opened_on} 08:00:00",
        }
        for trouble in troubles(one.number)
    ]


def emails(one: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": f"m{one.number}",
            "name": talk.title,
            "dateSent": f"{talk.at:%Y-%m-%d %H:%M:%S}",
            "status": "Archived" if talk.direction == "in" else "Sent",
            "fromEmailAddressName": ADDRESS.format(one.number) if talk.direction == "in" else "us@example.org",
            "sentByName": None if talk.direction == "in" else talk.by,
        }
        for talk in talks(one.number)
        if talk.kind == "e-mail"
    ]


def meetings(one: Person) -> list[dict[str, Any]]:
    """The one that was held, and one that was not."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"t{one.number}",
            "name": talk.title,
            "dateStart": f"{talk.at:%Y-%m-%d %H:%M:%S}",
            "dateStartDate": None,
            "status": "Held",
            "assignedUserName": talk.by,
        }
        for talk in talks(one.number)
        if talk.kind == "meeting"
    ]
    return rows + [row | {"id": "never", "name": "Never", "status": "Not Held"} for row in rows]


def row(one: Person) -> dict[str, Any]:
    account = {
        "accountName": one.company or None,
        "accountId": f"a{one.number}" if one.company else None,
        "emailAddress": ADDRESS.format(one.number).title() if one.number == 1 else None,
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
