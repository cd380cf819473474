"""What rows of Creme's database say; a real Creme makes them in ``test_adapters_creme.py``."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_bridge.contact import Incident, Order, Touch
from crm_bridge.creme_about import ACTIVITIES, MAILS, ORDERS, PRODUCTS, TICKETS, incidents, orders, touches
from crm_bridge.rows import MAX_VALUE

MADE = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
OWNER = {"first_name": "Dana", "last_name": "O'Neill", "username": "dana"}
ORDER = {
    "entity": 1, "kind": "order", "number": "S1", "title": "Desks", "status": "Issued", "is_open": 1,
    "issued": date(2026, 11, 2), "created": MADE, "total": Decimal("12.50"), "currency": "EUR",
}  # fmt: skip
TICKET = OWNER | {
    "entity": 2, "number": 7, "title": "Down", "status": "Open", "priority": "High", "is_open": True, "created": MADE,
}  # fmt: skip
MAIL = OWNER | {"entity": 3, "kind": "e-mail", "title": "Hello", "happened": "2026-11-18 09:30:00", "direction": "in"}


@pytest.mark.parametrize("question", [ORDERS, PRODUCTS, TICKETS, MAILS, ACTIVITIES])
def test_each_question_asks_for_one_customer_and_a_few_rows_and_nothing_is_left_to_fill_in(question: str) -> None:
    assert ":id" in question
    assert "is_deleted" in question
    assert question.rstrip().endswith("LIMIT 20")
    assert "$" not in question


def test_an_order_has_its_number_or_else_its_name_and_the_day_it_was_written_or_else_made() -> None:
    [order] = orders([ORDER], "IT")
    assert (order.reference, order.title, order.state, order.is_open) == ("S1", "Desks", "Issued", True)
    assert (order.placed_on, str(order.total)) == (date(2026, 11, 2), "12.50 EUR")
    [bare] = orders([ORDER | {"number": "", "issued": None, "total": None}], "IT")
    assert bare == Order(reference="Desks", title="Desks", state="Issued", placed_on=date(2026, 11, 19))


@pytest.mark.parametrize(
    ("row", "done", "is_open"),
    [
        ({}, (), True),
        ({}, ("Issued",), False),
        ({}, ("Delivered",), True),
        ({"is_open": 0}, (), False),
        ({"is_open": False}, ("Delivered",), False),
        ({"kind": "quote"}, ("Issued",), False),
        ({"status": "Closed"}, (), True),
    ],
)
def test_an_order_is_open_as_the_question_says_and_no_status_of_the_settings(
    row: dict[str, Any], done: tuple[str, ...], is_open: bool
) -> None:
    [order] = orders([ORDER | row], "IT", done)
    assert order.is_open is is_open


def test_a_quote_says_that_it_is_one() -> None:
    [quote] = orders([ORDER | {"kind": "quote", "status": "Pending"}], "IT")
    assert quote.state == "quote, Pending"


def test_a_ticket_has_its_owner_by_name_and_a_team_by_what_it_is_called() -> None:
    [ticket] = incidents([TICKET], "IT")
    assert ticket == Incident(
        reference="7", title="Down", state="Open", severity="High", owner="Dana O'Neill", opened_on=date(2026, 11, 19)
    )
    [team] = incidents([TICKET | {"first_name": "", "last_name": "", "username": "Support", "is_open": 0}], "IT")
    assert (team.owner, team.is_open) == ("Support", False)


def test_what_he_and_his_organisation_both_have_is_told_once_and_the_newest_first() -> None:
    both = [ORDER | {"entity": 9, "title": "New"}, ORDER, ORDER]
    assert [one.title for one in orders(both, "IT")] == ["New", "Desks"]
    assert list(touches([MAIL, MAIL], "IT")) == [
        Touch(on=date(2026, 11, 18), kind="e-mail", title="Hello", direction="in", by="Dana O'Neill")
    ]


@pytest.mark.parametrize("wild", [None, "x" * 100_000, b"\x00\xff", -1])
def test_wild_values_give_bounded_texts_or_nothing(wild: Any) -> None:
    rows = [dict.fromkeys(row, wild) for row in (ORDER, TICKET, MAIL)]
    told = [*orders(rows[:1], "IT"), *incidents(rows[1:2], "IT"), *touches(rows[2:], "IT")]
    assert all(len(one.title) <= MAX_VALUE for one in told)
