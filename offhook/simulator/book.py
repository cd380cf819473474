"""The demo's customer book: some three hundred fictional people and firms, as files that ``offhook customers import``
takes.

Numbers are written as people write them; some numbers belong to two customers, some customers have two numbers.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import count, islice
from pathlib import Path

import msgspec

from cti.model import Party
from offhook.simulator.people import COMPANIES, LAST_NAMES, name, numbers

STATES = ("ok",) * 12 + ("unpaid", "unpaid", "blocked", "closed", "overdue since March", "Premium")
PRODUCTS = (
    "Espresso machine",
    "Office chair",
    "Router",
    "Oak table",
    "Pump 3 kW",
    "Toner",
    "Bicycle",
    "Solar panel",
    "Käse-Reibe",
)
ORDER_STATES = ("in preparation", "shipped", "waiting for parts", "delivered", "cancelled")
TROUBLES = (
    "Arrived damaged",
    "Wrong invoice",
    "No connection since Monday",
    "Missing parts",
    "Noise",
    "Asks for a refund",
)
INCIDENT_STATES = ("open", "in progress", "waiting for customer", "resolved")
LANGUAGES = ("it", "en", "de", "fr", "es", "pl")
SHARED_NUMBERS = 8


class Customer(msgspec.Struct, kw_only=True):
    """One row of the book."""

    id: str
    name: str
    company: str
    phone: str
    mobile: str
    email: str
    language: str
    account_state: str
    balance: str
    currency: str
    notes: str
    do_not_call: str = ""
    consent_email: str = ""
    consent_date: str = ""
    consent_source: str = ""


class Book(msgspec.Struct, frozen=True):
    """The customers, and what they ordered and complained of as rows of text."""

    customers: list[Customer]
    orders: list[dict[str, str]]
    incidents: list[dict[str, str]]

    def parties(self) -> list[Party]:
        """Who calls: the customers by each of their numbers, E.164."""
        found = [(customer, number) for customer in self.customers for number in (customer.phone, customer.mobile)]
        return [Party(_plain(number), customer.name) for customer, number in found if number]

    def write(self, folder: Path) -> tuple[Path, Path, Path]:
        """Three CSV files: customers, orders, incidents."""
        files = folder / "customers.csv", folder / "orders.csv", folder / "incidents.csv"
        _write(files[0], [msgspec.to_builtins(customer) for customer in self.customers])
        _write(files[1], self.orders)
        _write(files[2], self.incidents)
        return files


def make_book(rng: random.Random, today: date, size: int = 300) -> Book:
    """A book of ``size`` customers; the same ``rng`` gives the same book."""
    unused = numbers(rng)
    customers = [_customer(rng, f"K{1000 + index}", next(unused), next(unused)) for index in range(size)]
    for one, other in zip(rng.sample(customers, SHARED_NUMBERS), rng.sample(customers, SHARED_NUMBERS), strict=True):
        if one is not other:
            other.phone = one.phone
    for place, customer in enumerate(customers):
        _ask_consent(customer, place, today)
    references = count(20_001)
    orders = [
        _order(rng, customer.id, f"O-{next(references)}", today)
        for customer in customers
        for _ in range(rng.choice((0, 0, 1, 1, 2, 4)))
    ]
    incidents = [
        _incident(rng, customer.id, f"T-{next(references)}", today)
        for customer in customers
        for _ in range(rng.choice((0, 0, 0, 1, 2)))
    ]
    return Book(customers, orders, incidents)


def _customer(rng: random.Random, number: str, phone: str, mobile: str) -> Customer:
    firm, state = rng.random() < 0.4, rng.choice(STATES)
    company = f"{rng.choice(COMPANIES)} {rng.choice(LAST_NAMES)}" if firm else ""
    return Customer(
        id=number,
        name=name(rng),
        company=company,
        phone=_as_written(rng, phone),
        mobile=_as_written(rng, mobile) if rng.random() < 0.3 else "",
        email=f"{number.lower()}@example.com",
        language=rng.choice(LANGUAGES),
        account_state=state,
        balance="0.00" if state in ("ok", "closed", "Premium") else f"-{rng.uniform(10, 2000):.2f}",
        currency="EUR",
        notes="Prefers to be called in the morning" if rng.random() < 0.1 else "",
    )


def _ask_consent(customer: Customer, place: int, today: date) -> None:
    """Some want no calls, some are glad of mails; of most nothing is known."""
    if place % 9 == 4:
        customer.do_not_call, customer.consent_source = "yes", "letter"
    elif place % 9 == 7:
        customer.consent_email, customer.consent_source = "given", "web form"
    if customer.consent_source:
        customer.consent_date = (today - timedelta(days=20 + 3 * place)).isoformat()


def _as_written(rng: random.Random, number: str) -> str:
    """With spaces, or with 00 in front, as people write numbers."""
    form = rng.random()
    if form < 0.3:
        return number
    if form < 0.5:
        return "00" + number[1:]
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def _plain(number: str) -> str:
    digits = "".join(mark for mark in number if mark.isdigit())
    return "+" + digits.removeprefix("00")


def _order(rng: random.Random, customer: str, reference: str, today: date) -> dict[str, str]:
    placed = today - timedelta(days=rng.randrange(1, 60))
    return {
        "order": reference,
        "customer": customer,
        "title": f"{rng.randrange(1, 5)} × {rng.choice(PRODUCTS)}",
        "state": rng.choice(ORDER_STATES),
        "order date": placed.isoformat(),
        "delivery date": (placed + timedelta(days=rng.randrange(3, 40))).isoformat(),
        "total": f"{rng.uniform(20, 3000):.2f}",
        "currency": "EUR",
    }


def _incident(rng: random.Random, customer: str, reference: str, today: date) -> dict[str, str]:
    return {
        "ticket": reference,
        "customer": customer,
        "title": rng.choice(TROUBLES),
        "state": rng.choice(INCIDENT_STATES),
        "severity": rng.choice(("low", "normal", "high")),
        "owner": rng.choice(tuple(islice(LAST_NAMES, 8))),
        "opened": (today - timedelta(days=rng.randrange(0, 30))).isoformat(),
    }


def _write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
