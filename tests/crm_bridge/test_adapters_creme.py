"""Creme, the real one: people made by Creme 2.8.6 in the database that it made itself."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from crm_bridge.activity import CallWriter
from crm_bridge.contact import Contact, MatchKind, SourceError
from crm_bridge.matching import decide
from tests.crm_bridge.lab.creme import fill_creme
from tests.crm_bridge.lab.creme_postgresql import move
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import nothing_is_told_of, number, open_kind, told_once
from tests.postgresql import PostgresqlServer
from tests.source import ROOT

CONTACTS = [
    {"last_name": "Rossi", "first_name": "Anna", "mobile": "335/123 45 67", "email": "anna@example.com",
     "description": "VIP"},
    {"last_name": "Verdi", "first_name": "Bruno", "phone": "+39 02 21000100"},
    {"last_name": "M", "first_name": HOSTILE, "phone": "02 21000200"},
    {"last_name": "Gone", "first_name": "Long", "phone": "335 123 4567", "trashed": True},
]  # fmt: skip
ORGANISATIONS = [{"name": "Neri Srl", "phone": "02-2100-0100"}, {"name": "Rossi Srl"}, {"name": "The house"}]
DESKS = {"name": "Desk", "price": "125.05", "quantity": 10}
LAMP = {"name": "Lamp", "price": "89", "quantity": 1, "on_the_fly": True}
HELP = {"name": "Assembly", "price": "1", "quantity": 1, "service": True}
PEN = {"name": "Pen", "price": "1", "quantity": 1}
SOLD: dict[str, Any] = {
    "employed": [["Rossi", "Rossi Srl"]],
    "orders": [
        {"to": "Rossi", "name": "Ten desks", "number": "S00017", "issued": "2026-11-02", "status": "Issued",
         "lines": [DESKS, LAMP]},
        {"to": "Rossi Srl", "name": "For his house", "status": "Accepted", "created": "2026-10-01T09:00:00+00:00",
         "lines": [HELP]},
        {"to": "Rossi", "name": "A mistake", "status": "Rejected", "lines": [PEN]},
        {"to": "Rossi", "name": "In the bin", "status": "Issued", "trashed": True, "lines": [PEN]},
        {"to": "M", "name": HOSTILE, "status": "Issued", "lines": [{**LAMP, "name": HOSTILE}]},
    ],
    "quotes": [
        {"to": "Rossi", "name": "An offer", "issued": "2026-11-20", "status": "Pending", "lines": [PEN]},
        {"to": "Rossi", "name": "Taken", "status": "Accepted"},
        {"to": "Rossi", "name": "Not taken", "status": "Rejected"},
        {"to": "Rossi", "name": "Not sent yet", "status": "Created"},
    ],
    "tickets": [
        {"of": "Rossi", "title": "Router down", "status": "Open", "created": "2026-11-19T08:00:00+00:00"},
        {"of": "Rossi", "title": "Wrong invoice", "status": "Closed", "created": "2026-01-07T08:00:00+00:00"},
        {"of": "Rossi", "title": "Twice", "status": "Duplicated"},
        {"of": "Rossi Srl", "title": "At his house", "status": "Open"},
        {"of": "Rossi", "title": "In the bin", "status": "Open", "trashed": True},
        {"of": "M", "title": HOSTILE, "status": "Won't fix"},
    ],
    "mails": [
        {"by": "Rossi", "to": "The house", "subject": "Re: your offer", "received": "2026-11-18T09:30:00+00:00",
         "status": "SYNCHRONIZED"},
        {"by": "The house", "to": "Rossi", "subject": "Our offer", "sent": "2026-11-17T09:30:00+00:00",
         "status": "SENT"},
        {"by": "The house", "to": "Rossi", "subject": "Never sent", "sent": "2026-11-17T09:30:00+00:00",
         "status": "NOT_SENT"},
        {"by": "M", "to": "The house", "subject": HOSTILE, "received": "2026-11-18T09:30:00+00:00",
         "status": "SYNCHRONIZED"},
    ],
    "activities": [
        {"of": "Rossi", "title": "Visit in Milan", "kind": "MEETING", "start": "2024-06-03T14:00:00+00:00",
         "takes_part": True},
        {"of": "Rossi", "title": "At the fair", "kind": "SHOW", "start": "2024-05-02T14:00:00+00:00", "status": "Done"},
        {"of": "Rossi", "title": "Called off", "kind": "MEETING", "start": "2024-06-04T14:00:00+00:00",
         "status": "Cancelled"},
        {"of": "Rossi", "title": "Far ahead", "kind": "MEETING", "start": "2999-01-01T14:00:00+00:00"},
        {"of": "Rossi", "title": "Rang him", "kind": "PHONECALL", "start": "2024-06-05T14:00:00+00:00"},
        {"of": "Rossi", "title": "Write it down", "kind": "TASK", "start": "2024-06-05T14:00:00+00:00"},
        {"of": "M", "title": HOSTILE, "kind": "DEMO", "start": "2024-06-05T14:00:00+00:00"},
    ],
}  # fmt: skip
ALL = ["orders", "incidents", "products", "contacts"]
CONTACT_PAGE, ORGANISATION_PAGE = "/persons/contact/{Rossi}", "/persons/organisation/{Neri Srl}"
CALL_PAGE = "/cti/respond_to_a_call?number=390221000100"


class House(NamedTuple):
    """Where Creme's database is, and what Creme itself says."""

    database: Path
    ids: dict[str, int]
    pages: dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("creme")
    pages = [CONTACT_PAGE, ORGANISATION_PAGE, CALL_PAGE]
    told = fill_creme(folder, contacts=CONTACTS, organisations=ORGANISATIONS, pages=pages, **SOLD)
    return House(folder / "creme.sqlite", told["made"], told["pages"])


@pytest.fixture
async def creme(house: House) -> AsyncIterator[Any]:
    opened = open_kind("creme", options(house.database))
    yield opened
    await opened.close()


def options(database: Path, **more: object) -> dict[str, Any]:
    return {"url": f"sqlite:///{database}", "pages_url": "https://creme.example.com/", **more}


async def known(database: Path, phone: str = "+393351234567", **more: object) -> Contact:
    """All that Creme's database tells of whose number this is."""
    return await told_once("creme", options(database, **more), phone)


async def test_one_is_found_however_he_is_written_and_who_was_deleted_is_not(creme: Any, house: House) -> None:
    match = decide(number("+393351234567"), await creme.find(number("+393351234567")))
    assert match.kind is MatchKind.EXACT
    assert match.contact
    assert (match.contact.name, match.contact.notes) == ("Anna Rossi", "VIP")
    assert match.contact.email == "anna@example.com"
    assert match.contact.url == f"https://creme.example.com/persons/contact/{house.ids['Rossi']}"


async def test_none_several_and_a_script(creme: Any) -> None:
    assert await creme.find(number("+393359999999")) == []
    assert await creme.find(number("101")) == []
    several = decide(number("+390221000100"), await creme.find(number("+390221000100")))
    assert (several.kind, sorted(one.name for one in several.candidates)) == (
        MatchKind.AMBIGUOUS,
        ["Bruno Verdi", "Neri Srl"],
    )
    [mallory] = await creme.find(number("+390221000200"))
    assert mallory.name.startswith(HOSTILE)


async def test_by_name_he_is_found_and_fetched_again(creme: Any, house: House) -> None:
    [neri] = await creme.search("neri", 5)
    assert neri.url == f"https://creme.example.com/persons/organisation/{house.ids['Neri Srl']}"
    assert await creme.get(neri.contact_id) == neri
    gone = str(house.ids["Gone"])
    assert (await creme.get("99999"), await creme.get(gone), await creme.get("1 OR 1=1")) == (None, None, None)


def test_the_pages_that_are_linked_are_cremes_own(house: House) -> None:
    status, page = house.pages[CONTACT_PAGE]
    assert (status, "Rossi" in page) == (200, True)
    status, page = house.pages[ORGANISATION_PAGE]
    assert (status, "Neri Srl" in page) == (200, True)
    assert house.pages[CALL_PAGE][0] == 200


async def test_nothing_is_written_into_its_database(creme: Any, house: House) -> None:
    assert not isinstance(creme, CallWriter)
    with sqlite3.connect(house.database) as made:
        before = made.execute("SELECT count(*), max(id) FROM creme_core_cremeentity").fetchone()
    made.close()
    await creme.find(number("+393351234567"))
    with sqlite3.connect(house.database) as made:
        assert made.execute("SELECT count(*), max(id) FROM creme_core_cremeentity").fetchone() == before
    made.close()


async def test_orders_and_quotes_are_his_and_his_houses_and_none_that_were_rejected(house: House) -> None:
    anna = await known(house.database, about=["orders"])
    assert {one.title: (one.is_open, one.state) for one in anna.orders} == {
        "Ten desks": (True, "Issued"),
        "For his house": (True, "Accepted"),
        "An offer": (True, "quote, Pending"),
        "Taken": (False, "quote, Accepted"),
    }
    by_title = {one.title: one for one in anna.orders}
    desks = by_title["Ten desks"]
    assert (desks.reference, desks.placed_on, str(desks.total)) == ("S00017", date(2026, 11, 2), "1,339.50 EUR")
    assert (by_title["For his house"].placed_on, by_title["For his house"].reference) == (
        date(2026, 10, 1),
        "For his house",
    )
    assert (anna.incidents, anna.products, anna.touches, anna.unread) == ((), (), (), ())


async def test_a_status_that_the_settings_call_done_is_not_open(house: House) -> None:
    anna = await known(house.database, about=["orders"], orders_done=["Accepted"])
    assert sorted(one.title for one in anna.open_orders) == ["An offer", "Ten desks"]


async def test_tickets_products_mails_and_visits_are_told_and_none_of_anybody_else(house: House) -> None:
    anna = await known(house.database, about=ALL)
    assert {one.title: (one.state, one.is_open) for one in anna.incidents} == {
        "Router down": ("Open", True),
        "Wrong invoice": ("Closed", False),
        "Twice": ("Duplicated", False),
        "At his house": ("Open", True),
    }
    router = next(one for one in anna.incidents if one.title == "Router down")
    assert (router.opened_on, router.severity, router.reference) == (date(2026, 11, 19), "High", "1")
    assert router.owner
    assert set(anna.products) == {"Desk", "Lamp", "Assembly"}
    assert [(one.title, one.kind, one.direction, one.on, one.by) for one in anna.touches] == [
        ("Re: your offer", "e-mail", "in", date(2026, 11, 18), router.owner),
        ("Our offer", "e-mail", "out", date(2026, 11, 17), router.owner),
        ("Visit in Milan", "Meeting", "", date(2024, 6, 3), router.owner),
        ("At the fair", "Show", "", date(2024, 5, 2), router.owner),
    ]
    mallory = await known(house.database, "+390221000200", about=ALL)
    told = [one.title for one in (*mallory.orders, *mallory.incidents, *mallory.touches)]
    assert (told, mallory.products, mallory.open_incidents) == ([HOSTILE] * 4, (HOSTILE,), ())


async def test_one_who_has_nothing_is_told_nothing_of_others(creme: Any, house: House) -> None:
    assert not creme.has_details
    teller = open_kind("creme", options(house.database, about=ALL))
    await nothing_is_told_of(teller, await creme.find(number("+390221000100")))
    await teller.close()


async def test_an_organisation_is_told_what_is_its_own(house: House) -> None:
    crm = open_kind("creme", options(house.database, about=["orders", "incidents"]))
    [rossi] = await crm.search("Rossi Srl", 5)
    rossi = await crm.details(rossi)
    await crm.close()
    told = [one.title for one in (*rossi.orders, *rossi.incidents)]
    assert told == ["For his house", "At his house"]


async def test_tables_that_may_not_be_read_are_named_by_their_part(house: House, tmp_path: Path) -> None:
    poor = tmp_path / "creme.sqlite"
    shutil.copy(house.database, poor)
    for part, table in (
        ("incidents", "tickets_status"),
        ("orders", "billing_quote"),
        ("contacts", "emails_entityemail"),
    ):
        with sqlite3.connect(poor) as made:
            made.execute(f"DROP TABLE {table}")
        made.close()
        anna = await known(poor, about=["products", part])
        assert (set(anna.products), len(anna.unread)) == ({"Desk", "Lamp", "Assembly"}, 1)
        assert anna.unread[0].startswith(f"crm: {part} could not be read: ")
        with pytest.raises(SourceError):
            await known(poor, about=[part])


def tables_of(part: str) -> list[str]:
    """The tables that the documentation names for a part, those of every part among them."""
    page = (ROOT / "docs/crm/own-server.md").read_text().partition("## Creme\n")[2].partition("\n## ")[0]
    every = re.search(r"permission to SELECT from\n(.*?) only\.", page)
    [row] = re.findall(rf"^\| `{part}` \|.*\| (.*) \|$", page, re.MULTILINE)
    assert every
    return re.findall(r"`(\w+)`", f"{every[1]} `creme_core_relation` {row}")


async def test_on_postgresql_the_same_is_told_by_a_user_with_the_permissions_of_the_documentation(
    house: House, postgresql_server: PostgresqlServer
) -> None:
    url = postgresql_server.make_database()
    await move(house.database, url)
    for part in ALL:
        role = f"{url.rpartition('/')[2]}_{part}"
        admin = await asyncpg.connect(url)
        await admin.execute(f"CREATE ROLE {role} LOGIN")
        for table in tables_of(part):
            columns = "(id, first_name, last_name, username)" if table == "creme_core_cremeuser" else ""
            await admin.execute(f"GRANT SELECT {columns} ON {table} TO {role}")
        await admin.close()
        own = url.replace("//offhook@", f"//{role}@")
        there, here = await known(house.database, about=[part]), await known(Path(), about=ALL, url=own)
        assert (there.orders, there.incidents, there.products, there.touches) == (
            here.orders,
            here.incidents,
            here.products,
            here.touches,
        )
        assert len(here.unread) == len(ALL) - 1
        assert not [words for words in here.unread if f"{part} could not" in words]
