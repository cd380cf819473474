"""Odoo 19's JSON-2 as documented in odoo/documentation, content/developer/reference/external_api.rst: POST
``/json/2/<model>/<method>``, ``Authorization: bearer``, errors as JSON with status 401, 403, 422. ``false`` is an empty
field. ``message_post`` takes ``message_id`` among others, see ``_get_message_create_valid_field_names`` in
addons/mail/models/mail_thread.py; only an administrator may give a message to another record. ``phone_mobile_search``
is addons/phone_validation/models/mail_thread_phone.py: it strips ``[\\s\\\\./()-]``, and looks through every field that
``_phone_get_number_fields`` names, which a site may add to: here ``x_mobile``. An unknown model is status 404, a named
argument that the method does not take 422 (addons/rpc/controllers/json2.py), and so is a field that there is not.

What is told: ``sale.order``, ``sale.order.line``, ``mail.message`` and ``calendar.event`` by the files named in
crm_bridge/odoo_about.py, ``helpdesk.ticket`` by the documentation of Helpdesk. A link is a pair of id and name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import (
    SECRET,
    CrmServer,
    Person,
    Told,
    instant,
    like,
    products,
    shown,
    sold,
    talks,
    troubles,
)

FIELDS = {
    "id",
    "name",
    "email",
    "ref",
    "lang",
    "commercial_company_name",
    "commercial_partner_id",
    "city",
    "phone",
    "x_mobile",
    "phone_sanitized_blacklisted",
}
#: which part a model is asked for
PARTS = {
    "sale.order": "orders",
    "helpdesk.ticket": "incidents",
    "sale.order.line": "products",
    "mail.message": "contacts",
    "calendar.event": "contacts",
}
#: the day of a meeting that is still to come
FAR = "2999-01-01 09:00:00"


class NoModelError(Exception):
    """The app is not installed."""


class NoFieldError(Exception):
    """This version has no such field."""


class Vendor(CrmServer):
    """``lacking`` are models and fields (``sale.order.delivery_status``) that this version does not have."""

    kind = "odoo"
    keeps_nobodys = False
    untaken_status = 422
    tells: ClassVar[tuple[str, ...]] = ("orders", "incidents", "products", "contacts")

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[int, dict[str, Any]] = {}
        self.lacking: set[str] = set()

    def options(self) -> dict[str, Any]:
        return super().options() | {"database": "prod", "number_fields": ["phone", "x_mobile"]}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/json/2/res.partner/search_read", self.search_read),
            web.post("/json/2/{model}/{method}", self.run),
        ]

    def calls(self) -> list[Told]:
        return [Told(str(key), str(one["res_id"]), shown(one["body"])) for key, one in self.messages.items()]

    async def run(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"bearer {SECRET}":
            raise web.HTTPUnauthorized
        model, method, asked = request.match_info["model"], request.match_info["method"], await request.json()
        try:
            return web.json_response(self.do(model, method, asked.pop("ids", []), asked))
        except NoModelError:
            return web.json_response({"name": "werkzeug.exceptions.NotFound", "message": model}, status=404)
        except NoFieldError as error:
            return web.json_response({"name": "builtins.ValueError", "message": str(error)}, status=422)

    async def part_of(self, request: web.Request) -> str:
        return PARTS.get(request.match_info.get("model", ""), "")

    def do(self, model: str, method: str, ids: list[int], asked: dict[str, Any]) -> object:
        """One method on some records; a recordset is the list of its ids."""
        if (model, method) == ("res.partner", "message_post"):
            assert set(asked) == {"body", "body_is_html", "message_type", "subtype_xmlid", "message_id"}
            assert asked["body_is_html"] is True
            assert any(one.number == ids[0] for one in self.people)
            key = 900 + len(self.messages)
            self.messages[key] = {"id": key, "res_id": ids[0], "message_id": asked["message_id"], "body": asked["body"]}
            return [key]
        if method == "fields_get":
            assert set(asked) == {"allfields", "attributes"}
            known = self.fields(model)
            return {name: {"type": known[name]} for name in asked["allfields"] if name in known}
        if method == "search_read" and (model != "mail.message" or len(asked["domain"]) > 1):
            return self.tell(model, **asked)
        assert model == "mail.message"
        if method == "search_read":
            [[field, operator, value]] = asked["domain"]
            assert (field, operator) == ("message_id", "=")
            return [{"id": one["id"], "res_id": one["res_id"]} for one in self.messages.values() if one[field] == value]
        if method == "unlink":
            del self.messages[ids[0]]
        else:
            assert method == "write"
            assert set(asked["vals"]) == {"body"}
            self.messages[ids[0]] |= asked["vals"]
        return True

    def fields(self, model: str) -> dict[str, str]:
        """The fields of a model that can be read, with their types."""
        if model in self.lacking or model not in TABLES:
            raise NoModelError
        known = TABLES[model][0]
        return {name: kind for name, kind in known.items() if f"{model}.{name}" not in self.lacking}

    def tell(self, model: str, *, domain: list[Any], fields: list[str], limit: int, order: str) -> list[dict[str, Any]]:
        """``search_read`` as its signature is in odoo/orm/models.py."""
        known = self.fields(model)
        if unknown := set(fields) - set(known):
            raise NoFieldError(f"Invalid field {unknown} on {model}")
        rows = [row for one in self.people for row in TABLES[model][1](one)]
        found = [row for row in rows if meant(domain, row)]
        for term in reversed(order.split(", ")):
            field, way = term.split()
            found.sort(key=lambda row: row[field], reverse=way == "desc")
        return [{name: row[name] for name in ("id", *fields)} for row in found[:limit]]

    async def search_read(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"bearer {SECRET}" or request.headers["X-Odoo-Database"] != "prod":
            return web.json_response(
                {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}, status=401
            )
        asked = await request.json()
        found = [record(one) for one in self.people if meant(asked["domain"], record(one))]
        if unknown := set(asked["fields"]) - FIELDS:
            return web.json_response({"name": "builtins.ValueError", "message": f"Invalid field {unknown}"}, status=422)
        return web.json_response(found[: asked["limit"]])


def record(one: Person) -> dict[str, Any]:
    company = {"commercial_company_name": one.company or False, "city": False, "ref": False, "lang": "it_IT"}
    listed = {"phone_sanitized_blacklisted": one.number == 1, "commercial_partner_id": company_of(one)}
    listed["x_mobile"] = one.mobile or False
    return {"id": one.number, "name": one.name, "email": False, "phone": one.phone, **company, **listed}


def company_of(one: Person) -> list[Any]:
    """Who places the orders: the company of those who have one."""
    return [500 + one.number, one.company] if one.company else [one.number, one.name]


def orders(one: Person) -> Iterator[dict[str, Any]]:
    """The first is the person's, the others are placed by his company."""
    for i, order in enumerate(sold(one.number)):
        yield {
            "id": 10 * one.number + i,
            "partner_id": [one.number, one.name] if i == 0 else company_of(one),
            "partner_id.commercial_partner_id": company_of(one),
            "name": order.reference,
            "client_order_ref": order.title,
            "state": "sale",
            "date_order": f"{order.placed_on} 09:30:00",
            "commitment_date": f"{order.due_on} 00:00:00",
            "amount_total": order.total,
            "currency_id": [1, "EUR"],
            "invoice_status": "to invoice" if order.is_open else "invoiced",
            "delivery_status": "partial" if order.is_open else "full",
        }


def lines(one: Person) -> Iterator[dict[str, Any]]:
    for i, product in enumerate((*products(one.number), *products(one.number), "Down payment")):
        yield {
            "id": 100 * one.number + i,
            "order_partner_id.commercial_partner_id": company_of(one),
            "state": "sale",
            "is_downpayment": product == "Down payment",
            "product_id": [i, product],
        }


def tickets(one: Person) -> Iterator[dict[str, Any]]:
    for trouble in troubles(one.number):
        yield {
            "id": int(trouble.reference),
            "partner_id.commercial_partner_id": company_of(one),
            "ticket_ref": f"0{trouble.reference}",
            "name": trouble.title,
            "stage_id": [1, "In Progress"] if trouble.is_open else [4, "Solved"],
            "fold": not trouble.is_open,
            "close_date": False if trouble.is_open else "2026-02-01 10:00:00",
            "priority": "2",
            "user_id": [3, trouble.owner],
            "create_date": f"{trouble.opened_on} 08:00:00",
        }


def messages(one: Person) -> Iterator[dict[str, Any]]:
    """The e-mails; besides, what is no contact: a note, our own one, a notification and a colleague's words."""
    own = [one.number, one.name]
    for i, talk in enumerate(talk for talk in talks(one.number) if talk.kind == "e-mail"):
        mail = {
            "id": 1000 * one.number + i,
            "model": "res.partner",
            "res_id": one.number,
            "record_name": one.name,
            "date": f"{talk.at:%Y-%m-%d %H:%M:%S}",
            "message_type": "email",
            "message_id": f"<{i}@example.com>",
            "subject": talk.title,
            "author_id": own if talk.direction == "in" else [77, talk.by],
            "partner_ids": [77] if talk.direction == "in" else [one.number],
            "is_internal": False,
            "subtype_id.internal": False,
        }
        yield mail
        yield mail | {"subject": "note", "message_type": "comment", "subtype_id.internal": True}
        yield mail | {"subject": "ours", "message_type": "comment", "message_id": "<offhook.0f@offhook>"}
        yield mail | {"subject": "moved", "message_type": "notification"}
        yield mail | {"subject": "internal", "is_internal": True}
        yield mail | {"subject": "others", "model": "crm.lead", "author_id": [78, "Other"], "partner_ids": [77]}


def meetings(one: Person) -> Iterator[dict[str, Any]]:
    for i, talk in enumerate(talk for talk in talks(one.number) if talk.kind == "meeting"):
        held = {"name": talk.title, "user_id": [3, talk.by], "partner_ids": [3, one.number]}
        yield held | {"id": 2000 * one.number + i, "start": f"{talk.at:%Y-%m-%d %H:%M:%S}"}
        yield held | {"id": 2000 * one.number + 50 + i, "start": FAR}


def typed(**kinds: str) -> dict[str, str]:
    """Fields by their types: ``typed(char="name ref")``."""
    return {name: kind for kind, names in kinds.items() for name in names.split()}


TABLES = {
    "sale.order": (
        typed(
            char="name client_order_ref",
            selection="state invoice_status delivery_status",
            datetime="date_order commitment_date",
            monetary="amount_total",
            many2one="currency_id partner_id",
        ),
        orders,
    ),
    "sale.order.line": (typed(many2one="product_id"), lines),
    "helpdesk.ticket": (
        typed(
            char="name ticket_ref",
            many2one="stage_id user_id",
            boolean="fold",
            datetime="close_date create_date",
            selection="priority",
        ),
        tickets,
    ),
    "mail.message": (
        typed(
            datetime="date",
            selection="message_type",
            char="subject record_name message_id",
            many2one="author_id",
            many2many="partner_ids",
        ),
        messages,
    ),
    "calendar.event": (typed(datetime="start", char="name", many2one="user_id"), meetings),
}


def meant(domain: list[Any], one: dict[str, Any]) -> bool:
    """Odoo's domains in prefix notation, as far as they are asked here."""
    terms, stack = list(domain), list[bool]()
    for term in reversed(terms):
        if term == "|":
            stack.append(stack.pop() | stack.pop())
        elif term == "&":
            stack.append(stack.pop() & stack.pop())
        else:
            stack.append(holds(term, one))
    return all(stack)


def holds(term: list[Any], one: dict[str, Any]) -> bool:
    field, operator, value = term
    if field == "phone_mobile_search":
        assert operator == "like"
        assert len(value) >= 3
        return any(value in re.sub(r"[\s\\./()\-]", "", phone) for phone in (one["phone"], one["x_mobile"] or ""))
    has = one[field]
    if field.endswith("partner_id") or field == "author_id":
        has = has[0]
    if operator == "in":
        return bool({*value} & {*(has if isinstance(has, list) else [has])})
    if operator == "<=":  # what has been has been, whatever the clock of this machine says
        return has != FAR and instant(value) <= datetime.now(UTC)
    return {
        "=": has == value or (not has and not value),
        "!=": has != value,
        "ilike": str(value).lower() in str(has or "").lower(),
        "not like": str(value) not in str(has or ""),
        "=ilike": like(str(value), str(has or "")),
    }[operator]
