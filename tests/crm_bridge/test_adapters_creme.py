"""Creme, the real one: people made by Creme 2.8.6 in the database that it made itself."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crm_bridge.activity import CallWriter
from crm_bridge.contact import MatchKind
from crm_bridge.matching import decide
from tests.crm_bridge.lab.creme import fill_creme
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import number, open_kind

CONTACTS = [
    {"last_name": "Rossi", "first_name": "Anna", "mobile": "335/123 45 67", "email": "anna@example.com",
     "description": "VIP"},
    {"last_name": "Verdi", "first_name": "Bruno", "phone": "+39 02 21000100"},
    {"last_name": "M", "first_name": HOSTILE, "phone": "02 21000200"},
    {"last_name": "Gone", "first_name": "Long", "phone": "335 123 4567", "trashed": True},
]  # fmt: skip
ORGANISATIONS = [{"name": "Neri Srl", "phone": "02-2100-0100"}]
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
    told = fill_creme(folder, contacts=CONTACTS, organisations=ORGANISATIONS, pages=pages)
    return House(folder / "creme.sqlite", told["made"], told["pages"])


@pytest.fixture
async def creme(house: House) -> AsyncIterator[Any]:
    url = f"sqlite:///{house.database}"
    opened = open_kind("creme", {"url": url, "pages_url": "https://creme.example.com/"})
    yield opened
    await opened.close()


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
