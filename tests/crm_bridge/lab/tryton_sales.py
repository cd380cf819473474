"""Sales, complaints and e-mails in a Tryton, made over its own JSON-RPC as somebody at its client would make them."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import aiohttp

from tests.crm_bridge.lab.programs import PASSWORD

#: sessions of administrators by address and database: to sign on takes long
_SESSIONS: dict[tuple[str, str], str] = {}


async def call(url: str, method: str, params: list[Any], database: str = "crm") -> Any:
    """What Tryton answers its administrator."""
    async with aiohttp.ClientSession() as http:

        async def ask(method: str, params: list[Any], headers: dict[str, str]) -> Any:
            body = {"id": 1, "method": method, "params": params}
            async with http.post(f"{url}/{database}/rpc/", json=body, headers=headers) as reply:
                assert reply.status == 200, await reply.text()
                answer = await reply.json()
                assert "error" not in answer, answer
                return answer["result"]

        if (url, database) not in _SESSIONS:
            user, key, *_ = await ask("common.db.login", ["admin", {"password": PASSWORD}], {})
            _SESSIONS[url, database] = base64.b64encode(f"admin:{user}:{key}".encode()).decode()
        return await ask(method, params, {"Authorization": f"Session {_SESSIONS[url, database]}"})


def day(on: date) -> dict[str, Any]:
    return {"__class__": "date", "year": on.year, "month": on.month, "day": on.day}


def amount(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


class Shop:
    """A company in a Tryton that has none yet: ``await Shop(url).open()``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._company = 0
        self._currency = 0
        self._unit = 0
        self._warehouse = 0

    async def open(self) -> None:
        """Found the company, whose goods are counted in units and paid in EUR."""
        rates = [["create", [{"date": day(date(2020, 1, 1)), "rate": amount("1")}]]]
        euro = {"name": "Euro", "code": "EUR", "symbol": "EUR", "rates": rates}
        self._currency = await self._make("currency.currency", euro)
        house = await self._make("party.party", {"name": "The house"})
        self._company = await self._make("company.company", {"party": house, "currency": self._currency})
        await self.employ("admin")
        self._unit = await self._one("product.uom", ["symbol", "=", "u"])
        self._warehouse = await self._one("stock.location", ["type", "=", "warehouse"])

    async def employ(self, login: str) -> None:
        """Make the company that of this user."""
        user = await self._one("res.user", ["login", "=", login])
        his = {"companies": [["add", [self._company]]], "company": self._company}
        await call(self._url, "model.res.user.write", [[user], his, {}])

    async def hire(self, login: str, *groups: str) -> None:
        """A user of the company, who is in these groups."""
        ids = [await self._one("res.group", ["name", "=", group]) for group in groups]
        who = {"name": login.title(), "login": login, "password": PASSWORD, "email": f"{login}@example.com"}
        await self._make("res.user", who | {"groups": [["add", ids]]})
        await self.employ(login)

    async def stock(self, name: str) -> int:
        """Goods that can be sold."""
        goods = {"name": name, "type": "goods", "default_uom": self._unit, "salable": True, "sale_uom": self._unit}
        made = goods | {"list_price": amount("10"), "products": [["create", [{}]]]}
        return await self._one("product.product", ["template", "=", await self._make("product.template", made)])

    async def order(self, party: int, lines: list[dict[str, Any]], *buttons: str, **more: Any) -> int:
        """An order of the party, on which these buttons were pressed in their order."""
        address = await self._make("party.address", {"party": party, "street": "Via Roma 1"})
        terms = {"invoice_method": "manual", "shipment_method": "order", "warehouse": self._warehouse}
        places = {"invoice_address": address, "shipment_address": address}
        whole = [{"unit": self._unit, **line} if line["type"] == "line" else line for line in lines]
        made = {"party": party, "currency": self._currency, "company": self._company, "lines": [["create", whole]]}
        own = await self._make("sale.sale", made | terms | places | more)
        for button in buttons:
            await self._press("sale.sale", own, button)
        return own

    async def ship(self, order: int) -> None:
        """Send all that was ordered."""
        shipment = await self._one("stock.shipment.out", ["moves.sale", "=", order])
        for button in ("wait", "assign_force", "pick", "pack", "do"):
            await self._press("stock.shipment.out", shipment, button)

    async def complain(self, party: int, on: date, description: str, *buttons: str) -> None:
        """A complaint of the party about no order."""
        model = await self._one("ir.model", ["name", "=", "sale.sale"])
        kind = await self._make("sale.complaint.type", {"name": "Fault", "origin": model})
        made = {"customer": party, "company": self._company, "type": kind, "date": day(on), "description": description}
        own = await self._make("sale.complaint", made)
        for button in buttons:
            await self._press("sale.complaint", own, button)

    async def mail(self, record: tuple[str, int], subject: str) -> None:
        """Send an e-mail from the form of a record."""
        asked = ["anna@example.com", "", "", subject, "<p>Hello</p>", [], list(record), [], [], {}]
        await call(self._url, "model.ir.email.send", asked)

    async def _make(self, model: str, values: dict[str, Any]) -> int:
        made = await call(self._url, f"model.{model}.create", [[values], {"company": self._company or None}])
        return int(made[0])

    async def _one(self, model: str, condition: list[Any]) -> int:
        found = await call(self._url, f"model.{model}.search", [[condition], 0, 1, None, {}])
        return int(found[0])

    async def _press(self, model: str, own: int, button: str) -> None:
        await call(self._url, f"model.{model}.{button}", [[own], {"company": self._company}])
