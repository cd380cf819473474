"""Zammad's REST as documented at docs.zammad.org/en/latest/api/user.html: ``/api/v1/users/search?query=&limit=``
with Elasticsearch's query language over words, ``Authorization: Token token=``, a plain list.
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from tests.crm_bridge.vendors.crm_server import SECRET, CrmServer, Person

WORDS = re.compile(r"[0-9A-Za-zÀ-ž]+")


class Vendor(CrmServer):
    kind = "zammad"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/users/search", self.search), web.get("/api/v1/users/{id}", self.one)]

    async def search(self, request: web.Request) -> web.Response:
        let_in(request)
        found = [user(one) for one in self.people if meant(request.query["query"], user(one))]
        return web.json_response(found[: int(request.query["limit"])])

    async def one(self, request: web.Request) -> web.Response:
        let_in(request)
        found = next((one for one in self.people if str(one.number) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"error": "Couldn't find User"}, status=404)
        return web.json_response(user(found))


def let_in(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Token token={SECRET}":
        raise web.HTTPUnauthorized


def user(one: Person) -> dict[str, Any]:
    names = {"id": one.number, "login": f"u{one.number}", "firstname": one.first, "lastname": one.last}
    return names | {"phone": one.phone, "mobile": one.mobile, "email": "", "organization": one.company, "vip": False}


def meant(query: str, one: dict[str, Any]) -> bool:
    groups = re.findall(r"(phone|mobile):\(([^)]*)\)", query)
    if not groups:
        return all(word.lower() in f"{one['firstname']} {one['lastname']}".lower() for word in query.split())
    return any(phrase(form, one[field]) for field, forms in groups for form in re.findall(r'"([^"]*)"', forms))


def phrase(asked: str, text: str) -> bool:
    """The words of ``asked`` one after the other among those of ``text``."""
    wanted, words = WORDS.findall(asked), WORDS.findall(text)
    return any(words[i : i + len(wanted)] == wanted for i in range(len(words) - len(wanted) + 1))
