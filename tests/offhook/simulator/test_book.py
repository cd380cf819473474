"""The demo's customer book, by the ordinary import."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest

from crm_bridge.book import CustomerBook
from crm_bridge.contact import AccountState
from crm_bridge.headers import ImportKind
from crm_bridge.import_customers import import_file
from crm_bridge.number import Number, parse_number
from offhook.database import make_engine, migrate
from offhook.simulator.book import Book, make_book

KINDS = (ImportKind.CUSTOMERS, ImportKind.ORDERS, ImportKind.INCIDENTS)


@pytest.fixture(scope="module")
def book() -> Book:
    return make_book(random.Random(1), date(2026, 11, 21))


def number_of(text: str) -> Number:
    return parse_number(text, "IT")


async def test_every_row_is_imported_and_callers_are_found(book: Book, tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'book.sqlite'}")
    await migrate(engine)
    for path, kind in zip(book.write(tmp_path), KINDS, strict=True):
        report = await import_file(engine, path, kind, region="IT")
        assert (report.stored, report.bad_count, report.doubt_count) == (True, 0, 0)
        assert report.added == report.rows_read
    found = [await CustomerBook(engine).find(number_of(str(party.number))) for party in book.parties()]
    await engine.dispose()
    assert all(found)
    assert all(
        party.name in {contact.name for contact in contacts}
        for party, contacts in zip(book.parties(), found, strict=True)
    )
    assert any(len(contacts) == 2 for contacts in found)
    contacts = [contact for several in found for contact in several]
    assert {contact.account_state for contact in contacts} >= {
        AccountState.OK,
        AccountState.UNPAID,
        AccountState.STOPPED,
    }
    assert any(contact.orders for contact in contacts)
    assert any(contact.incidents for contact in contacts)
    assert any(contact.no_calls for contact in contacts)
    assert any(contact.consents and not contact.no_calls for contact in contacts)


def test_one_seed_gives_one_book(book: Book) -> None:
    assert make_book(random.Random(1), date(2026, 11, 21)) == book
    assert make_book(random.Random(2), date(2026, 11, 21)) != book


def test_all_mail_goes_nowhere(book: Book) -> None:
    assert all(customer.email.endswith("@example.com") for customer in book.customers)
