"""Odoo 19's JSON-2 as documented in odoo/documentation, content/developer/reference/external_api.rst: POST
``/json/2/<model>/<method>``, ``Authorization: bearer``, errors as JSON with status 401, 403, 422. ``false`` is an empty
field. ``message_post`` takes ``message_id`` among others, see ``_get_message_create_valid_field_names`` in
addons/mail/models/mail_thread.py; only an administrator may give a message to another record. ``phone_mobile_search``
is addons/phone_validation/models/mail_thread_phone.py: it strips ``[\\s\\\\./()-]``.
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person, Told, like, shown

FIELDS = {
    "id",
    "name",
    "email",
    "ref",
    "lang",
    "commercial_company_name",
    "city",
    "phone",
    "phone_sanitized_blacklisted",
}


class Vendor(CrmServer):
    kind = "odoo"
    keeps_nobodys = False
    untaken_status = 422

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[int, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        return super().options() | {"database": "prod"}

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
        return web.json_response(self.do(model, method, asked.pop("ids", []), asked))

    def do(self, model: str, method: str, ids: list[int], asked: dict[str, Any]) -> object:
        """One method on some records; a recordset is the list of its ids."""
        if (model, method) == ("res.partner", "message_post"):
            assert set(asked) == {"body", "body_is_html", "message_type", "subtype_xmlid", "message_id"}
            assert asked["body_is_html"] is True
            assert any(one.number == ids[0] for one in self.people)
            key = 900 + len(self.messages)
            self.messages[key] = {"id": key, "res_id": ids[0], "message_id": asked["message_id"], "body": asked["body"]}
            return [key]
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
    phone = one.mobile if one.number == 2 else one.phone
    company = {"commercial_company_name": one.company or False, "city": False, "ref": False, "lang": "it_IT"}
    listed = {"phone_sanitized_blacklisted": one.number == 1}
    return {"id": one.number, "name": one.name, "email": False, "phone": one.phone or phone, **company, **listed}


def meant(domain: list[Any], one: dict[str, Any]) -> bool:
    """Odoo's domains in prefix notation, as far as they are asked here."""
    terms, stack = list(domain), list[bool]()
    for term in reversed(terms):
        if term == "|":
            stack.append(stack.pop() | stack.pop())
        else:
            stack.append(holds(term, one))
    return all(stack)


def holds(term: list[Any], one: dict[str, Any]) -> bool:
    field, operator, value = term
    if field == "phone_mobile_search":
        assert operator == "like"
        assert len(value) >= 3
        return value in re.sub(r"[\s\\./()\-]", "", one["phone"])
    has = one[field] or ""
    return {"=": has == value, "ilike": str(value).lower() in str(has).lower(), "=ilike": like(str(value), str(has))}[
        operator
    ]
