"""Creme's database, with the tables that Creme 2.8.6 makes (the columns that are asked for)."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.contact import MatchKind
from crm_bridge.matching import decide
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import number, open_kind

TABLES = """
CREATE TABLE creme_core_cremeentity (id integer PRIMARY KEY, is_deleted bool NOT NULL, description text NOT NULL);
CREATE TABLE persons_contact (cremeentity_ptr_id integer PRIMARY KEY, last_name varchar(100) NOT NULL,
    first_name varchar(100) NOT NULL, phone varchar(100) NOT NULL, mobile varchar(100) NOT NULL,
    email varchar(254) NOT NULL);
CREATE TABLE persons_organisation (cremeentity_ptr_id integer PRIMARY KEY, name varchar(200) NOT NULL,
    phone varchar(100) NOT NULL, email varchar(254) NOT NULL);
"""
ENTITIES = [(1, 0, "VIP"), (2, 0, ""), (3, 0, ""), (4, 0, ""), (5, 1, "")]
CONTACTS = [
    (1, "Rossi", "Anna", "", "335/123 45 67", "anna@example.com"),
    (2, "Verdi", "Bruno", "+39 02 21000100", "", ""),
    (4, "M", HOSTILE, "02 21000200", "", ""),
    (5, "Gone", "Long", "335 123 4567", "", ""),
]
ORGANISATIONS = [(3, "Neri Srl", "02-2100-0100", "")]


@pytest.fixture
async def creme(tmp_path: Path) -> AsyncIterator[Any]:
    with sqlite3.connect(tmp_path / "creme.sqlite") as made:
        made.executescript(TABLES)
        made.executemany("INSERT INTO creme_core_cremeentity VALUES (?, ?, ?)", ENTITIES)
        made.executemany("INSERT INTO persons_contact VALUES (?, ?, ?, ?, ?, ?)", CONTACTS)
        made.executemany("INSERT INTO persons_organisation VALUES (?, ?, ?, ?)", ORGANISATIONS)
    made.close()
    url = f"sqlite:///{tmp_path}/creme.sqlite"
    opened = open_kind("creme", {"url": url, "pages_url": "https://creme.example.com/"})
    yield opened
    await opened.close()


async def test_one_is_found_however_he_is_written_and_who_was_deleted_is_not(creme: Any) -> None:
    match = decide(number("+393351234567"), await creme.find(number("+393351234567")))
    assert match.kind is MatchKind.EXACT
    assert match.contact
    assert (match.contact.name, match.contact.notes) == ("Anna Rossi", "VIP")
    assert match.contact.url == "https://creme.example.com/persons/contact/1"


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


async def test_by_name_he_is_found_and_fetched_again(creme: Any) -> None:
    [neri] = await creme.search("neri", 5)
    assert neri.url == "https://creme.example.com/persons/organisation/3"
    assert await creme.get(neri.contact_id) == neri
    assert (await creme.get("99"), await creme.get("5"), await creme.get("1 OR 1=1")) == (None, None, None)
