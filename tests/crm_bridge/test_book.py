"""The embedded customer book."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.book import SHOWN_OF_EACH, CustomerBook
from crm_bridge.contact import AccountState, Money, SourceError
from crm_bridge.headers import ImportKind
from crm_bridge.number import parse_number
from tests.crm_bridge.imported import fill

CUSTOMERS = """id,name,company,phone,mobile,email,status,balance,currency,city
1,Anna Rossi,Studio Rossi,02 21000100,335 1234567,anna@example.com,unpaid,-12.50,EUR,Roma
2,Žofia Müller,,+493351234567,,z@example.com,,,,Berlin
3,100% O'Neill_,,101,,,,,,Cork
"""


@pytest.fixture
async def book(engine: AsyncEngine, tmp_path: Path) -> CustomerBook:
    await fill(engine, tmp_path, CUSTOMERS)
    return CustomerBook(engine)


async def names(book: CustomerBook, number: str) -> list[str]:
    return [contact.name for contact in await book.find(parse_number(number, "IT"))]


async def test_a_customer_is_found_by_any_of_his_numbers_however_written(book: CustomerBook) -> None:
    assert await names(book, "+390221000100") == ["Anna Rossi"]
    assert await names(book, "0039 335/1234567") == ["Anna Rossi"]
    assert await names(book, "101") == ["100% O'Neill_"]


async def test_a_like_end_is_offered_only_where_nobody_has_the_number(book: CustomerBook) -> None:
    assert await names(book, "+443351234567") == ["Anna Rossi", "Žofia Müller"]
    assert await names(book, "3351234567") == ["Anna Rossi"]
    assert await names(book, "+390299999999") == []
    assert await book.find(parse_number("anonymous", "IT")) == []


async def test_the_card_has_all_that_the_book_knows(book: CustomerBook) -> None:
    anna = await book.get("1")
    assert anna is not None
    assert (anna.external_id, anna.company, anna.email) == ("1", "Studio Rossi", "anna@example.com")
    assert (anna.account_state, anna.balance) == (AccountState.UNPAID, Money(-1250, "EUR"))
    assert [(number.written, number.key, number.label) for number in anna.numbers] == [
        ("02 21000100", "+390221000100", ""),
        ("335 1234567", "+393351234567", "mobile"),
    ]
    assert anna.fields == (("city", "Roma"),)


async def test_open_orders_come_first_and_a_great_customer_does_not_flood_the_card(
    engine: AsyncEngine, tmp_path: Path, book: CustomerBook
) -> None:
    rows = "".join(f"O{i},1,Item {i},2026-01-{1 + i % 28:02},delivered\n" for i in range(300))
    await fill(
        engine, tmp_path, f"order,customer id,title,date,status\n{rows}N1,1,New,2025-01-01,open\n", ImportKind.ORDERS
    )
    await fill(engine, tmp_path, "ticket,customer id,title,priority\nT1,1,Leak,high\n", ImportKind.INCIDENTS)
    anna = await book.get("1")
    assert anna is not None
    assert len(anna.orders) == SHOWN_OF_EACH
    assert [order.reference for order in anna.open_orders] == ["N1"]
    assert [(incident.title, incident.severity) for incident in anna.open_incidents] == [("Leak", "high")]
    for asked in ("O77", " o77 "):
        assert [one.name for one in await book.search(asked, 5)] == ["Anna Rossi"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("anna", ["Anna Rossi"]),
        ("ROSSI studio", ["Anna Rossi"]),
        ("zofia muller", ["Žofia Müller"]),
        ("z@example.com", ["Žofia Müller"]),
        ("berlin", ["Žofia Müller"]),
        ("0221000100", ["Anna Rossi"]),
        ("example", ["Anna Rossi", "Žofia Müller"]),
        ("100%", ["100% O'Neill_"]),
        ("%", ["100% O'Neill_"]),
        ("_", ["100% O'Neill_"]),
        ("' OR 1=1 --", []),
        ("   ", []),
    ],
)
async def test_a_person_finds_by_any_field_and_signs_mean_themselves(
    book: CustomerBook, asked: str, found: list[str]
) -> None:
    assert [contact.name for contact in await book.search(asked, 10)] == found


async def test_a_customer_is_found_by_the_number_that_people_use(book: CustomerBook) -> None:
    assert [contact.name for contact in await book.find_own("1")] == ["Anna Rossi"]
    assert await book.find_own("' OR 1=1 --") == []


async def test_a_search_gives_no_more_than_asked_for(book: CustomerBook) -> None:
    assert len(await book.search("o", 1)) == 1


@pytest.mark.parametrize("wrong", ["", "x", "-1", "999", "1; DROP TABLE customers", "9" * 30, "²"])
async def test_an_id_that_is_none_finds_nobody(book: CustomerBook, wrong: str) -> None:
    assert await book.get(wrong) is None


async def test_a_book_that_cannot_be_read_says_so_without_the_number(engine: AsyncEngine, book: CustomerBook) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE customer_numbers"))
    with pytest.raises(SourceError, match="book-unreachable") as caught:
        await book.find(parse_number("3351234567", "IT"))
    assert "3351234567" not in str(caught.value)


async def test_the_book_counts_its_customers(book: CustomerBook) -> None:
    assert await book.count() == 3
