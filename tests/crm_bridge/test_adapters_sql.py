"""Customers by the admin's own query, from real databases."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.activity import ActivityRefusedError, CallActivity, CallWriter
from crm_bridge.adapters.sql import Database, Options, WritingDatabase, open_adapter
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


ABOUT = {
    "orders_query": "SELECT no AS reference, what AS title, state, due, total FROM orders WHERE person = :id",
    "incidents_query": "SELECT * FROM no_such_table WHERE person = :id",
    "products_query": "SELECT DISTINCT what FROM orders WHERE person = :id ORDER BY what",
    "contacts_query": "SELECT '20/11/2026' AS date, 'e-mail' AS kind, :id || what AS title, 'in' AS direction "
    "FROM orders",
}


async def test_what_further_queries_tell_of_one_customer_is_on_his_card(crm: Path, engine: AsyncEngine) -> None:
    with sqlite3.connect(crm) as made:
        made.execute("CREATE TABLE orders (no TEXT, person INTEGER, what TEXT, state TEXT, due TEXT, total REAL)")
        made.execute("INSERT INTO orders VALUES ('O-1', 1, 'Pump', 'shipped', '2026-11-24', 7400)")
        made.execute("INSERT INTO orders VALUES ('O-2', 2, 'Filter', 'open', NULL, NULL)")
    made.close()
    database = opened(crm, engine, **ABOUT)
    [found] = await database.find(number("+393351234567"))
    assert (database.has_details, found.orders) == (True, ()), "first who it is"
    anna = await database.details(found)
    assert [(one.reference, str(one.due_on), str(one.total)) for one in anna.open_orders] == [
        ("O-1", "2026-11-24", "7,400.00")
    ]
    assert anna.products == ("Pump",)
    assert [(str(one.on), one.title, one.direction) for one in anna.touches] == [
        ("2026-11-20", "1Pump", "in"), ("2026-11-20", "1Filter", "in"),
    ]  # fmt: skip
    assert anna.incidents == ()
    assert anna.fields == (("town", "Milano"),)
    assert anna.unread == ("erp: incidents could not be read: the database of erp cannot answer",)
    assert await database.get("1") == found
    await database.close()


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


CALL = CallActivity(
    call_id="milan:17.0", direction="inbound", outcome="answered", number="+393351234567", talk_s=65.5, note=HOSTILE,
    started_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC), ended_at=datetime(2026, 11, 21, 9, 32, tzinfo=UTC),
    contact_id="1",
)  # fmt: skip
INSERT = (
    "INSERT INTO calls (call_id, person, note, seconds, began) "
    "VALUES (:call_id, :contact_id, :note, :talk_s, :started_at)"
    " ON CONFLICT (call_id) DO UPDATE SET person = excluded.person, note = excluded.note"
)


@pytest.fixture
async def writer(crm: Path, engine: AsyncEngine) -> AsyncIterator[WritingDatabase]:
    with sqlite3.connect(crm) as made:
        made.execute(
            "CREATE TABLE calls (call_id TEXT PRIMARY KEY, person INTEGER NOT NULL, note TEXT, seconds REAL, "
            "began TEXT)"
        )
    made.close()
    opened_writer = opened(crm, engine, write_statement=INSERT, write_url=f"sqlite:///{crm.name}")
    assert isinstance(opened_writer, WritingDatabase)
    yield opened_writer
    await opened_writer.close()


def stored(crm: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(crm) as made:
        rows = made.execute("SELECT * FROM calls").fetchall()
    made.close()
    return rows


async def test_a_call_is_stored_and_changed_by_the_admins_own_statement(crm: Path, writer: WritingDatabase) -> None:
    await writer.write_call(CALL)
    await writer.write_call(msgspec.structs.replace(CALL, note="'); DROP TABLE people; --"))
    assert stored(crm) == [("milan:17.0", 1, "'); DROP TABLE people; --", 65.5, "2026-11-21 09:30:00.000000")]
    assert [one.name for one in await writer.find(number("+393351234567"))] == ["Anna Rossi"]


async def test_a_row_that_does_not_fit_is_refused_and_a_missing_table_is_not(
    crm: Path, writer: WritingDatabase
) -> None:
    with pytest.raises(ActivityRefusedError) as refused:
        await writer.write_call(msgspec.structs.replace(CALL, contact_id=None))
    assert refused.value.ref == "crm-call-refused"
    with sqlite3.connect(crm) as made:
        made.execute("DROP TABLE calls")
    made.close()
    with pytest.raises(SourceError) as failed:
        await writer.write_call(CALL)
    assert not isinstance(failed.value, ActivityRefusedError)
    assert "335" not in f"{refused.value}{failed.value}"


async def test_a_database_that_is_only_read_takes_no_calls(database: Database) -> None:
    assert not isinstance(database, CallWriter)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM calls WHERE call_id = :call_id", "expected one INSERT"),
        ("INSERT INTO calls VALUES (:call_id); DROP TABLE people", "expected one INSERT"),
        ("INSERT INTO calls VALUES (:call_id, :phone)", "nothing is called :phone"),
        ("INSERT INTO calls VALUES (:note)", "no :call_id"),
    ],
)
def test_a_statement_that_cannot_work_is_said_at_the_start(
    crm: Path, engine: AsyncEngine, statement: str, words: str
) -> None:
    with pytest.raises(OffhookError, match=words):
        opened(crm, engine, write_statement=statement, write_url="sqlite:///x")
    with pytest.raises(OffhookError, match="either both or none"):
        opened(crm, engine, write_statement=INSERT)
