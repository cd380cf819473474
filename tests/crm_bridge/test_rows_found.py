"""Customers from rows whose columns are somebody else's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from crm_bridge.contact import Money
from crm_bridge.rows_found import contact_of_row, merge_rows


def test_columns_are_understood_by_their_names_and_others_shown() -> None:
    row = {
        "Kundennummer": 4711,
        "Firma": "Müller GmbH",
        "Vorname": "Žofia",
        "Nachname": "Müller",
        "Telefon": "030 123456 / 0171 2345678",
        "Saldo": Decimal("-12.50"),
        "Währung": "EUR",
        "Kontostatus": "gesperrt",
        "seit": date(2020, 1, 2),
        "url": "https://crm.example.com/4711",
        "leer": None,
    }
    one = contact_of_row("erp", "DE", row)
    assert (one.contact_id, one.external_id, one.name, one.company) == ("4711", "4711", "Žofia Müller", "Müller GmbH")
    assert [number.key for number in one.numbers] == ["+4930123456", "+491712345678"]
    assert (one.balance, one.account_state.value) == (Money(-1250, "EUR"), "stopped")
    assert (one.fields, one.url) == ((("seit", "2020-01-02"),), "https://crm.example.com/4711")


def test_what_is_no_number_or_amount_spoils_nothing_else() -> None:
    one = contact_of_row("erp", "IT", {"id": "1", "name": "Anna", "phone": "call me", "balance": "a lot", "x": b"\x00"})
    assert (one.name, one.numbers, one.balance) == ("Anna", (), None)


def test_rows_of_one_customer_are_one() -> None:
    rows = [
        {"id": "1", "name": "Anna", "phone": "02 21000100"},
        {"id": "1", "name": "Anna", "phone": "335 1234567"},
        {"id": "2", "name": "Anna", "phone": "02 21000100"},
        {"name": "Bruno", "phone": "02 21000101"},
        {"name": "Bruno", "phone": "02 21000101"},
    ]
    merged = merge_rows([contact_of_row("erp", "IT", row) for row in rows])
    assert [(one.contact_id, one.name, len(one.numbers)) for one in merged] == [
        ("1", "Anna", 2),
        ("2", "Anna", 1),
        ("", "Bruno", 1),
    ]
