"""Rows understood."""

from __future__ import annotations

import pytest

from crm_bridge.rows import (
    MAX_FIELDS,
    CustomerRow,
    RowError,
    parse_customer,
    parse_incident,
    parse_order,
    search_text,
)


def customer(*cells: tuple[str, str], extra: tuple[tuple[str, str], ...] = ()) -> CustomerRow:
    return parse_customer(7, cells, extra, "IT")


def test_a_customer_with_all_that_a_file_may_say() -> None:
    row = customer(
        ("external_id", "C-1"),
        ("first_name", "Anna"),
        ("last_name", "Rossi"),
        ("company", "Studio"),
        ("mobile", "335 1234567"),
        ("phone", "02 21000100"),
        ("phone", "0335 1234567 "),
        ("account_state", "unpaid"),
        ("balance", "-12,50 €"),
        ("notes", "a\nb"),
        extra=(("Shoe size", "42"), ("Empty", " ")),
    )
    assert (row.line, row.identity_key, row.name, row.company) == (7, "id:C-1", "Anna Rossi", "Studio")
    assert (row.account_state, row.balance_cents, row.currency, row.notes) == ("unpaid", -1250, "EUR", "a\nb")
    assert [(number.label, number.match_key) for number in row.numbers][:2] == [
        ("mobile", "+393351234567"),
        ("", "+390221000100"),
    ]
    assert row.fields == (("Shoe size", "42"),)


def test_a_company_without_a_person_is_a_customer() -> None:
    assert (customer(("company", "Studio")).name, customer(("company", "Studio")).company) == ("Studio", None)


def test_the_same_number_twice_is_one() -> None:
    row = customer(("name", "A"), ("phone", "3351234567"), ("mobile", "+39 335 1234567"))
    assert [number.match_key for number in row.numbers] == ["+393351234567"]


def test_without_an_id_name_and_numbers_make_the_customer() -> None:
    one = customer(("name", "Žofia"), ("phone", "3351234567"), ("mobile", "0221000100"))
    other = customer(("name", "zofia "), ("phone", "0221000100"), ("mobile", "3351234567"), ("email", "z@example.com"))
    assert one.identity_key == other.identity_key
    assert one.identity_key != customer(("name", "Žofia")).identity_key


def test_a_doubtful_number_is_kept_with_a_remark() -> None:
    row = customer(("name", "A"), ("phone", "5551234"))
    assert [number.match_key for number in row.numbers] == ["+395551234"]
    assert row.doubts == ("5551234: no number range like this is known in IT",)


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ([("phone", "3351234567")], "name", "no name"),
        ([("name", "A\x00B")], "name", "NUL"),
        ([("name", "A" * 301)], "name", "301 characters"),
        ([("name", "A"), ("mobile", "none of it")], "mobile", "no telephone number"),
        ([("name", "A"), ("balance", "much")], "balance", "no amount"),
        ([("name", "A"), ("currency", "Euros!")], "currency", "no currency"),
        ([("name", "A"), *(("phone", f"02210001{i:02}") for i in range(21))], "phone", "21 numbers"),
    ],
)
def test_a_bad_row_names_the_column_and_the_reason(cells: list[tuple[str, str]], column: str, words: str) -> None:
    with pytest.raises(RowError, match=words) as caught:
        customer(*cells)
    assert caught.value.column == column


def test_formulas_and_markup_stay_text() -> None:
    row = customer(("name", '=HYPERLINK("x")'), ("notes", "<script>alert(1)</script>"))
    assert (row.name, row.notes) == ('=HYPERLINK("x")', "<script>alert(1)</script>")


def test_further_fields_are_bounded() -> None:
    row = customer(("name", "A"), extra=tuple((f"f{i}", "x" * 5000) for i in range(99)))
    assert len(row.fields) == MAX_FIELDS
    assert max(len(value) for _, value in row.fields) == 2000


def test_what_a_customer_is_found_by() -> None:
    row = customer(("name", "Žofia"), ("external_id", "C-1"), ("phone", "02 21000100"), extra=(("City", "Köln"),))
    words = search_text(row, "IT").split()
    assert {"zofia", "c-1", "koln", "0221000100", "+390221000100"} <= set(words)


def test_an_order_and_an_incident_name_their_customer() -> None:
    order = parse_order(
        3, [("reference", "O-1"), ("customer", "C-1"), ("total", "1.200,00 €"), ("state", "evaso")], "IT"
    )
    assert (order.reference, order.customer, order.total_cents, order.is_open) == ("O-1", "C-1", 120000, False)
    incident = parse_incident(3, [("reference", "T-1"), ("customer", "C-1"), ("opened_on", "1/2/2026")], "IT")
    assert (incident.reference, incident.is_open, str(incident.opened_on)) == ("T-1", True, "2026-02-01")


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ([("customer", "1")], "reference"),
        ([("reference", "1")], "customer"),
        ([("reference", "1"), ("customer", "1"), ("placed_on", "someday")], "placed_on"),
        ([("reference", "1"), ("customer", "1"), ("open", "perhaps")], "open"),
    ],
)
def test_an_order_that_says_too_little_or_nonsense(cells: list[tuple[str, str]], column: str) -> None:
    with pytest.raises(RowError) as caught:
        parse_order(1, cells, "IT")
    assert caught.value.column == column
