"""Customers by the admin's own query, from real databases."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.adapters.sql import Database, Options, open_adapter
from crm_bridge.contact import MatchKind, SourceError
from crm_bridge.matching import decide
from crm_bridge.options import parse_options
from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.sources import Surroundings
from cti.errors import OffhookError
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import number

QUERY = "SELECT p.id, p.name, n.number AS phone, p.town FROM people p JOIN numbers n ON n.person = p.id WHERE "
BY_PATTERN = QUERY + "p.id IN (SELECT person FROM numbers WHERE number LIKE :pattern)"
MORE = {
    "search_query": QUERY + "lower(p.name) LIKE lower(:text)",
    "get_query": QUERY + "p.id = :id",
}


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    """Somebody's database, with numbers as people write them."""
    path = tmp_path / "crm db.sqlite"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, town TEXT)")
        made.execute("CREATE TABLE numbers (person INTEGER, number TEXT)")
        people = [(1, "Anna Rossi", "Milano"), (2, "Bruno Verdi", None), (3, "Carla Neri", None), (4, HOSTILE, None)]
        made.executemany("INSERT INTO people VALUES (?, ?, ?)", people)
        numbers = [
            (1, "335/123 45.67"),
            (1, "02 2100 0199"),
            (2, "+390221000100"),
            (3, "0221000100"),
            (4, "0221000200"),
        ]
        made.executemany("INSERT INTO numbers VALUES (?, ?)", numbers)
    made.close()
    return path


def opened(crm: Path, engine: AsyncEngine, **options: Any) -> Database:
    given = {"url": f"sqlite:///{crm.name}", "query": BY_PATTERN, **MORE, **options}
    source = SourceSettings(name="erp", kind="sql", options=given)
    own = parse_options(source, Options, crm.parent, {})
    return open_adapter("erp", own, Surroundings(engine, CrmSettings(), crm.parent))


@pytest.fixture
async def database(crm: Path, engine: AsyncEngine) -> AsyncIterator[Database]:
    made = opened(crm, engine)
    yield made
    await made.close()


async def test_one_is_found_however_he_is_written_with_all_of_his_numbers(database: Database) -> None:
    match = decide(number("+393351234567"), await database.find(number("+393351234567")))
    assert match.kind is MatchKind.EXACT
    assert match.contact
    assert [one.key for one in match.contact.numbers] == ["+393351234567", "+390221000199"]
    assert match.contact.fields == (("town", "Milano"),)


async def test_none_and_several_and_a_script(database: Database) -> None:
    assert await database.find(number("+393359999999")) == []
    assert await database.find(number("anonymous")) == []
    several = decide(number("+390221000100"), await database.find(number("+390221000100")))
    assert (several.kind, len(several.candidates)) == (MatchKind.AMBIGUOUS, 2)
    [mallory] = await database.find(number("+390221000200"))
    assert mallory.name == HOSTILE


async def test_by_name_he_is_found_and_fetched_again(database: Database) -> None:
    [anna] = await database.search("rossi", 5)
    assert await database.get(anna.contact_id) == anna
    assert await database.search("x' OR '1'='1", 5) == []
    assert await database.get("1 OR 1=1") is None
    assert await database.search("%", 5) == []


async def test_without_further_queries_there_is_no_search(crm: Path, engine: AsyncEngine) -> None:
    database = opened(crm, engine, search_query="", get_query="")
    assert (await database.search("anna", 5), await database.get("1")) == ([], None)
    await database.close()


async def test_nothing_can_be_written(crm: Path, engine: AsyncEngine) -> None:
    writing = "WITH x AS (SELECT :e164) DELETE FROM people"
    database = opened(crm, engine, query=writing)
    with pytest.raises(SourceError) as caught:
        await database.find(number("+393351234567"))
    assert caught.value.ref == "crm-failed"
    await database.close()
    with sqlite3.connect(crm) as again:
        assert again.execute("SELECT count(*) FROM people").fetchone() == (4,)
    again.close()


async def test_an_error_names_no_number_and_no_value(crm: Path, engine: AsyncEngine) -> None:
    database = opened(crm, engine, query="SELECT * FROM nothing WHERE number = :e164")
    with pytest.raises(SourceError) as caught:
        await database.find(number("+393351234567"))
    assert "335" not in str(caught.value)
    assert caught.value.hint
    await database.close()


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, engine: AsyncEngine) -> None:
    database = opened(tmp_path / "missing.sqlite", engine)
    with pytest.raises(SourceError):
        await database.find(number("+393351234567"))
    await database.close()
    assert not (tmp_path / "missing.sqlite").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"query": "DELETE FROM people WHERE phone = :e164"}, "expected a SELECT"),
        ({"query": "SELECT 1; DROP TABLE people --:e164"}, "one statement"),
        ({"query": "SELECT * FROM people"}, "asks for no number"),
        ({"url": "nonsense"}, "url: ArgumentError"),
        ({"url": "nosuchdb://x/y"}, "url: NoSuchModuleError"),
        ({"url": "oracle+oracledb://x/y"}, "not installed"),
    ],
)
def test_what_cannot_work_is_said_at_the_start(
    crm: Path, engine: AsyncEngine, options: dict[str, str], words: str
) -> None:
    with pytest.raises(OffhookError, match=words):
        opened(crm, engine, **options)
